"""What the folder of a search tells of its trials, without Optuna and without the storage that they are kept in.

`sweep.json` holds what was fixed before the first trial, under `search`; `trials.json` the trials so far. So `status` and
`report` need neither a database nor its password.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from ablate.designs import SEARCH as SEARCH
from ablate.store import SWEEP, read_json
from ablate.store.state import State
from ablate.store.sweep_check import EVAL_ON, NO_SET

CONFIRMS = "tuned settings vs. defaults"  # what the sweep is called that measures the winner
CONFIRMATION = "confirmation"  # the folder, in that of the search, of the sweep that measures the winner

Direction = Literal["maximize", "minimize"]

# What can be aimed at: its name, its better direction.
OBJECTIVES: Mapping[str, Direction] = {
    "accuracy": "maximize",  # fraction of the validation images
    "loss": "minimize",  # cross-entropy on the validation images
    "operations": "minimize",  # multiply-adds for one image
    "parameters": "minimize",
    "seconds": "minimize",  # of training, of all seeds of a trial
}
KNOWN_ONCE = ("operations", "parameters", "seconds")  # objectives that no evaluation has


Value = float | int | str
Params = dict[str, Value]


def aims(metric: str, better: str) -> Mapping[str, Direction]:
    """What a search over training code of the user's own can aim at: its metric, and the time.

    Args:
        better: `higher` or `lower`.
    """
    return {metric: "maximize" if better == "higher" else "minimize", "seconds": OBJECTIVES["seconds"]}


def same_set(evaluation_set: str, trainer: str | None) -> str | None:
    """That a search chooses settings on what it confirms them on, which its trainings do not tell apart; None where they do."""
    if evaluation_set != NO_SET:
        return None
    why = f"the command has no {{{EVAL_ON}}}" if trainer == "command" else f"its trainings take no {EVAL_ON}"
    return f"settings are chosen and confirmed on the same data, since {why}"


def is_learned(objective: str) -> bool:
    """Whether every evaluation of a training has an objective."""
    return objective not in KNOWN_ONCE


@dataclass(frozen=True)
class Dimension:
    """What is searched over of one key.

    kind: `categorical` with choices, as words of a command; `float` or `int` from low to high, both included, in steps or on a
    logarithmic scale. written: as on the command line.
    """

    kind: Literal["categorical", "float", "int"]
    written: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    state: lapsed: the process that had it is gone, and another trial goes on in its place; surplus: two processes took the last
        one at once, and this is the second, never begun.
    params: by key; numbers, or words of a command.
    values: one an objective; accuracies are fractions; None unless it is done.
    source: how it was chosen.
    arm: the searched keys that say what is trained, not how; trials are pruned within an arm alone.
    curve: (examples, value) as the pruner was told, the mean over the seeds at equal examples.
    examples, seconds: trained by it.
    reused_examples, reused_seconds: what was trained already when it began.
    planned: the examples that its whole training has, over its seeds.
    came: the examples, a seed, at which it ended.
    retry_of: the number of the lapsed trial that it goes on for.
    """

    number: int
    state: State
    params: Mapping[str, float | int | str]
    values: tuple[float, ...] | None = None
    source: Literal["enqueued", "sampled", "retried"] = "sampled"
    arm: Mapping[str, str] = field(default_factory=dict)
    curve: tuple[tuple[int, float], ...] = ()
    examples: int = 0
    seconds: float = 0.0
    reused_examples: int = 0
    reused_seconds: float = 0.0
    planned: int = 0
    came: int = 0
    began: float | None = None
    ended: float | None = None
    host: str | None = None
    error: str | None = None
    retry_of: int | None = None
    seeds: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))  # of a file or of Optuna it is a text

    @property
    def per_seed(self) -> int:
        """The examples that the whole training of one seed has."""
        return self.planned // max(1, self.seeds)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From a row of trials.json."""
        known = {each.name for each in fields(cls)}
        found = {key: value for key, value in content.items() if key in known}
        found["curve"] = tuple((int(examples), float(value)) for examples, value in found.get("curve", ()))
        if found.get("values") is not None:
            found["values"] = tuple(float(value) for value in found["values"])
        return cls(**found)


def space_of(search: Mapping[str, Any]) -> dict[str, Dimension]:
    """The searched keys of what sweep.json holds under `search`."""
    return {key: Dimension(**{**one, "choices": tuple(one.get("choices", ()))}) for key, one in search["space"].items()}


def label(number: int, params: Mapping[str, float | int | str]) -> str:
    """What a trial is called."""
    return f"trial {number}: {', '.join(f'{key}={shown(value)}' for key, value in params.items())}"


def shown(value: object) -> str:
    """A value of a trial, short enough for a table: four digits of a number that was drawn."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def is_search(folder: Path) -> bool:
    """Whether a folder is that of a search."""
    content = read_json(folder / SWEEP)
    return isinstance(content, dict) and content.get("design") == SEARCH


def arm_keys(space: Mapping[str, Dimension]) -> tuple[str, ...]:
    """The keys that say what is trained rather than how: those with words for values, as `model` and `augment`."""
    return tuple(key for key, one in space.items() if one.kind == "categorical" and not all(map(is_number, one.choices)))


def is_number(word: str) -> bool:
    """Whether a word is a finite number."""
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def same(one: Any, other: Any) -> bool:
    """Whether two values of a key are one: as numbers where both are, else as words."""
    words = str(one), str(other)
    return float(words[0]) == float(words[1]) if all(map(is_number, words)) else words[0] == words[1]


def placed(point: Mapping[str, Any], space: Mapping[str, Dimension]) -> Params | None:
    """A point as values of the dimensions; None where it lies outside of them."""
    found: Params = {}
    for key, one in space.items():
        value = _placed(point[key], one)
        if value is None:
            return None
        found[key] = value
    return found


def _placed(value: Any, one: Dimension) -> Value | None:
    if one.kind == "categorical":
        return next((each for each in one.choices if same(each, value)), None)
    if not is_number(str(value)):
        return None
    number = float(value)
    assert one.low is not None
    assert one.high is not None
    on_grid = one.step is None or math.isclose(
        (number - one.low) / one.step, round((number - one.low) / one.step), abs_tol=1e-9
    )
    if not one.low <= number <= one.high or not on_grid or (one.kind == "int" and number != int(number)):
        return None
    return int(number) if one.kind == "int" else number


def middle(one: Dimension) -> Value:
    """What is taken for the default of a dimension that has none: the first choice, or the middle of a range on its scale."""
    if one.kind == "categorical":
        return one.choices[0]
    assert one.low is not None
    assert one.high is not None
    middle = math.sqrt(one.low * one.high) if one.log else (one.low + one.high) / 2
    if one.step is not None:
        middle = one.low + one.step * round((middle - one.low) / one.step)
    return round(middle) if one.kind == "int" else float(f"{middle:.6g}")
