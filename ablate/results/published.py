"""Published accuracies beside ours, where an arm is one of the published ones."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate.confidence import CONFIDENCE
from ablate.config.neutral import OTHERS, without_neutral
from ablate.numbers import SAME
from ablate.results.frames import Results
from ablate.stats.intervals import critical
from ablate.store import Trajectory, fingerprint

FILE = "published.csv"
GROUPS = ("model", "augment", "ema", "init", "weight_decay", "schedule")  # the columns that say what was trained
EMA = {"averaged": "on", "raw": "off"}  # the level of `ema` that reads these weights
ROUNDING = 0.05  # points; accuracies are published in % with one digit behind the point
TELLING = 5.0  # points; published recipes of one length of training differ by about as much
INSIDE, TOO_WIDE = "inside", "too wide"  # of the interval
# Of the training content, what a published accuracy is not about: seed, precision, evaluation grid, and how the images and the
# code are identified. Steps, schedule and averages are looked at apart.
NOT_COUNTED = ("version", "data", "precision", "eval_every", "seed", "steps", "schedule", "average")
CIFAR10 = {"height": 32, "width": 32, "channels": 3, "classes": 10, "train_images": 50_000, "eval_images": 10_000}

_TYPES = {"arm": "int64", "model": "str", "published": "float64", "source": "str", "n": "int64"}
_TYPES |= {"mean": "float64", "low": "float64", "high": "float64", "told": "str", "precision": "str"}


def published(results: Results, wide: pd.DataFrame) -> pd.DataFrame:
    """The published accuracy of each arm that has one, beside what our runs would have given.

    An arm has one where the content of its training is that of a published one, whatever its levels are called: tuto with
    lrn=off is alex2. The precision may be another one. The data has to be CIFAR-10 with all its training and test images, as
    the sizes and the level of `data` tell. A published accuracy is that of a single run, so it is compared with the interval
    for one new run: mean ± t(n - 1) · deviation · √(1 + 1/n).

    Reference: Hahn and Meeker 1991, "Statistical Intervals", chapter 4.

    Args:
        results: arms without a finished run whose trajectory is at hand are left out.
        wide: accuracy in % for each arm (row) and seed (column).

    Returns:
        A row an arm: arm; model: its published name; published: in %; source; n: our seeds; mean: ours, in %; low, high: the
        95% prediction interval, 0.05 wider on either side, since the published value is rounded; told: `inside`, `outside`,
        `too wide` where it lies inside of more than ± TELLING, or `no interval` where seeds are one or all alike;
        precision: ours.
    """
    known = {(row["recipe"], row["ema"], row["steps"]): row for row in shipped().to_dict("records")}
    runs = results.runs[(results.runs["status"] == "done") & results.runs["trajectory"].notna()]
    rows: list[dict[str, Any]] = []
    for run in runs.sort_values("arm").drop_duplicates("arm").to_dict("records"):
        path, step, weights = Path(run["trajectory"]), int(run["step"]), run["weights"]
        trajectory = Trajectory(path.parent, path.name)
        content = trajectory.config()
        if (
            content is None
            or OTHERS in content
            or trajectory.names().get("data") != "cifar10"
            or not content["data"].items() >= CIFAR10.items()
        ):
            continue
        found = known.get((recipe(content, weights, step), EMA[weights], step))
        if found is not None:
            value = round(100 * found["accuracy"], 1)
            ours = _prediction(wide.loc[run["arm"]].dropna().to_numpy(dtype=np.float64))
            theirs = {"model": found["model"], "published": value, "source": found["source"]}
            rows.append(
                {
                    "arm": run["arm"],
                    **theirs,
                    **ours,
                    "told": _told(value, ours["low"], ours["high"]),
                    "precision": content["precision"],
                }
            )
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def shipped() -> pd.DataFrame:
    """The published accuracies: the data file beside this package.

    Columns: those of GROUPS, with the level of each; steps; accuracy: as published, a fraction; source; recipe: the digest that
    `recipe` gives for the training that those levels compose. A test computes the digests anew, and shows the right ones where
    the training content has changed. The one with the level `tutorial` is the author's figure for the tutorial's own settings.
    """
    with (resources.files("ablate.results") / FILE).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=dict.fromkeys((*GROUPS, "source", "recipe"), "str"))


def recipe(content: Mapping[str, Any], weights: str, step: int) -> str:
    """A digest of what decides an accuracy besides data, seed and precision: equal for trainings that are alike.

    The rule of averaging counts where averaged weights are read; of a rate that has not fallen yet, the schedule does not.

    Args:
        content: of the training, with or without neutral values.
        weights: raw or averaged. step: at which they are read.
    """
    content = without_neutral(content)
    schedule = content["schedule"]
    if schedule["kind"] == "staircase":
        steps_per_stair = int(schedule["every_epochs"] * (content["data"]["train_images"] / content["batch_size"]))
        schedule = {"kind": "constant"} if step <= steps_per_stair else schedule
    counted = {key: value for key, value in content.items() if key not in NOT_COUNTED}
    if weights == "averaged":
        counted["average"] = content["average"]
    return fingerprint({**counted, "schedule": schedule})


def _told(value: float, low: float, high: float) -> str:
    """What an interval tells of a published value: one so wide that values of other recipes lie there as well tells nothing."""
    if np.isnan(low):
        return "no interval"
    if not low <= value <= high:
        return "outside"
    return INSIDE if high - low <= 2 * TELLING else TOO_WIDE


def _prediction(values: NDArray[np.float64]) -> dict[str, float]:
    """n, mean, and the interval for one more of the values, (n,), that is rounded."""
    n = len(values)
    sd = values.std(ddof=1) if n > 1 else np.nan
    half = critical(n, CONFIDENCE) * sd * np.sqrt(1 + 1 / n) + ROUNDING if sd > SAME else np.nan
    mean = values.mean() if n else np.nan
    low, high = np.clip([mean - half, mean + half], 0.0, 100.0)
    return {"n": n, "mean": mean, "low": low, "high": high}
