"""How differences come about over training, and when an accuracy is reached."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate.confidence import CONFIDENCE
from ablate.stats.intervals import student

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
        low, high: its plain 95% interval; see `student`.

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


def crossings(over_training: pd.DataFrame) -> pd.DataFrame:
    """At which step the mean difference of two arms changes its sign for good, with an interval.

    The interval holds the steps at which the difference may be 0: the confidence set that inverting Student's test at each step
    gives (Casella and Berger, Statistical Inference, 2002, section 9.2.1), as far as it reaches without a gap. At the step at
    which the true difference is 0, it is missed in 5% of studies. It holds for one crossing: of many, some are missed.

    Args:
        over_training: as that function gives it.

    Returns:
        A row a comparison whose mean difference is on one side of 0 at its last step and was on the other before.

        arm, against: the pair.
        rises: whether it is above 0 in the end.
        step: interpolated between the two evaluations around it.
        low, high: the interval; low is missing where the difference may be 0 from the first evaluation on, high where it may be
            0 up to the last. Both are missing without an interval.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import crossings
        >>> curve = pd.DataFrame({"arm": 1, "against": 0, "step": [10, 20, 30, 40], "n": 3, "points": [-4.0, -1.0, 1.0, 5.0]})
        >>> curve[["low", "high"]] = [[-5, -3], [-3, 1], [-1, 3], [4, 6]]
        >>> crossings(curve)[["rises", "step", "low", "high"]]
           rises  step  low  high
        0   True  25.0   10    40
    """
    rows = []
    for (arm, against), curve in over_training.groupby(["arm", "against"], sort=False):
        curve = curve.sort_values("step")
        points, steps = curve["points"].to_numpy(dtype=np.float64), curve["step"].to_numpy(dtype=np.int64)
        sides = np.sign(points)
        other = np.flatnonzero(sides == -sides[-1])
        if sides[-1] == 0 or not len(other):
            continue
        before = int(other[-1])  # the last evaluation on the other side
        after = before + 1 + int(np.argmax(sides[before + 1 :] == sides[-1]))
        share = points[before] / (points[before] - points[after])
        open_ = ~((curve["low"] > 0) | (curve["high"] < 0)).to_numpy()  # where all seeds agree there is no interval
        ends: tuple[int | None, int | None] = (None, None)
        if curve["low"].notna().any():
            first = next((place for place in range(before, -1, -1) if not open_[place]), None)
            last = next((place for place in range(after, len(steps)) if not open_[place]), None)
            ends = _at(steps, first), _at(steps, last)
        rows.append((arm, against, sides[-1] > 0, steps[before] + share * (steps[after] - steps[before]), *ends))
    types = {"arm": "int64", "against": "int64", "rises": "bool", "step": "float64", "low": "Int64", "high": "Int64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _at(steps: NDArray[np.int64], place: int | None) -> int | None:
    return None if place is None else int(steps[place])


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
