"""Looks are entered before training, and it is noted that their runs ended: the only place that writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.messages import say
from ablate.planning import looks as planned
from ablate.planning.plan import Plan
from ablate.store import is_forbidden, looks
from ablate.store.state import State


def enter(plan: Plan, folder: Path, margin: float | None) -> None:
    """Enter the looks of a plan, and those of sweeps of older versions that the store does not know yet.

    A list of seeds that would be exploratory enters nothing. What another user's store does not let this one write
    is said, unless it is there already.

    Args:
        margin: that is fixed; None where the metric has none.

    Raises:
        AblateError: the store cannot be written or read.
    """
    if not (plan.differences or plan.effects):
        return
    store = planned.store_of(plan)
    try:
        with looks.entering(store) as ledger:
            before = planned.older(store, ledger)
            if before:
                looks.add(store, ledger, before, {})
                ledger = looks.read(store)
            decision = planned.decide_plan(plan, ledger)
            if decision is not None and decision.new:
                sweep = replace(plan.sweep, fixed=replace(plan.fixed, margin=margin))
                entries = planned.entries_of(sweep, planned.name_of(folder), decision.new, plan.runs[0].content)
                looks.add(store, ledger, entries, decision.withdrawn)
    except AblateError as error:
        if not is_forbidden(error):
            raise
        decision, _ = planned.foreseen(plan)
        if decision is not None and decision.new:
            say(f"{error} This look is not counted, so the report is exploratory.")


def enter_older(store: Path, folders: Iterable[Path]) -> None:
    """Enter the looks of sweeps that were unpacked without any, as versions before looks packed them.

    Raises:
        AblateError: the store cannot be written or read.
    """
    if looks.read(store).begun_at is None:
        return  # all that is there is older than the first look
    with looks.entering(store) as ledger:
        known = {row.look for entry in ledger.entries for row in entry.comparisons}
        sweeps = ((planned.judging(folder), folder) for folder in folders)
        found = [planned.older_of(sweep, folder, store, known) for sweep, folder in sweeps if sweep is not None]
        looks.add(store, ledger, [entry for entries in found for entry in entries], {})


def note_ended(plan: Plan, results: Sequence[Mapping[str, Any]]) -> None:
    """Note which looks of a plan have a run that ended with a value, or diverged.

    Args:
        results: of its runs, in order.

    Raises:
        AblateError: the store cannot be written or read.
    """
    arms = {run.arm for run, result in zip(plan.runs, results, strict=True) if result["status"] in (State.DONE, State.DIVERGED)}
    sweep = plan.sweep
    rows = zip(planned.weights_of(sweep), planned.look_keys(sweep), strict=True)
    ended = {look for weights, look in rows if arms & weights.keys()}
    try:
        if ended:
            looks.note_ended(planned.store_of(plan), ended)
    except AblateError as error:
        if not is_forbidden(error):
            raise
