"""The arms of several sweeps side by side: which level each has of every factor, and which of them are one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ablate.config import keys
from ablate.errors import AblateError
from ablate.planning.command import NOT_FACTORS
from ablate.readout import EMA
from ablate.results.contents import contents_differ, text_of
from ablate.results.frames import SweepParts
from ablate.store import canonical_json

_LITERALS = ("true", "false", "none")  # as Python writes them, in lower case


@dataclass(frozen=True)
class Place:
    """An arm of one of the sweeps.

    number: in that sweep. own: its levels of the factors that the sweep switches; levels: those of all factors. overrides: of
    its runs, by key. names: of the levels that a training of it was first asked for with. content: of that training, without
    what makes no other arm; None where none is there. weights, step, last: what its
    runs are read with and at, and over how many evaluations.
    """

    part: SweepParts
    number: int
    own: dict[str, str]
    overrides: Mapping[str, str]
    names: Mapping[str, str]
    content: Mapping[str, Any] | None
    weights: str
    step: int
    last: int
    levels: Mapping[str, str]

    @cached_property
    def identity(self) -> str | None:
        """The same for arms that train alike and are read alike; None where that is not known."""
        return None if self.content is None else canonical_json([self.content, self.weights, self.step])


def match(parts: Sequence[SweepParts]) -> list[Place]:
    """The arms of all sweeps, each with a level of every factor that any of them switches, in the order of the factors.

    A factor that a sweep does not switch has the level that an arm which trains alike has in another sweep, or that its command
    or its trainings say.

    Raises:
        AblateError: a level is not known.
    """
    factors: dict[str, list[str]] = {}
    for part in parts:
        for name, levels in part.sweep.factors.items():
            known = factors.setdefault(name, [])
            known += [level for level in levels if level not in known]
    # How often a training is evaluated changes none of its numbers.
    apart = {"seed"} if "eval_every" in factors else {"seed", "eval_every"}
    sweeps = [_places(part, apart) for part in parts]
    alike: dict[str, list[Place]] = {}
    for place in (place for places in sweeps for place in places):
        if place.identity is not None:
            alike.setdefault(place.identity, []).append(place)
    found = []
    for places in sweeps:
        told = next((place for place in places if place.content is not None), places[0])
        others = [other for place in places if place.identity for other in alike[place.identity]]
        fixed = {  # what a sweep does not switch is one level in all of its arms
            name: next((other.own[name] for other in others if name in other.own), None) or _level(told, name, known)
            for name, known in factors.items()
            if name not in told.own
        }
        found += [replace(place, levels={name: (place.own | fixed)[name] for name in factors}) for place in places]
    return found


def _places(part: SweepParts, apart: set[str]) -> list[Place]:
    """The arms of a sweep. apart: the keys of a training's content that make no other arm."""
    runs: dict[int, list[int]] = {}
    for number, run in enumerate(part.sweep.runs):
        runs.setdefault(run.arm, []).append(number)
    places = []
    for arm in part.sweep.arms:
        first = part.sweep.runs[runs[arm.number][0]]
        there = (part.trained.get(part.runs[number]["trajectory"]) for number in runs[arm.number])
        known = next((one for one in there if one is not None and one.config is not None), None)
        config = None if known is None else known.config
        places.append(
            Place(
                part,
                number=arm.number,
                own=dict(arm.levels),
                overrides=first.words,
                names={} if known is None else known.names,
                content=None if config is None else {key: value for key, value in config.items() if key not in apart},
                weights=first.readout.weights,
                step=first.readout.step,
                last=first.readout.last,
                levels=arm.levels,
            )
        )
    return places


def _level(place: Place, factor: str, known: Sequence[str]) -> str:
    """The level of a factor that the sweep does not switch."""
    if factor in place.overrides:
        return _as_written(place.overrides[factor], known)
    if factor == "ema":
        return EMA[place.weights]  # a training that is shared does not tell
    if factor == "steps":
        return str(place.step)
    if factor in place.names:
        return place.names[factor]
    if place.content is not None:
        value: Any = place.content
        for key in keys.place(factor):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            return _as_written(text_of(value), known)
    raise AblateError(
        f"Cannot find which {factor} the arms of {place.part.name} have: neither its command nor its trainings say. "
        "Report the sweeps one at a time."
    )


def _as_written(level: str, known: Sequence[str]) -> str:
    """A level as the sweep that switches it writes it: 0.10 may be its 0.1."""
    number = _number(level)
    word = level.lower() if level.lower() in _LITERALS else None

    def is_same(other: str) -> bool:
        literal = "none" if other.lower() == "null" else other.lower()
        return other == level or (number is not None and _number(other) == number) or literal == word

    return next(filter(is_same, known), level)


def _number(level: str) -> float | None:
    try:
        return float(level)
    except ValueError:
        return None


def check_alike(first: Place, other: Place) -> None:
    """Refuse arms with the same levels that are not one.

    Raises:
        AblateError: they train or are read differently.
    """
    differ = []
    if (first.step, first.weights) != (other.step, other.weights):
        differ.append(f"read at step {first.step} ({first.weights}) and {other.step} ({other.weights})")
    elif first.last != other.last:
        differ.append(f"read with readout.last={first.last} and {other.last}")
    elif first.content is not None and other.content is not None:
        differ += [f"{key} {before} and {after}" for key, before, after in contents_differ(first.content, other.content)]
    else:
        own, others = _fixed_words(first, other.levels), _fixed_words(other, first.levels)
        differ += sorted(own ^ others)
    if differ:
        levels = " ".join(f"{name}={level}" for name, level in first.levels.items()) or "the only arm"
        shown = ", ".join(differ[:3]) + (", ..." if len(differ) > 3 else "")
        raise AblateError(
            f"Arms with the same levels must train alike, got {levels} in {first.part.name} and {other.part.name}, with "
            f"{shown}. Report the sweeps one at a time, or make what differs a factor of one sweep."
        )


def _fixed_words(place: Place, factors: Mapping[str, str]) -> set[str]:
    """What the command of an arm fixes, apart from factors, seed and what changes no training."""
    other = {*factors, *NOT_FACTORS, "eval_every", "steps", "epochs"}
    return {f"{key}={value}" for key, value in place.overrides.items() if key.partition(".")[0] not in other}
