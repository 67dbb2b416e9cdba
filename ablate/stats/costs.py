"""What arms cost: their networks, their training, and which of them are worth it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BYTES_A_PARAMETER = 4  # float32, whatever the activations are computed in
LEAST_COST = 0.005  # a smaller relative change of a cost is none
MANIFOLD = 1.1  # from here on a ratio is told as such, below it as a percentage


@dataclass(frozen=True)
class Cost:
    """How what an arm costs is called.

    name: in a sentence. short: where there is little room. axis: with what it is the cost of. unit: after a number.
    """

    name: str
    short: str
    axis: str
    unit: str


# What accuracy is held against, by the column of `costs`, in the order that readers see.
COSTS = {
    "operations": Cost("FLOPs", "FLOPs", "FLOPs per image", "FLOPs"),
    "parameters": Cost("parameters", "parameters", "parameters", "parameters"),
    "seconds": Cost("training time", "time", "training time", "s"),
}


def costs(runs: pd.DataFrame, against: Mapping[int, int]) -> pd.DataFrame:
    """What each arm costs, and how much more than the arm that it is compared with.

    Args:
        runs: a row a run: arm, seed, status, parameters, operations, seconds and examples_per_second.
        against: the arm that each arm is compared with; those without one have no differences.

    Returns:
        A row an arm; missing where no run tells. Runs that share a training have the same seconds.

        arm: its number.
        parameters: of its network.
        operations: for one image.
        bytes: of the parameters in float32, 4 each.
        seconds: of training up to the step that is read, mean over the runs with status done.
        examples_per_second: while training, mean over the same.
        X_against: for each cost X, that of the compared arm, over the seeds with which both are done.
        X_difference: that of the arm minus it, over the same.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import costs
        >>> runs = pd.DataFrame({"arm": [0, 1], "parameters": [100, 150], "operations": [1000, 1500], "seconds": [10.0, 12.0]})
        >>> runs = runs.assign(seed=0, status="done", examples_per_second=[90.0, 75.0])
        >>> costs(runs, against={1: 0})[["arm", "bytes", "seconds", "operations_difference", "seconds_difference"]]
           arm  bytes  seconds  operations_difference  seconds_difference
        0    0    400     10.0                    NaN                 NaN
        1    1    600     12.0                  500.0                 2.0
    """
    frame = runs.groupby("arm")[["parameters", "operations"]].first()
    frame.insert(2, "bytes", BYTES_A_PARAMETER * frame["parameters"])
    done = runs[runs["status"] == "done"]
    other = frame.index.to_series().map(dict(against)).astype("Int64")
    compared = frame.reindex(other.array).set_index(frame.index)
    difference = frame - compared
    for cost in ("seconds", "examples_per_second"):
        by_seed = done.pivot_table(index="arm", columns="seed", values=cost).reindex(frame.index)
        beside = by_seed.reindex(other.array).set_index(frame.index)
        frame[cost] = by_seed.mean(axis="columns")
        compared[cost] = beside.where(by_seed.notna()).mean(axis="columns")
        difference[cost] = (by_seed - beside).mean(axis="columns")
    return frame.join(compared.add_suffix("_against")).join(difference.add_suffix("_difference")).reset_index()


def in_turns(trainings: pd.DataFrame) -> bool:
    """Whether the times of arms can be compared: they were trained in turns on one machine, at least twice each.

    In turns: at no time had one arm begun two trainings more than another. Then whatever else the machine did, and however warm
    it was, befell all arms alike; arms that were trained one after another, as where a store had some of them already, differ
    by the hours of the day as well.

    Args:
        trainings: a row an arm and training: arm; begun, a time that sorts; place, what has to be the same. Missing where it is
            not known, and then the answer is no.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import in_turns
        >>> in_turns(pd.DataFrame({"arm": [0, 1, 0, 1], "begun": [1, 2, 3, 4], "place": "here"}))
        True
        >>> in_turns(pd.DataFrame({"arm": [0, 0, 1, 1], "begun": [1, 2, 3, 4], "place": "here"}))
        False
    """
    known = not trainings.empty and trainings[["begun", "place"]].notna().all(axis=None)
    if not known or len(set(trainings["place"])) > 1:
        return False
    begun = pd.crosstab(trainings["begun"], trainings["arm"]).sort_index().cumsum().to_numpy()  # (times, arms)
    return bool((np.ptp(begun, axis=1) <= 1).all() and begun[-1].min() > 1)


def fronts(arms: pd.DataFrame, better: int = 1, in_turns: bool = True) -> pd.DataFrame:
    """Which arms no other arm beats on both the metric and a cost.

    One arm beats another where it is at least as good in both and better in one; so of two that are alike, both stay. It takes
    the means as they are: how sure they are, the verdicts say. An arm of which a seed diverged takes no part: its mean is of
    the seeds that went well.

    Args:
        arms: a row an arm: mean, operations, parameters, seconds, and diverged, the number of seeds that did.
        better: 1 where more of the metric is better, -1 where less is.
        in_turns: whether seconds can be compared; see `in_turns`. Without, no arm is on their front.

    Returns:
        front_operations, front_parameters, front_seconds: true or false, with the index of `arms`; false where the mean or the
        cost is missing, or a seed diverged.

    Examples:
        The second arm beats the third on operations: it is better and cheaper.

        >>> import pandas as pd
        >>> from ablate.stats import fronts
        >>> arms = pd.DataFrame({"mean": [80.0, 82.0, 81.0], "operations": [10, 20, 30], "parameters": [7, 7, 7]})
        >>> fronts(arms.assign(seconds=[5.0, 9.0, 3.0], diverged=0))
           front_operations  front_parameters  front_seconds
        0              True             False          False
        1              True              True           True
        2             False             False           True
    """
    good = better * arms["mean"].where(arms["diverged"] == 0).to_numpy(dtype=np.float64)
    columns = {cost: arms[cost].to_numpy(dtype=np.float64, na_value=np.nan) for cost in COSTS}
    if not in_turns:
        columns["seconds"] = np.full(len(arms), np.nan)
    return pd.DataFrame({f"front_{cost}": _unbeaten(good, values) for cost, values in columns.items()}, index=arms.index)


def differing(arms: pd.DataFrame) -> list[str]:
    """The costs in which arms with a value differ by LEAST_COST, those first that are worth a look first: training time.

    Args:
        arms: a row an arm: mean, operations, parameters and seconds.
    """
    known = arms.loc[arms["mean"].notna(), list(COSTS)].astype("float64")
    there = [cost for cost in COSTS if known[cost].max() > known[cost].min() * (1 + LEAST_COST)]
    return sorted(there, key=lambda cost: cost != "seconds")


def equal_compute(runs: pd.DataFrame) -> str | None:
    """A sentence for a comparison at equal steps that is none at equal compute; None where there is nothing to say.

    A step costs its batch size times the operations for one image. Of arms with equal steps, the dearest is set against the
    cheapest.

    Args:
        runs: a row a run: arm, label, status, step, operations and batch_size. Where a batch size is missing, the operations
            for one image are compared.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import equal_compute
        >>> runs = pd.DataFrame({"arm": [0, 1], "label": ["thin", "wide"], "operations": [1000, 1050]})
        >>> equal_compute(runs.assign(status="done", step=100, batch_size=128))
        'Equal steps, not equal compute: of the arms evaluated at step 100, wide takes 5% more FLOPs per step than thin.'
    """
    arms = runs[runs["status"] == "done"].dropna(subset=["step", "operations"]).drop_duplicates("arm")
    batch = pd.to_numeric(arms["batch_size"])  # text where it is a factor
    known = bool(batch.notna().all())
    arms = arms.assign(cost=arms["operations"].astype("float64") * (batch.astype("float64") if known else 1.0))
    found = []
    for _, group in arms.groupby("step"):
        cost = group["cost"].to_numpy()
        most, least = int(cost.argmax()), int(cost.argmin())
        labels = group["label"].iloc[[most, least]]
        found.append((float(cost[most] / cost[least]), int(group["step"].iloc[0]), *labels))
    ratio, step, dearest, cheapest = max(found, key=lambda one: one[0], default=(1.0, 0, "", ""))
    if ratio == 1:
        return None
    more = f"{ratio:.1f} times as many" if ratio >= MANIFOLD else f"{100 * (ratio - 1):.2g}% more"
    return (
        f"Equal steps, not equal compute: of the arms evaluated at step {step:,}, {dearest} takes {more} FLOPs per "
        f"{'step' if known else 'image'} {'as' if ratio >= MANIFOLD else 'than'} {cheapest}."
    )


def _unbeaten(good: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(arms,): whether no other arm is at least as good and as cheap, and better in one of the two."""
    as_good, as_cheap = good[:, None] >= good, cost[:, None] <= cost  # (beating, beaten); no comparison with NaN holds
    beats = as_good & as_cheap & ((good[:, None] > good) | (cost[:, None] < cost))
    return np.asarray(~beats.any(axis=0) & ~np.isnan(good) & ~np.isnan(cost))
