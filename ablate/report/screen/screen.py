"""The last screen of a sweep, from its analysis."""

from pathlib import Path

import pandas as pd
from rich.console import Console

from ablate import escaping, numbers, terminal
from ablate.designs import STORE, TUNING
from ablate.report import caveats, extra_cost, footnotes, headline, repeat
from ablate.report.next_step import next_step as settle
from ablate.report.screen import verdicts
from ablate.report.screen.closing import Closing, Step, show_closing, show_head
from ablate.report.screen.head import head
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store import sweep_names
from ablate.text import counted


def show(analysis: Analysis, console: Console, page: Path | None = None, folder: Path | None = None) -> None:
    """Print it, as wide as the terminal allows.

    Args:
        page: of the report; None where none was written.
        folder: of the sweep; None of several, which no command names.
    """
    for line in footnotes.exploratory(analysis.question):
        terminal.say(console, line)
    judged = analysis.fill(verdicts.rows)
    show_head(console, [*analysis.fill(head), *verdicts.key(console, judged, analysis.question)])
    console.print()
    if judged:
        verdicts.draw(console, judged, analysis.question)
        console.print()
    elif len(analysis.arms) > 1:
        terminal.draw(console, analysis.fill(arms_alone))
        console.print()
    notes = [*filter(None, [caveats.chosen_on_the_same(analysis.results)])]
    notes += analysis.fill(troubles) or analysis.fill(extra_cost.besides)
    step = None if folder is None else next_step(analysis, folder)
    show_closing(console, Closing(analysis.fill(headline.answer), notes, page, step))


def troubles(results: Results, statuses: "pd.Series[str]") -> list[str]:
    """How many runs have no value, and why; none where all have one."""
    gone = statuses[results.runs["status"] != "done"]
    if gone.empty or (results.runs["status"] == "missing").all():  # which the answer says
        return []
    counts = numbers.listed(gone.value_counts(sort=False).sort_index().to_dict())
    return [f"{len(gone):,} of {counted(len(results.runs), 'run')} {'has' if len(gone) == 1 else 'have'} no value: {counts}."]


def arms_alone(question: Question, arms: pd.DataFrame, places: int) -> list[terminal.Column]:
    """The arms where nothing is compared: value, SD, and seeds."""
    metric = question.metric
    return [
        terminal.Column("arm", tuple(arms["label"]), words=True, name=True),
        terminal.Column("seeds", tuple(map(numbers.whole, arms["n"]))),
        terminal.Column(f"{metric.name} ({metric.unit})", tuple(numbers.number(value, places) for value in arms["mean"])),
        terminal.Column("SD", tuple(numbers.number(value, places) for value in arms["sd"]), spare=1),
    ]


def next_step(analysis: Analysis, folder: Path) -> Step:
    """What is to be done next: complete the runs, settle what is inconclusive, or look closer."""
    sweep, runs = analysis.results.sweep, analysis.results.runs
    name = sweep_names.shortest(folder)
    left = int(runs["status"].isin(("failed", "missing")).sum())
    if left and sweep.joined is None and sweep.design not in (STORE, TUNING):
        command = repeat.again(sweep, None) if sweep.trainer == repeat.FUNCTION else f"ablate -m {escaping.command([name])}"
        return Step(command, f"complete {counted(left, 'run')}")
    settled = analysis.fill(settle, folder=name)
    if settled is not None and settled.command:
        return Step(settled.command.removeprefix("python -m "), settled.sentence)
    return Step(f"ablate report {escaping.command([name])} --explain", "costs, side effects, and the rule of the verdicts")
