"""What to do next about a sweep: one command and its sentence."""

import math
import os
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ablate import escaping
from ablate.designs import phrases
from ablate.designs.design import KINDS
from ablate.errors import AblateError
from ablate.planning import added
from ablate.planning.folders import sweep_folder
from ablate.report import repeat
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats import MOST_ADDED, Outcome
from ablate.store import packed
from ablate.store.sweep import Sweep
from ablate.store.sweep_names import MULTIRUN
from ablate.text import counted, estimate

ENOUGH_SEEDS = 5  # what is advised where one seed gives no verdict


class NextStep(NamedTuple):
    """What to do next.

    sentence: without a full stop. command: that does it; empty where there is none to give. row: of the comparison that it is
    about, None where that is all of them.
    """

    sentence: str
    command: str
    row: int | None = None


def next_step(
    results: Results, question: Question, comparisons: pd.DataFrame, settling: pd.DataFrame, folder: str
) -> NextStep | None:
    """The one next step that would settle most cheaply what is inconclusive; None where nothing is, or seeds cannot be added.

    Args:
        folder: of the sweep, as it is to be named to the reader.
    """
    sweep = results.sweep
    if sweep.joined is not None or sweep.design in KINDS or question.exploratory or not len(comparisons):
        return None
    if len(sweep.seeds) == 1 and (comparisons["verdict"] == Outcome.NO_VERDICT).all():
        more = ENOUGH_SEEDS - 1
        return NextStep(f"One seed gives no verdict; {more} more would", command(sweep, folder, more))
    if settling.empty:
        return None
    within_reach = settling.dropna(subset=["more"])
    if within_reach.empty:
        rows = settling["row"].tolist()
        which = [subject(results, question, comparisons, row) for row in rows]
        what = which[0] if len(which) == 1 else f"any of {counted(len(which), 'comparison')}"
        return NextStep(f"Even {MOST_ADDED} more seeds would probably not settle {what}", "")
    best = within_reach.sort_values(["more", "seconds", "chance"], ascending=[True, True, False]).iloc[0]
    row, more = int(best["row"]), int(best["more"])
    only = [] if question.effects or len(comparisons) == 1 else [comparisons["override"].tolist()[row]]
    likely = f"{100 * best['chance']:.0f}% likely"
    time = "" if math.isnan(best["seconds"]) or not best["seconds"] else f", {estimate(best['seconds'])}"
    unpacked = "unpack the sweep to add seeds: " if _pack(folder) is not None else ""
    sentence = (
        f"{unpacked}{counted(more, 'more seed')} would settle {subject(results, question, comparisons, row)} ({likely}{time})"
    )
    return NextStep(sentence, command(sweep, folder, more, only), row)


def subject(results: Results, question: Question, comparisons: pd.DataFrame, row: int) -> str:
    """What a comparison is about, in the middle of a sentence: `augmentation`."""
    if question.effects:
        return str(comparisons["name"].tolist()[row])
    arm, other = question.pairs[row]
    arms = results.sweep.arms
    return phrases.subject(arms[arm].switched.changes(arms[other].switched)) or str(comparisons["name"].tolist()[row])


def command(sweep: Sweep, folder: str, more: int, only: list[str] | None = None) -> str:
    """The command that adds seeds to a sweep; of one that takes none the command of the larger sweep.

    A pack is unpacked first, so it has the command for that.
    """
    if (pack := _pack(folder)) is not None:
        return f"ablate runs unpack {escaping.command([str(pack)])}"
    if sweep.retune is not None or sweep.trainer == repeat.FUNCTION:
        return repeat.again(added.larger(sweep, more), None)
    words = [word for each in only or () for word in ("--only", each)]
    return f"ablate more {escaping.command([sweep_name(folder), '--seeds', str(more), *words])}"


def _pack(folder: str) -> Path | None:
    """The pack that a sweep is read in; None where it is in none."""
    try:
        place = packed.inside(sweep_folder(folder))
        return place if place is None or Path(folder).is_absolute() else Path(os.path.relpath(place))
    except AblateError:
        return None  # of a folder that is not there any more


def sweep_name(folder: str) -> str:
    """How a sweep is named on the command line: its folder's name where that lies in `multirun` below the current one."""
    place = Path(folder)
    name = place.name if place.parent == Path(MULTIRUN) else folder
    return f"./{name}" if name.startswith("-") else name
