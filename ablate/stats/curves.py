"""How differences come about over training, and when an accuracy is reached."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ablate.stats.intervals import student
from ablate.stats.levels import CONFIDENCE

ROUNDING = 1e-9  # points; 100 * 0.57 is 56.99999999999999


def over_training(evaluations: pd.DataFrame, pairs: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """The difference of two arms, paired by seed, at every step that both were evaluated at.

    Each interval stands for its step alone: over many steps some will miss the true difference, so a band of them gives no
    verdict. Runs that did not end well are left out at every step, since those that go on are not like the others.

    Args:
        evaluations: a row a run and evaluation: arm, seed, status, step, and value in the unit of the metric.
        pairs: (arm, the arm it is compared with).

    Returns:
        A row a pair and step.

        arm, against: the pair.
        step: at which both were evaluated.
        n: seeds that both have there.
        points: mean difference in the unit of `value`.
        low, high: its plain 95 % interval; see `student`.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import over_training
        >>> evaluations = pd.DataFrame({"arm": [0, 0, 1, 1], "seed": 0, "status": "done", "step": [50, 100, 50, 100]})
        >>> evaluations["value"] = [60.0, 80.0, 70.0, 81.0]
        >>> over_training(evaluations, [(1, 0)])[["arm", "against", "step", "n", "points"]]
           arm  against  step  n  points
        0    1        0    50  1    10.0
        1    1        0   100  1     1.0
    """
    types = {"arm": "int64", "against": "int64", "step": "int64", "n": "int64"}
    types |= dict.fromkeys(("points", "low", "high"), "float64")
    done = evaluations[evaluations["status"] == "done"]
    by_arm = {arm: rows.pivot_table(index="step", columns="seed", values="value") for arm, rows in done.groupby("arm")}
    frames = [pd.DataFrame(columns=list(types))]
    for arm, against in pairs:
        if arm in by_arm and against in by_arm:
            differences = (by_arm[arm] - by_arm[against]).dropna(how="all")
            frames.append(_by_step(differences).assign(arm=arm, against=against))
    return pd.concat([frame.astype(types) for frame in frames], ignore_index=True)[list(types)]


def reach(runs: pd.DataFrame, evaluations: pd.DataFrame, target: float) -> pd.DataFrame:
    """The step at which the runs of each arm first have an accuracy, as far as their evaluations tell.

    A run may fall below it again. Restless runs, as those read with raw weights, reach it earlier by chance than steady ones of
    the same mean, so this tells when, never which is better.

    Args:
        runs: a row a planned run, whatever became of it: arm, seed.
        evaluations: a row a run and evaluation: arm, seed, status, step, and accuracy as a fraction.
        target: in %.

    Returns:
        A row an arm.

        arm: its number.
        seeds: how many were planned.
        reached: how many of them are done and have it at any evaluation.
        step: median over those of the first step with it; missing where none has it.
        first, last: the least and the largest of these steps; missing likewise.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import reach
        >>> evaluations = pd.DataFrame({"arm": 0, "seed": [0, 0, 1, 1], "status": "done", "step": [50, 100, 50, 100]})
        >>> evaluations["accuracy"] = [0.71, 0.80, 0.69, 0.79]
        >>> reach(evaluations, evaluations, target=70)  # the runs are those of the evaluations
           arm  seeds  reached  step  first  last
        0    0      2        2  75.0     50   100
    """
    done = evaluations[evaluations["status"] == "done"]
    there = done[100 * done["accuracy"] >= target - ROUNDING].groupby(["arm", "seed"])["step"].min().groupby("arm")
    seeds = runs.groupby("arm")["seed"].nunique()
    frame = pd.DataFrame(
        {"seeds": seeds, "reached": there.size(), "step": there.median(), "first": there.min(), "last": there.max()},
        index=seeds.index,
    )
    types = {"reached": "int64", "step": "float64", "first": "Int64", "last": "Int64"}
    return frame.fillna({"reached": 0}).astype(types).rename_axis("arm").reset_index()


def _by_step(differences: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over the seeds (columns) of each step (row)."""
    seeds = differences.notna().sum(axis="columns").to_numpy()
    values = np.sort(differences.to_numpy(dtype=np.float64), axis=1)  # missing ones come last
    estimates = np.full((3, len(values)), np.nan)
    for n in np.unique(seeds):
        estimates[:, seeds == n] = student(values[seeds == n, :n], CONFIDENCE)
    points, low, high = estimates
    return pd.DataFrame({"step": differences.index, "n": seeds, "points": points, "low": low, "high": high})
