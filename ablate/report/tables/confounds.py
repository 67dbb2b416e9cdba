"""What the factors of a fractional design change besides themselves, as a table."""

from typing import Any

from ablate import numbers
from ablate.planning.confounds import WORDS
from ablate.report.tables.table import Table, numeric, shown, wordy
from ablate.results.analysis import Analysis


def averaged(analysis: Analysis) -> Table | None:
    """The table `confounds` of a sweep that is judged by effects; None where no factor brings along another change."""
    frame = analysis.average_confounds
    if frame.empty:
        return None
    columns = (
        wordy("factor", frame["label"]),
        wordy("also changes", [WORDS[what] for what in frame["what"]]),
        shown([amount(value) for value in frame["before"]], "from"),
        shown([amount(value) for value in frame["after"]], "to"),
        numeric("by", frame["by"], numbers.relative),
    )
    unknown = len(analysis.unknown_sizes)
    notes = (
        "Means over the arms with the first level and with the second. An effect is due to all that changes: the factor, and "
        "what comes along with it.",
        *([f"Left out: what is not known of {numbers.counted(unknown, 'arm')} without a training."] if unknown else []),
    )
    return Table("confounds", "What else changes, on average", columns, notes)


def amount(value: Any) -> str:
    """A quantity as a table shows it: a number, or words as they are."""
    return value if isinstance(value, str) else numbers.amount(float(value))
