"""What stands under the table of the last screen: the answer, what has no value, the page, and the next command."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from ablate import escaping, terminal

LABEL = 8  # characters of `Report` and `Next` with the room behind them
BETWEEN = " · "
INDENT = "  "


@dataclass(frozen=True)
class Step:
    """What to do next. why: what for, and how long it takes; empty where the command says it. command: to be typed."""

    command: str
    why: str = ""


@dataclass(frozen=True)
class Closing:
    """The lines under the table. answer: one or two sentences. notes: a line each. page: what to open; None for nothing."""

    answer: str
    notes: Sequence[str] = ()
    page: Path | None = None
    step: Step | None = None


def show_head(console: Console, parts: Sequence[str]) -> None:
    """Print the first line, broken between its parts alone."""
    lines = [""]
    for part in map(escaping.terminal, parts):
        longer = f"{lines[-1]}{BETWEEN}{part}" if lines[-1] else part
        if lines[-1] and console.is_terminal and cell_len(longer) > console.width:
            lines.append(f"{INDENT}{part}")
        else:
            lines[-1] = longer
    for line in lines:
        console.print(terminal.styled(line, "dim"), soft_wrap=True)


def show_closing(console: Console, closing: Closing) -> None:
    """Print the lines; paths and commands stay in one piece, so that they can be copied."""
    for line in (closing.answer, *closing.notes):
        terminal.say(console, line)
    console.print()
    if closing.page is not None:
        path = terminal.styled(shown_path(closing.page), "bold")
        console.print(terminal.styled("Report".ljust(LABEL)) + path, soft_wrap=True)
    if closing.step is None:
        return
    words = terminal.styled("Next".ljust(LABEL))
    if closing.step.why:
        console.print(words + terminal.styled(f"{closing.step.why}:"), soft_wrap=not console.is_terminal)
        words = terminal.styled(INDENT)
    console.print(words + terminal.styled(closing.step.command), soft_wrap=True)


def shown_path(path: Path) -> str:
    """A path as it is shorter: from the current folder where it is below it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
