"""The table of the last screen: each change, its value, its interval drawn, and the verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from rich.cells import cell_len
from rich.console import Console

from ablate import escaping, numbers, terminal
from ablate.report import bounds, naming, sentences
from ablate.report.screen import plot
from ablate.report.screen.plot import Interval
from ablate.results.computed.judged import PENDING
from ablate.results.question import Question
from ablate.stats.outcomes import SHOWN, Outcome

INDENT, GAP = 2, 2
NAME = 24  # characters from which names wrap rather than take room from the plot
LEAST_PLOT, MOST_PLOT, PIPED_PLOT = 18, 48, 34
COLORS = {Outcome.HELPS: "color(31)", Outcome.HURTS: "color(166)"}  # in the terminal's 256; the others are gray
GRAY, DIM, BOLD = "color(245)", "dim", "bold"


@dataclass(frozen=True)
class Row:
    """A comparison as it is drawn. value: signed. verdict: its word, without the mark."""

    name: str
    value: str
    verdict: str
    outcome: Outcome
    interval: Interval

    @property
    def style(self) -> str:
        """The color that its mark, interval, and verdict have."""
        return COLORS.get(self.outcome, GRAY)


def rows(
    question: Question,
    comparisons: pd.DataFrame,
    pair_labels: dict[tuple[int, int], str],
    places: int,
    partner: str | None,
) -> tuple[Row, ...]:
    """One row a comparison, the best first, rungs in their order; none where nothing is judged."""
    if comparisons.empty:
        return ()
    named = naming.compared(comparisons) if question.effects else [pair_labels[pair] for pair in question.pairs]
    drawn = bounds.drawn(comparisons, question.metric).to_dict("records")
    found = []
    for name, row, crossed in zip(named, drawn, question.interactions, strict=True):
        outcome = Outcome(row["verdict"])
        low, high, point = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high", "points"))
        if low is None or high is None or point is None:
            low = high = None
        pending = row["limit"] == PENDING  # an early look never shows what it may come to
        low, high, point = (None, None, None) if pending else (low, high, point)
        word = "pending" if pending else sentences.short(row, question.margin, crossed)
        value = numbers.NONE if pending else numbers.signed(row["points"], places)
        found.append(Row(name, value, word, outcome, Interval(point, low, high, SHOWN[outcome].sign)))
    if partner is None and not question.effects:
        found.sort(key=lambda row: -math.inf if row.interval.point is None else question.metric.better * row.interval.point)
        found.reverse()
    return tuple(found)


def unit(question: Question) -> str:
    """What values are in: percentage points, or the metric's own unit."""
    return "pp" if question.metric.unit == "%" else question.metric.points


def draw(console: Console, judged: Sequence[Row], question: Question) -> None:
    """Print the table. Where the terminal is too narrow, the plot goes first; name, value, and verdict always stay."""
    heading, verdicts = _heading(question), [_marked(row) for row in judged]
    name, value, verdict = _widths(judged, question)
    size = _plot_width(console, name, value, verdict)
    on = plot.axis([row.interval for row in judged], question.margin, size) if size else None
    table = terminal.grid(GAP, DIM)
    room = console.width - INDENT - 2 * GAP - value - verdict - ((size + GAP) if size else 0)
    whole = name if not console.is_terminal else max(min(name, room), 8)
    table.add_column(terminal.styled(" " * INDENT + heading), width=whole + INDENT)
    table.add_column(terminal.styled(unit(question)), justify="right", no_wrap=True, min_width=value)
    if on is not None:
        table.add_column(terminal.styled(plot.ticks(on), whole=True), no_wrap=True, width=size)
    table.add_column(
        terminal.styled("verdict"), width=verdict if not console.is_terminal or verdict < console.width // 2 else None
    )
    for row, told in zip(judged, verdicts, strict=True):
        drawn = [] if on is None else [_line(row, on, question.margin)]
        table.add_row(
            terminal.folded(row.name, whole, INDENT), terminal.styled(row.value, BOLD), *drawn, terminal.styled(told, row.style)
        )
    if not console.is_terminal:
        console.width = max(console.width, console.measure(table, options=console.options.update(width=10_000)).maximum)
    console.print(table)


def key(console: Console, judged: Sequence[Row], question: Question) -> tuple[str, ...]:
    """What the band of the plot is, for the line above the table; nothing where there is no plot or no margin."""
    if question.margin is None or not judged or not _plot_width(console, *_widths(judged, question)):
        return ()
    return (f"{plot.BAND} margin ± {question.margin:g} {unit(question)}",)


def _heading(question: Question) -> str:
    return "effect" if question.effects else "change"


def _marked(row: Row) -> str:
    return f"{SHOWN[row.outcome].sign} {row.verdict}"


def _widths(judged: Sequence[Row], question: Question) -> tuple[int, int, int]:
    """Characters of name, value, and verdict."""
    name = _widest([_heading(question), *(escaping.terminal(row.name) for row in judged)])
    return name, _widest([unit(question), *(row.value for row in judged)]), _widest(["verdict", *map(_marked, judged)])


def _plot_width(console: Console, name: int, value: int, verdict: int) -> int:
    """How many characters the plot gets; 0 where there is no room for one."""
    if not console.is_terminal:
        return PIPED_PLOT
    room = console.width - INDENT - 3 * GAP - value - verdict
    size = min(MOST_PLOT, room - min(name, NAME))
    return size if size >= LEAST_PLOT else 0


def _line(row: Row, on: plot.Axis, margin: float | None) -> terminal.Styled:
    text = terminal.styled(whole=True)
    for character, own in plot.line(row.interval, on, margin):
        text.append(character, row.style if own else DIM)
    return text


def _widest(texts: Sequence[str]) -> int:
    return max(map(cell_len, texts))
