"""Several sweeps as one: their arms matched by their levels, their seeds put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ablate import designs
from ablate.designs import Arm, levels_of
from ablate.errors import AblateError
from ablate.readout import judged_by
from ablate.results.frames import SweepParts, arm_name
from ablate.results.matching import Place, check_alike, match
from ablate.results.one_sweep import MOST_NAMED
from ablate.results.trained import Trained
from ablate.store.sweep import Sweep, SweepFraction
from ablate.store.sweep_runs import SweepArm, SweepRun
from ablate.text import counted

_RANK = ("diverged", "done", "failed", "missing")  # of two results for one run the first counts
_ALIKE = ("metric", "evaluation_set", "margin")  # what has to be fixed alike


@dataclass(frozen=True)
class _Value:
    """What a sweep has of a run that is done. accuracy, loss: as texts, so that NaN is itself."""

    run: str
    accuracy: str
    loss: str


def join(parts: Sequence[SweepParts]) -> SweepParts:
    """Several sweeps as one.

    Arms are one where they have the same level of every factor that any of the sweeps switches; see `match`. Runs of one arm
    with one seed are one: diverged where it diverged in any of them, else done where it is done in any, and a note says where
    they disagree. What is judged is what any of the sweeps judges.

    Raises:
        AblateError: they fix different metrics, evaluation sets or margins; one of them tuned its learning rates; arms with the
            same levels train or are read differently; or a level is not known.
    """
    _check_fixed(parts)
    if tuned := [part.name for part in parts if part.sweep.retune is not None]:
        raise AblateError(
            "Sweeps with retune=true cannot be joined, since each chose its own learning rates, got "
            f"{', '.join(tuned)}. Report them one at a time."
        )
    places = match(parts)
    numbers: dict[tuple[tuple[str, str], ...], int] = {}
    for place in places:
        numbers.setdefault(tuple(place.levels.items()), len(numbers))
    number_of = {(id(place.part), place.number): numbers[tuple(place.levels.items())] for place in places}
    firsts: dict[int, Place] = {}
    for place in places:
        first = firsts.setdefault(number_of[id(place.part), place.number], place)
        check_alike(first, place)
    arms = [Arm(levels) for levels in numbers]
    design, fraction = _design(parts, number_of)
    listed = [SweepArm(number, designs.label(design, arms, number), dict(arm.levels)) for number, arm in enumerate(arms)]
    same = _same_arms(parts, number_of, firsts)
    rows, planned, trained, disagree = _runs(parts, number_of, listed)
    studies = {part.sweep.study for part in parts}
    sweep = Sweep(
        study=studies.pop() if len(studies) == 1 else None,
        design=design,
        fraction=fraction,
        factors=levels_of(arms),
        baseline=dict(arms[0].levels),
        arms=tuple(listed),
        same_arms=tuple(same.items()),
        seeds=tuple(sorted({run.seed for run in planned})),
        runs=tuple(planned),
        store=", ".join(dict.fromkeys(part.sweep.store for part in parts)),
        fixed=replace(
            parts[0].sweep.fixed,
            steps=tuple(firsts[number].step for number in range(len(arms))),
            weights=tuple(firsts[number].weights for number in range(len(arms))),
            differences=_differences(parts, number_of, same),
            effects=tuple(dict.fromkeys(effect for part in parts for effect in part.sweep.fixed.effects)),
            looks=max(part.sweep.fixed.looks for part in parts),
        ),
        joined=tuple(part.name for part in parts),
    )
    notes = [*(f"{part.name}: {note}" for part in parts for note in part.notes), *disagree]
    return SweepParts(" and ".join(part.name for part in parts), sweep, rows, trained, notes)


def _check_fixed(parts: Sequence[SweepParts]) -> None:
    for key in _ALIKE:
        values = [getattr(part.sweep.fixed, key) for part in parts]
        if len(set(values)) > 1:
            received = ", ".join(f"{value} in {part.name}" for value, part in zip(values, parts, strict=True))
            raise AblateError(
                f"Joined sweeps must have fixed the same {key.replace('_', ' ')} before training, got {received}. "
                "Report them one at a time."
            )


def _design(parts: Sequence[SweepParts], number_of: Mapping[tuple[int, int], int]) -> tuple[str, SweepFraction | None]:
    """(the design that all together have, or `joined`; how a fraction was chosen)."""
    found = {part.sweep.design for part in parts}
    orders = [[number_of[id(part), arm.number] for arm in part.sweep.arms] for part in parts]
    if len(found) == 1:
        [design] = found
        fractions = [part.sweep.fraction for part in parts]
        if all(order == orders[0] for order in orders) and all(fraction == fractions[0] for fraction in fractions):
            return design, fractions[0]
        made = designs.known(design)
        if made is not None and made.crossed and all(set(order) == set(orders[0]) for order in orders):
            return design, None
        if made is not None and made.alone and all(order[0] == 0 for order in orders):
            return design, None
    if by_effects := [part.sweep for part in parts if part.sweep.fixed.effects]:
        what = "A fractional sweep" if by_effects[0].fraction is not None else "A sweep that is judged by effects"
        raise AblateError(
            f"{what} can be joined only with sweeps of the same arms, because its effects are estimated from all of them; "
            f"got {', '.join(part.name for part in parts)}. Report it alone."
        )
    return designs.JOINED, None


def _same_arms(
    parts: Sequence[SweepParts], number_of: Mapping[tuple[int, int], int], firsts: Mapping[int, Place]
) -> dict[int, int]:
    """The earlier arm that a later one is one with, by the later."""
    same: dict[int, int] = {}
    for part in parts:
        for later, first in part.sweep.same_arms:
            pair = sorted((number_of[id(part), later], number_of[id(part), first]))
            same.setdefault(pair[1], pair[0])
    seen: dict[str, int] = {}
    for number in sorted(firsts):
        identity = firsts[number].identity
        if identity is not None and seen.setdefault(identity, number) != number:
            same[number] = seen[identity]
    return dict(sorted(same.items()))


def _differences(
    parts: Sequence[SweepParts], number_of: Mapping[tuple[int, int], int], same: Mapping[int, int]
) -> tuple[tuple[int, int], ...]:
    """The differences that any sweep judges, each once: also where it is judged the other way round."""
    found: dict[frozenset[int], tuple[int, int]] = {}
    for part in parts:
        for one, other in part.sweep.fixed.differences:
            mapped = number_of[id(part), one], number_of[id(part), other]
            ends = frozenset(same.get(number, number) for number in mapped)
            if len(ends) == 2:
                found.setdefault(ends, mapped)
    return tuple(found.values())


def _runs(
    parts: Sequence[SweepParts], number_of: Mapping[tuple[int, int], int], arms: Sequence[SweepArm]
) -> tuple[list[dict[str, Any]], list[SweepRun], dict[str, Trained], list[str]]:
    """(the columns of the runs, the runs as sweep.json has them, the trajectories, notes), in order of seed and arm."""
    paths: dict[Path, str] = {}  # a trajectory that two sweeps name differently is one
    best: dict[tuple[int, int], tuple[dict[str, Any], SweepRun]] = {}
    trained: dict[str, Trained] = {}
    states: dict[tuple[int, int], set[str]] = {}
    values: dict[tuple[int, int], list[_Value]] = {}
    for part in parts:
        for row, run in zip(part.runs, part.sweep.runs, strict=True):
            path = row["trajectory"]
            if path is not None:
                path = paths.setdefault(Path(path).resolve(), path)
                trained.setdefault(path, part.trained[row["trajectory"]])
            key = run.seed, number_of[id(part), run.arm]
            states.setdefault(key, set()).add(row["status"])
            if row["status"] == "done":
                value = _Value(
                    f"run {run.number} of {part.name}",
                    str(row.get(judged_by(part.sweep))),
                    str(row["loss"]),
                )
                values.setdefault(key, []).append(value)
            if key not in best or _RANK.index(row["status"]) < _RANK.index(best[key][0]["status"]):
                best[key] = {**row, "trajectory": path}, run
    rows: list[dict[str, Any]] = []
    planned: list[SweepRun] = []
    for number, ((_, arm), (row, run)) in enumerate(sorted(best.items(), key=lambda item: item[0])):
        rows.append({**row, "number": number, "arm": arm, "label": arm_name(arms[arm]), **arms[arm].levels})
        planned.append(replace(run, number=number, arm=arm))
    stood_on = {row["trajectory"] for row in rows}
    there = {path: one for path, one in trained.items() if path in stood_on}
    counting = [found for key, found in sorted(values.items()) if "diverged" not in states[key]]
    return rows, planned, there, [*_disagreements(list(states.values())), *_other_values(counting)]


def _other_values(values: Sequence[Sequence[_Value]]) -> list[str]:
    """Where sweeps that share a run that is done have other numbers of it, one line.

    Args:
        values: for each run what every sweep has of it, the one that counts first.
    """
    pairs = [
        f"{found[0].run} and {other.run}"
        for found in values
        for other in found[1:]
        if (other.accuracy, other.loss) != (found[0].accuracy, found[0].loss)
    ]
    if not pairs:
        return []
    more = f"; and {len(pairs) - MOST_NAMED} more" if len(pairs) > MOST_NAMED else ""
    named = "; ".join(pairs[:MOST_NAMED])
    return [f"Runs with the same arm and seed have different accuracies or losses, and the first named counts: {named}{more}"]


def _disagreements(states: Sequence[set[str]]) -> list[str]:
    """Where sweeps that share a run tell of different ends, a line each; a run that is missing tells nothing.

    Args:
        states: for each run all that became of it.
    """
    notes = []
    for winner, loser in (("diverged", "done"), ("diverged", "failed"), ("done", "failed")):
        count = sum({winner, loser} <= each and not (winner == "done" and "diverged" in each) for each in states)
        if count:
            notes.append(f"{counted(count, 'run')} {winner} in one sweep, {loser} in another: counted as {winner}")
    return notes
