"""Which looks a plan makes, and which ones sweeps of older versions made: all that is known of them before training.

Nothing is written here; `running.looks` enters them.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablate.confidence import LEVEL
from ablate.errors import AblateError
from ablate.planning.look_law import Decision, Row, arm_key, comparison_key, decide, family_key, history, look_key
from ablate.planning.plan import Plan
from ablate.store import Trajectory, known_sweeps, looks, sweep_file
from ablate.store.labels import data_digest
from ablate.store.look_lines import Compared, Entry, Ledger, Look
from ablate.store.sweep import Sweep
from ablate.store.trials import CONFIRMATION


def weights_of(sweep: Sweep) -> list[dict[int, float]]:
    """How much each arm counts in each judged row, those that do."""
    fixed = sweep.fixed
    if not fixed.effects:
        return [{arm: 1.0, other: -1.0} for arm, other in fixed.differences]
    import pandas as pd  # slow to import, and no other part of a plan needs it

    from ablate.stats import contrast_weights

    levels = pd.DataFrame([arm.levels for arm in sweep.arms], index=[arm.number for arm in sweep.arms])
    made = contrast_weights(levels, sweep.factors, fixed.effects)
    table = made.to_numpy().tolist()
    return [{arm.number: weight for arm, weight in zip(sweep.arms, row, strict=True) if weight} for row in table]


def look_keys(sweep: Sweep) -> list[str]:
    """The look that each judged row of a sweep is; see `planning.look_law.look_key`."""
    last, metric = sweep.averaged, sweep.fixed.metric
    runs = {(run.arm, run.seed): (run.seed, run.fingerprint, run.readout.weights, run.readout.step) for run in sweep.runs}
    return [
        look_key(metric, last, [(runs[arm, seed], weight) for arm, weight in row.items() for seed in sweep.seeds_of(row)])
        for row in weights_of(sweep)
    ]


def rows_of(sweep: Sweep, contents: Mapping[int, Mapping[str, Any]], confirms: bool) -> list[Row | None]:
    """The judged rows of a sweep; None for one of which an arm is not known.

    Args:
        contents: of each arm what is trained; see `training_fingerprint`.
        confirms: whether it measures the winner of a search against the default setting.
    """
    fixed = sweep.fixed
    arms = {
        number: arm_key(content, fixed.evaluation_set, fixed.weights[number], fixed.steps[number])
        for number, content in contents.items()
    }
    own = [] if sweep.retune is None else sweep.retune["own"]
    winners = {1} if confirms else {chosen for number, chosen in enumerate(own) if chosen != number}
    rows: list[Row | None] = []
    for weights, look in zip(weights_of(sweep), look_keys(sweep), strict=True):
        if not arms.keys() >= weights.keys():
            rows.append(None)
            continue
        key = comparison_key(fixed.metric, [(arms[arm], weight) for arm, weight in weights.items()])
        family = family_key(fixed.metric, arms[0]) if winners & weights.keys() and 0 in arms else None
        rows.append(Row(key, look, tuple(sorted(weights)), family, sweep.seeds_of(weights)))
    return rows


def decide_plan(plan: Plan, ledger: Ledger) -> Decision | None:
    """What a plan would look at; None where it judges nothing.

    Args:
        ledger: the looks of its store, those of older versions among them.
    """
    sweep = plan.sweep
    contents = {run.arm: run.content for run in plan.first_runs}
    rows = [row for row in rows_of(sweep, contents, plan.confirms) if row is not None]
    return decide(rows, sweep.seeds, ledger, unread(store_of(plan), ledger)) if rows else None


def foreseen(plan: Plan) -> tuple[Decision | None, Ledger]:
    """What a plan would look at, and all looks of its store so far; nothing is written.

    Raises:
        AblateError: the store cannot be read.
    """
    store, steps = store_of(plan), set(plan.fixed.steps)
    ledger = looks.read(store)
    found = older(store, ledger, lambda sweep: not steps.isdisjoint(sweep.fixed.steps))
    entries = (replace(entry, check=f"older {number}") for number, entry in enumerate(found))
    whole = replace(ledger, entries=(*ledger.entries, *entries))
    return decide_plan(plan, whole), whole


def histories(sweep: Sweep, decision: Decision, ledger: Ledger) -> list[list[Look]]:
    """The looks at each judged row so far, and behind them that of a decision, be it entered or not."""
    kept = [(check, look) for check, gone in decision.withdrawn.items() for look in gone]
    made = entries_of(sweep, "", decision.new, {})
    planned = (replace(entry, check=f"planned {number}") for number, entry in enumerate(made))
    whole = replace(ledger, entries=(*ledger.entries, *planned), withdrawn=ledger.withdrawn.union(kept))
    found = [whole.find(row.look) for row in decision.rows]
    return [history(whole, look) for look in found if look is not None]


def store_of(plan: Plan) -> Path:
    """The store of a plan."""
    return plan.runs[0].trajectory.store


def entries_of(
    sweep: Sweep, name: str, comparisons: Sequence[Compared], content: Mapping[str, Any], is_older: bool = False
) -> list[Entry]:
    """What is entered of a sweep: one entry, or where rows have different seeds, as after some were added, one for each list.

    Args:
        name: of its folder.
        content: what is trained in one of its arms, which tells the data.
    """
    groups: dict[tuple[int, ...], list[Compared]] = {}
    for each in comparisons:
        groups.setdefault(sweep.seeds_of(each.arms), []).append(each)
    return [_entry(sweep, name, seeds, rows, content, is_older) for seeds, rows in groups.items()]


def _entry(
    sweep: Sweep, name: str, seeds: tuple[int, ...], rows: Sequence[Compared], content: Mapping[str, Any], is_older: bool
) -> Entry:
    """The entry of rows with the same seeds; of a sweep that has them in all arms it lists all, else those of the rows."""
    prints = {(run.arm, run.seed): run.fingerprint for run in sweep.runs}
    counted = {arm for row in rows for arm in row.arms}
    arms = [arm.number for arm in sweep.arms if arm.number in counted or all((arm.number, seed) in prints for seed in seeds)]
    fixed = sweep.fixed
    return Entry(
        sweep=name,
        metric=fixed.metric,
        margin=fixed.margin,
        seeds=seeds,
        last=sweep.averaged,
        judged=len(fixed.effects) or len(fixed.differences),
        readouts=tuple((fixed.weights[arm], fixed.steps[arm]) for arm in arms),
        fingerprints=tuple(tuple(prints[arm, seed] for seed in seeds) for arm in arms),
        comparisons=tuple(replace(row, arms=tuple(map(arms.index, row.arms))) for row in rows),
        entered_at=sweep.fixed_at if is_older and sweep.fixed_at is not None else int(time.time()),
        evaluation_set=fixed.evaluation_set,
        data=data_digest(content) or "",
        older=is_older,
    )


def name_of(folder: Path) -> str:
    """What a sweep is called in the looks: its folder, that of a confirmation with the search that it is of."""
    place = folder.resolve()
    return f"{place.parent.name}/{place.name}" if place.name.startswith(CONFIRMATION) else place.name


def unread(store: Path, ledger: Ledger) -> Callable[[Look], bool]:
    """Tells of a look whether none of its runs has ended."""
    known: dict[tuple[str, str, int], bool] = {}

    def has_ended(run: tuple[str, str, int]) -> bool:
        if run not in known:
            known[run] = _has_ended(Trajectory(store, run[0]), run[2])
        return known[run]

    def of(look: Look) -> bool:
        entry = look.entry
        return not (entry.older or entry.check in ledger.ended or any(map(has_ended, entry.runs(look.row))))

    return of


def _has_ended(training: Trajectory, step: int) -> bool:
    try:
        return training.diverged_at <= step or step in training.lines().by_step
    except AblateError:
        return True  # it was there, and cannot be read now


def older(store: Path, ledger: Ledger, wanted: Callable[[Sweep], bool] = lambda _: True) -> list[Entry]:
    """The looks that sweeps of older versions made in a store, one each, as they would be entered.

    Args:
        wanted: of which of them.

    Raises:
        AblateError: it is not known which sweeps there are.
    """
    known = {row.look for entry in ledger.entries for row in entry.comparisons}
    found: list[Entry] = []
    for registered in known_sweeps(store):
        sweep = judging(registered.folder)
        if sweep is not None and is_older(sweep, ledger) and wanted(sweep):
            found += older_of(sweep, registered.folder, store, known)
    return sorted(found, key=lambda entry: entry.entered_at)


def judging(folder: Path) -> Sweep | None:
    """The sweep of a folder; None where it is none that judges anything, or cannot be read."""
    with suppress(AblateError, OSError):
        file = sweep_file.read(folder)
        judges = (
            file is not None and not file.sweep.is_search and bool(file.sweep.fixed.differences or file.sweep.fixed.effects)
        )
        return file.sweep if file is not None and judges else None
    return None


def is_older(sweep: Sweep, ledger: Ledger) -> bool:
    """Whether a sweep was fixed before the looks of its store were begun."""
    return sweep.fixed_at is None or ledger.begun_at is None or sweep.fixed_at < ledger.begun_at


def older_of(sweep: Sweep, folder: Path, store: Path, known: Collection[str]) -> list[Entry]:
    """The look of a sweep of an older version; nothing where it is known, none of its runs ended, or nothing of it is left."""
    keys = look_keys(sweep)
    if set(known).issuperset(keys) or not any(
        _has_ended(Trajectory(store, run.fingerprint), run.readout.step) for run in sweep.runs
    ):
        return []
    contents = _contents(sweep, store)
    rows = rows_of(sweep, contents, folder.name.startswith(CONFIRMATION))
    level = LEVEL / (len(keys) * sweep.fixed.looks)
    made = {
        row.look: Compared(row.key, row.look, row.arms, 0, len(keys), level, row.family)
        for row in rows
        if row is not None and row.look not in known
    }
    if not made:
        return []
    return entries_of(sweep, name_of(folder), list(made.values()), next(iter(contents.values())), is_older=True)


def _contents(sweep: Sweep, store: Path) -> dict[int, Mapping[str, Any]]:
    """What is trained in each arm, as far as a training of it is left."""
    found: dict[int, Mapping[str, Any]] = {}
    for run in sweep.runs:
        if run.arm not in found:
            with suppress(AblateError):
                content = Trajectory(store, run.fingerprint).config()
                found |= {} if content is None else {run.arm: content}
    return found
