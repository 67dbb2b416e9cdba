"""The last screen of a search: what it gained on fresh seeds, where its page is, and what to do next."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.console import Console

from ablate import escaping, numbers, terminal
from ablate.report.screen import Closing, Step, show_closing, show_head, verdicts
from ablate.report.search import repeat, words
from ablate.results.analysis import Analysis
from ablate.results.search import SearchResults
from ablate.stats.outcomes import DIFFERS, Outcome
from ablate.store import sweep_names
from ablate.text import counted


def show(found: SearchResults, console: Console, page: Path | None) -> None:
    """Print it; see `ablate.report.screen.show`."""
    for line in words.warnings(found):
        terminal.say(console, f"{line}.")
    judged = rows(found)
    question = None if found.confirmation is None else found.confirmation.question
    show_head(console, [*head(found), *(verdicts.key(console, judged, question) if question is not None else ())])
    console.print()
    if judged and question is not None:
        verdicts.draw(console, judged, question)
        console.print()
    show_closing(console, Closing(answer(found), (), page, next_step(found)))


def head(found: SearchResults) -> list[str]:
    """Name, trials by state, and the seeds of the confirmation."""
    states = numbers.listed({words.state(state): count for state, count in found.ended.items()})
    parts = [found.title, f"{counted(sum(found.ended.values()), 'trial')}{f': {states}' if states else ''}"]
    if found.confirmation is not None and found.confirmation.results.sweep.seeds:
        parts.append(counted(len(found.confirmation.results.sweep.seeds), "fresh seed"))
    return parts


def rows(found: SearchResults) -> tuple[verdicts.Row, ...]:
    """The best setting against the default one, on the seeds that no trial used; none without a confirmation."""
    analysis = found.confirmation
    if analysis is None or analysis.comparisons.empty:
        return ()
    named = [setting(words.measured(found, analysis, arm)) for arm, _ in analysis.question.pairs]
    return tuple(replace(row, name=name) for row, name in zip(analysis.fill(verdicts.rows), named, strict=True))


def setting(given: dict[str, float | int | str]) -> str:
    """A setting in few words, as in `lr 0.0536, batch_size 32`."""
    return ", ".join(f"{key} {words.value(one)}" for key, one in given.items())


def answer(found: SearchResults) -> str:
    """What the search gained, in a sentence; a confirmed gain or loss with both values."""
    analysis = found.confirmation
    if analysis is None or analysis.comparisons.empty:
        return words.answer(found)
    row = analysis.comparisons.iloc[0]
    best, default = (_mean(analysis, int(row[side])) for side in ("arm", "against"))
    if Outcome(row["verdict"]) not in DIFFERS or best is None or default is None:
        return words.answer(found)
    gains = "gains" if row["points"] * analysis.question.metric.better > 0 else "loses"
    size = numbers.number(abs(row["points"]), _places(analysis))
    unit = verdicts.unit(analysis.question)
    return f"The best setting {gains} {size} {unit} on fresh seeds: {best}, default {default}."


def _mean(analysis: Analysis, arm: int) -> str | None:
    values = analysis.arms.set_index("arm")["mean"]
    metric = analysis.question.metric
    if pd.isna(values[arm]):
        return None
    return numbers.number(values[arm], _places(analysis)) + ("%" if metric.unit == "%" else "")


def _places(analysis: Analysis) -> int:
    return 1 if analysis.question.metric.unit == "%" else analysis.places


def next_step(found: SearchResults) -> Step | None:
    """What is to be done next: finish the search, or train what it found."""
    if words.unfinished(found) or (found.confirmation is None and not words.default_won(found)):
        return Step(f"ablate -m {escaping.command([sweep_names.shortest(found.folder)])}", "finish the search")
    commands = {what: line.removeprefix("python -m ") for what, line in repeat.commands(found, str(found.folder)).items()}
    trained = next((what for what in commands if what.startswith("train the best")), None)
    return None if trained is None else Step(commands[trained], trained)
