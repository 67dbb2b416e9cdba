"""How the learning rates of arms were chosen, as `retune.json` holds it, and `sweep.json` with what became of it."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any, NotRequired, TypedDict

from ablate.store.schema import Node
from ablate.store.state import OF_TUNED

RETUNE = "retune.json"
RETUNE_VERSION = 1
SHARED = 1.0  # the rate of an arm's own lr
DIGITS = 9  # of a mean of fractions; what is behind is rounding, far below one image
_MOST_SEED = 2**31 - 1
_CLOSE = 1e-8  # between a number in the file and the same from others in it


class Tried(TypedDict):
    """A learning rate that an arm was trained with; see `retune.Tried`."""

    rate: float
    lr: float
    accuracies: list[float | None]
    statuses: list[str]
    mean: float | None
    sd: float | None


class Chosen(TypedDict):
    """The best rate of an arm. edge: `lowest` or `highest` where it is the last of those tried."""

    rate: float
    lr: float
    edge: str | None


class TunedArm(TypedDict):
    """An arm with all that it was tried with, in ascending order of rates."""

    label: str
    levels: dict[str, str]
    shared_lr: float
    tried: list[Tried]
    chosen: Chosen


class TunedEffect(TypedDict):
    """An arm that is compared, and the two comparisons: at the shared rate, and each arm at its own best one."""

    arm: int
    shared: list[int] | None
    own: list[int] | None


class Retune(TypedDict):
    """See `retune.Choice`. own, effects: in sweep.json alone."""

    version: int
    tuning: str
    rule: str
    note: str
    evaluation_set: str
    validation: list[int]
    rates: list[float]
    seeds: list[int]
    trainings: int
    seconds: float
    arms: list[TunedArm]
    own: NotRequired[list[int]]
    effects: NotRequired[list[TunedEffect]]


def check_retune(node: Node, arms: Sequence[Mapping[str, Any]], pairs: Sequence[Sequence[int]]) -> None:
    """What sweep.json holds under `retune`.

    Args:
        arms: those that are measured, at the shared rate first. pairs: the differences that are judged.

    Raises:
        BadFile: a value is none that it can have.
    """
    check_choice(node)
    tuned = len(node["arms"].value)
    for arm, measured in zip(node["arms"].items(1, len(arms)), arms, strict=False):
        arm["label"].equals(measured["label"], "the label of the arm that is measured")
        arm["levels"].equals(measured["levels"], "the levels of the arm that is measured")
    for own in node["own"].items(tuned, tuned):
        own.whole(0, len(arms) - 1)
    known = set()
    for effect in node["effects"].items():
        effect["arm"].whole(0, tuned - 1)
        for key in ("shared", "own"):
            if (pair := effect.get(key)) is not None:
                known.add(tuple(arm.whole(0, len(arms) - 1) for arm in pair.items(2, 2)))
    judged = {tuple(pair) for pair in pairs}
    if known != judged:
        raise node["effects"].wrong("the differences that are judged")


def check_choice(node: Node) -> None:
    """What retune.json holds: each mean, deviation and choice is what the accuracies beside it give.

    Raises:
        BadFile: a value is none that it can have.
    """
    node["version"].equals(RETUNE_VERSION, "the version that this program reads")
    for key in ("tuning", "rule", "note"):
        node[key].text()
    node["evaluation_set"].choice(("validation",))
    rates = [rate.number(above=0) for rate in node["rates"].items(2)]
    if sorted(set(rates)) != rates or SHARED not in rates:
        raise node["rates"].wrong("a list of different rates, 1 among them, in ascending order")
    seeds = [seed.whole(0, _MOST_SEED) for seed in node["seeds"].items(1)]
    node["trainings"].whole()
    node["seconds"].number(0)
    arms = node["arms"].items(1)
    for images in node["validation"].items(len(arms), len(arms)):
        images.whole(1)
    for arm in arms:
        arm["label"].text()
        for _, level in arm["levels"].entries():
            level.text()
        arm["shared_lr"].number(above=0)
        tried = arm["tried"].items(len(rates), len(rates))
        for one, rate in zip(tried, rates, strict=True):
            one["rate"].equals(rate, "the rate of its place")
            one["lr"].number(above=0)
            _check_mean(one, len(seeds))
            if rate == SHARED:
                arm["shared_lr"].equals(one["lr"].value, "the lr at rate 1")
        _check_chosen(arm["chosen"], tried)


def _check_mean(node: Node, seeds: int) -> None:
    """Accuracies and statuses, and the mean and deviation that follow: none where a run has no accuracy."""
    statuses = [status.choice(OF_TUNED) for status in node["statuses"].items(seeds, seeds)]
    accuracies = node["accuracies"].items(seeds, seeds)
    for accuracy, status in zip(accuracies, statuses, strict=True):
        if (accuracy.value is not None) != (status == "done"):
            raise accuracy.bad(f"cannot be combined with the status {status}")
        if accuracy.value is not None:
            accuracy.number(0, 1)
    known = [accuracy.value for accuracy in accuracies if accuracy.value is not None]
    whole = len(known) == seeds
    _check_close(node["mean"], fmean(known) if whole else None)
    _check_close(node["sd"], stdev(known) if whole and seeds > 1 else None)


def _check_close(node: Node, wanted: float | None) -> None:
    if wanted is None:
        node.equals(None, "what the accuracies give")
    elif not math.isclose(node.number(), wanted, rel_tol=0, abs_tol=_CLOSE):
        raise node.wrong(f"{wanted:.{DIGITS}g}, which the accuracies give")


def _check_chosen(node: Node, tried: Sequence[Node]) -> None:
    """The one with the highest mean; of several the one nearest to the shared rate, of two as near the smaller."""
    sound = [one.value for one in tried if one.value["mean"] is not None]
    if not sound:
        raise node.bad("has no rate that every seed was trained to the end at")
    best = max(sound, key=lambda one: (one["mean"], -abs(math.log(one["rate"])), -one["rate"]))
    ends = {tried[0].value["rate"]: "lowest", tried[-1].value["rate"]: "highest"}
    node["rate"].equals(best["rate"], "the rate with the highest mean")
    node["lr"].equals(best["lr"], "the lr of that rate")
    node["edge"].equals(ends.get(best["rate"]), "where that rate is among those tried")
