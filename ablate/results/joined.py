"""Several sweeps as one: their arms matched by their levels, their seeds put together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ablate import designs
from ablate.designs import Arm
from ablate.errors import AblateError
from ablate.plan import NOT_FACTORS, SWEEP_VERSION
from ablate.results.content import contents_differ, text_of
from ablate.results.frames import Found, arm_name
from ablate.results.trained import Trained
from ablate.results.whole_store import EMA
from ablate.store import canonical_json

# Keys of a training's content that a factor of the command line sets; what is chosen by a group is in the names.
_PLAIN = {
    "lr": ("optimizer", "lr"),
    "batch_size": ("batch_size",),
    "eval_every": ("eval_every",),
    "ema_decay": ("average", "decay"),
    "ema_warmup": ("average", "warmup"),
}
_RANK = ("done", "diverged", "failed", "missing")  # of two results for one run the first counts
_ALIKE = ("metric", "evaluation_set", "margin")  # what has to be fixed alike


@dataclass(frozen=True)
class _Place:
    """An arm of one of the sweeps. content: of a training of it without its seed; None where none is there."""

    part: Found
    number: int
    own: dict[str, str]  # its levels of the factors that the sweep switches
    overrides: Mapping[str, str]  # of its runs
    names: Mapping[str, str]
    content: Mapping[str, Any] | None
    weights: str
    step: int
    levels: Mapping[str, str]  # of all factors, as far as they are known yet

    @cached_property
    def identity(self) -> str | None:
        """The same for arms that train alike and are read alike; None where that is not known."""
        return None if self.content is None else canonical_json([self.content, self.weights, self.step])


def join(parts: Sequence[Found]) -> Found:
    """Several sweeps as one.

    Arms are one where they have the same level of every factor that any of the sweeps switches. A factor that a sweep does not
    switch has the level that an arm which trains alike has in another, or that its command or its trainings say. Runs of one
    arm with one seed are one. What is judged is what any of them judges.

    Raises:
        AblateError: they fix different metrics, evaluation sets or margins; arms with the same levels train or are read
            differently; or a level is not known.
    """
    _check_fixed(parts)
    places = _with_levels([list(_places(part)) for part in parts], _union(parts))
    numbers: dict[tuple[tuple[str, str], ...], int] = {}
    for place in places:
        numbers.setdefault(tuple(place.levels.items()), len(numbers))
    number_of = {(id(place.part), place.number): numbers[tuple(place.levels.items())] for place in places}
    firsts: dict[int, _Place] = {}
    for place in places:
        first = firsts.setdefault(number_of[id(place.part), place.number], place)
        _check_alike(first, place)
    arms = [Arm(levels) for levels in numbers]
    design, fraction = _design(parts, number_of)
    listed = [
        {"number": number, "label": designs.label(design, arms, number), "levels": dict(arm.levels)}
        for number, arm in enumerate(arms)
    ]
    same = _same_arms(parts, number_of, firsts)
    rows, planned, trained = _runs(parts, number_of, listed)
    studies = {part.sweep.get("study") for part in parts}
    content = {
        "version": SWEEP_VERSION,
        "study": studies.pop() if len(studies) == 1 else None,
        "design": design,
        **({"fraction": fraction} if fraction else {}),
        "factors": {
            name: list(dict.fromkeys(dict(arm.levels)[name] for arm in arms)) for name in (name for name, _ in arms[0].levels)
        },
        "baseline": dict(arms[0].levels),
        "arms": listed,
        "same_arms": [[later, first] for later, first in same.items()],
        "seeds": sorted({run["seed"] for run in planned}),
        "runs": planned,
        "store": ", ".join(dict.fromkeys(str(part.sweep["store"]) for part in parts)),
        "fixed": {
            **{key: parts[0].sweep["fixed"][key] for key in _ALIKE},
            "step": [firsts[number].step for number in range(len(arms))],
            "readout": [firsts[number].weights for number in range(len(arms))],
            "differences": _differences(parts, number_of, same),
            "effects": list(
                {tuple(effect): effect for part in parts for effect in part.sweep["fixed"].get("effects", [])}.values()
            ),
            "looks": max(part.sweep["fixed"]["looks"] for part in parts),
        },
        "joined": [part.name for part in parts],
    }
    notes = [f"{part.name}: {note}" for part in parts for note in part.notes]
    return Found(" and ".join(part.name for part in parts), content, rows, trained, notes)


def _check_fixed(parts: Sequence[Found]) -> None:
    for key in _ALIKE:
        values = [part.sweep["fixed"][key] for part in parts]
        if len(set(values)) > 1:
            received = ", ".join(f"{value} in {part.name}" for value, part in zip(values, parts, strict=True))
            raise AblateError(
                f"Expected sweeps that fixed the same {key.replace('_', ' ')} before training. Received: {received}. "
                "Report them one at a time."
            )


def _union(parts: Sequence[Found]) -> dict[str, list[str]]:
    """The factors of all sweeps with their levels, in the order in which they come first."""
    factors: dict[str, list[str]] = {}
    for part in parts:
        for name, levels in part.sweep["factors"].items():
            known = factors.setdefault(name, [])
            known += [level for level in levels if level not in known]
    return factors


def _places(part: Found) -> Iterator[_Place]:
    runs: dict[int, list[int]] = {}
    for number, run in enumerate(part.sweep["runs"]):
        runs.setdefault(run["arm"], []).append(number)
    for arm in part.sweep["arms"]:
        first = part.sweep["runs"][runs[arm["number"]][0]]
        words = (word.lstrip("+").partition("=") for word in first["overrides"])
        there = (part.trained.get(part.runs[number]["trajectory"]) for number in runs[arm["number"]])
        known = next((one for one in there if one is not None and one.config is not None), None)
        content = None
        if known is not None and known.config is not None:  # how often it is evaluated changes no number
            content = {key: value for key, value in known.config.items() if key not in ("seed", "eval_every")}
        yield _Place(
            part,
            arm["number"],
            arm["levels"],
            {key: value for key, _, value in words},
            {} if known is None else known.trajectory.names(),
            content,
            first["readout"]["weights"],
            first["readout"]["step"],
            arm["levels"],
        )


def _with_levels(parts: Sequence[Sequence[_Place]], factors: Mapping[str, Sequence[str]]) -> list[_Place]:
    """All arms with a level of every factor, in the order of the factors."""
    alike: dict[str, list[_Place]] = {}
    for place in (place for places in parts for place in places if place.identity is not None):
        alike.setdefault(place.identity or "", []).append(place)
    found = []
    for places in parts:
        others = [other for place in places for other in alike.get(place.identity or "", [])]
        fixed = {  # what a sweep does not switch is one level in all of its arms
            name: next((other.own[name] for other in others if name in other.own), None) or _level(places[0], name, known)
            for name, known in factors.items()
            if name not in places[0].own
        }
        found += [replace(place, levels={name: (place.own | fixed)[name] for name in factors}) for place in places]
    return found


def _level(place: _Place, factor: str, known: Sequence[str]) -> str:
    """The level of a factor that the sweep does not switch."""
    if factor in place.overrides:
        return place.overrides[factor]
    if factor == "ema":
        return EMA[place.weights]  # a training that is shared does not tell
    if factor == "steps":
        return str(place.step)
    if factor in place.names:
        return place.names[factor]
    if place.content is not None:
        value: Any = place.content
        for key in _PLAIN.get(factor, factor.split(".")):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            return next((level for level in known if _number(level) == value), text_of(value))
    raise AblateError(
        f"Expected to find which {factor} the arms of {place.part.name} have, which does not switch it. Received: neither its "
        f"command nor its trainings say so. Report the sweeps one at a time."
    )


def _number(level: str) -> float | None:
    try:
        return float(level)
    except ValueError:
        return None


def _check_alike(first: _Place, other: _Place) -> None:
    """Refuse arms with the same levels that are not one."""
    differ = []
    if (first.step, first.weights) != (other.step, other.weights):
        differ.append(f"read at step {first.step} ({first.weights}) and {other.step} ({other.weights})")
    elif first.content is not None and other.content is not None:
        differ += [f"{key} {before} and {after}" for key, before, after in contents_differ(first.content, other.content)]
    else:
        own, others = _fixed_words(first, other.levels), _fixed_words(other, first.levels)
        differ += sorted(own ^ others)
    if differ:
        levels = " ".join(f"{name}={level}" for name, level in first.levels.items()) or "the only arm"
        shown = ", ".join(differ[:3]) + (", ..." if len(differ) > 3 else "")
        raise AblateError(
            f"Expected sweeps in which arms with the same levels train alike. Received: {levels} in {first.part.name} and "
            f"{other.part.name}, with {shown}. Report them one at a time, or run what differs as a factor of one sweep."
        )


def _fixed_words(place: _Place, factors: Mapping[str, str]) -> set[str]:
    """What the command of an arm fixes, apart from factors, seed and what changes no training."""
    other = {*factors, *NOT_FACTORS, "seed", "eval_every", "steps", "epochs"}
    return {f"{key}={value}" for key, value in place.overrides.items() if key.partition(".")[0] not in other}


def _design(parts: Sequence[Found], number_of: Mapping[tuple[int, int], int]) -> tuple[str, dict[str, Any] | None]:
    """(the design that all together have, or `joined`; how a fraction was chosen)."""
    found = {str(part.sweep["design"]) for part in parts}
    orders = [[number_of[id(part), arm["number"]] for arm in part.sweep["arms"]] for part in parts]
    if len(found) == 1:
        [design] = found
        fractions = [part.sweep.get("fraction") for part in parts]
        if all(order == orders[0] for order in orders) and all(fraction == fractions[0] for fraction in fractions):
            return design, fractions[0]
        if design == "factorial" and all(set(order) == set(orders[0]) for order in orders):
            return design, None
        if design == "one_factor" and all(order[0] == 0 for order in orders):
            return design, None
    if "fractional" in found:
        raise AblateError(
            "Expected a fractional sweep joined with others of the same arms alone, since only all its arms together say what "
            f"an effect is. Received: {', '.join(part.name for part in parts)}. Report it alone."
        )
    return "joined", None


def _same_arms(
    parts: Sequence[Found], number_of: Mapping[tuple[int, int], int], firsts: Mapping[int, _Place]
) -> dict[int, int]:
    """The earlier arm that a later one is one with, by the later."""
    same: dict[int, int] = {}
    for part in parts:
        for later, first in part.sweep.get("same_arms", []):
            pair = sorted((number_of[id(part), later], number_of[id(part), first]))
            same.setdefault(pair[1], pair[0])
    seen: dict[str, int] = {}
    for number in sorted(firsts):
        identity = firsts[number].identity
        if identity is not None and seen.setdefault(identity, number) != number:
            same[number] = seen[identity]
    return dict(sorted(same.items()))


def _differences(parts: Sequence[Found], number_of: Mapping[tuple[int, int], int], same: Mapping[int, int]) -> list[list[int]]:
    """The differences that any sweep judges, each once: also where it is judged the other way round."""
    found: dict[frozenset[int], list[int]] = {}
    for part in parts:
        for pair in part.sweep["fixed"]["differences"]:
            mapped = [number_of[id(part), number] for number in pair]
            ends = frozenset(same.get(number, number) for number in mapped)
            if len(ends) == 2:
                found.setdefault(ends, mapped)
    return list(found.values())


def _runs(
    parts: Sequence[Found], number_of: Mapping[tuple[int, int], int], arms: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Trained]]:
    """(the columns of the runs, the runs as sweep.json has them, the trajectories), in order of seed and arm."""
    paths: dict[Path, str] = {}  # a trajectory that two sweeps name differently is one
    best: dict[tuple[int, int], tuple[dict[str, Any], dict[str, Any]]] = {}
    trained: dict[str, Trained] = {}
    for part in parts:
        for row, run in zip(part.runs, part.sweep["runs"], strict=True):
            path = row["trajectory"]
            if path is not None:
                path = paths.setdefault(Path(path).resolve(), path)
                trained.setdefault(path, part.trained[row["trajectory"]])
            key = run["seed"], number_of[id(part), run["arm"]]
            if key not in best or _RANK.index(row["status"]) < _RANK.index(best[key][0]["status"]):
                best[key] = {**row, "trajectory": path}, dict(run)
    rows, planned = [], []
    for number, ((_, arm), (row, run)) in enumerate(sorted(best.items(), key=lambda item: item[0])):
        rows.append({**row, "number": number, "arm": arm, "label": arm_name(arms[arm]), **arms[arm]["levels"]})
        planned.append({**run, "number": number, "arm": arm})
    stood_on = {row["trajectory"] for row in rows}
    return rows, planned, {path: one for path, one in trained.items() if path in stood_on}
