"""What the terminal shows of a report: the verdicts, the sentences that read them, and the lines under them."""

from rich.console import Console

from ablate import terminal
from ablate.report import sentences
from ablate.report.tables import per_arm, retuned, verdicts
from ablate.report.tables.table import Table
from ablate.results.analysis import Analysis


def show(analysis: Analysis, console: Console) -> list[str]:
    """Print the summary, as wide as the terminal allows and whole in a pipe: the arms, then what is judged.

    Returns:
        The columns that there was no room for.
    """
    for line in verdicts.exploratory(analysis):
        terminal.say(console, line)
        console.print()
    dropped = print_table(per_arm.table(analysis), console)
    both = retuned.table(analysis)
    if both is not None:
        console.print()
        dropped += print_table(both, console)
    if analysis.question.judged:
        console.print()
        dropped += print_table(verdicts.table(analysis), console)
    notes = [] if both is None else list(both.notes)
    notes += [line for line in verdicts.notes(analysis) if line not in verdicts.exploratory(analysis)]
    for line in [*sentences.sentences(analysis), "", *notes]:
        terminal.say(console, line)
    return dropped


def print_table(table: Table, console: Console) -> list[str]:
    """Print a table; the columns that there was no room for."""
    dropped = terminal.draw(console, table.drawn)
    console.print()
    return dropped
