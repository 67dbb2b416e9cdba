"""What the terminal shows of a report: the verdicts, the sentences that read them, and the lines under them."""

from rich.console import Console

from ablate import terminal
from ablate.report import footnotes, sentences
from ablate.report.tables import order, retune, verdicts
from ablate.report.tables.table import Table
from ablate.results.analysis import Analysis

SHOWN = ("arms", retune.NAME, verdicts.NAME)  # one below the other


def show(analysis: Analysis, console: Console) -> list[str]:
    """Print the summary, as wide as the terminal allows and whole in a pipe: the arms, then what is judged.

    Returns:
        The columns that there was no room for.
    """
    changed = footnotes.exploratory(analysis.question)
    for line in changed:
        terminal.say(console, line)
        console.print()
    found = {table.name: table for table in order.every(analysis)}
    dropped: list[str] = []
    for number, name in enumerate(name for name in SHOWN if name in found):
        if number:
            console.print()
        dropped += print_table(found[name], console)
    notes = [] if retune.NAME not in found else list(found[retune.NAME].notes)
    notes += [line for line in analysis.fill(footnotes.verdict_notes) if line not in changed]
    for line in [*analysis.fill(sentences.sentences), "", *notes]:
        terminal.say(console, line)
    return dropped


def print_table(table: Table, console: Console) -> list[str]:
    """Print a table; the columns that there was no room for."""
    dropped = terminal.draw(console, table.drawn)
    console.print()
    return dropped
