"""The last screen of a sweep, from its analysis."""

from pathlib import Path

import pandas as pd
from rich.console import Console

from ablate import escaping, numbers, terminal
from ablate.designs import STORE, TUNING
from ablate.report import footnotes
from ablate.report.page import story
from ablate.report.repeat import again
from ablate.report.screen import verdicts
from ablate.report.screen.closing import Closing, Step, show_closing, show_head
from ablate.report.screen.head import head
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store import sweep_names
from ablate.text import counted


def show(analysis: Analysis, console: Console, page: Path | None = None, name: str | None = None) -> None:
    """Print it, as wide as the terminal allows.

    Args:
        page: of the report; None where none was written.
        name: how commands name the sweep; None where no command can, as of several sweeps.
    """
    for line in footnotes.exploratory(analysis.question):
        terminal.say(console, line)
    show_head(console, analysis.fill(head))
    console.print()
    if judged := analysis.fill(verdicts.rows):
        verdicts.draw(console, judged, analysis.question)
        console.print()
    elif len(analysis.arms) > 1:
        terminal.draw(console, analysis.fill(arms_alone))
        console.print()
    told = Closing(analysis.fill(answer), analysis.fill(troubles), page, None if name is None else next_step(analysis, name))
    show_closing(console, told)


def answer(results: Results, question: Question, comparisons: pd.DataFrame, stability: pd.DataFrame) -> str:
    """What was found, in a sentence or two."""
    return story.answer(results, question, comparisons, stability)


def troubles(results: Results, statuses: "pd.Series[str]") -> list[str]:
    """How many runs have no value, and why; none where all have one."""
    gone = statuses[results.runs["status"] != "done"]
    if gone.empty:
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


def next_step(analysis: Analysis, name: str) -> Step:
    """What is to be done next: complete the runs, add seeds, or look closer."""
    sweep, runs = analysis.results.sweep, analysis.results.runs
    left = int(runs["status"].isin(("failed", "missing")).sum())
    if left and sweep.joined is None and sweep.design not in (STORE, TUNING):
        return Step(again(sweep, str(sweep_names.one(name))).removeprefix("python -m "), f"complete {counted(left, 'run')}")
    if len(sweep.seeds) == 1 and analysis.question.judged:
        return Step(f"ablate more {escaping.command([name])} --seeds 4", "one seed gives no verdict; add more")
    return Step(f"ablate report {escaping.command([name])} --explain", "costs, side effects, and the rule of the verdicts")
