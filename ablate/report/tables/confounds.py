"""What each compared arm changes besides its factor."""

from typing import Any

import pandas as pd

from ablate import numbers
from ablate.planning.confounds import WORDS
from ablate.report.tables.table import Column, Table, numeric, shown, wordy

PLACE = 90
NAME, SECTION = "confounds", "confounds"


def part(confounds: pd.DataFrame) -> Table | None:
    """A row a change besides; None where there are none."""
    if confounds.empty:
        return None
    notes = ("A difference reflects everything the arm changes: the factor and its confounds.",)
    return Table(NAME, "Confounds", (wordy("arm", confounds["label"]), *changes(confounds)), notes, section=SECTION)


def changes(frame: pd.DataFrame) -> tuple[Column, ...]:
    """What changes besides, from what to what, and by how much."""
    return (
        wordy("also changes", [WORDS[what] for what in frame["what"]]),
        shown(map(_amount, frame["before"]), "from"),
        shown(map(_amount, frame["after"]), "to"),
        numeric("by", frame["by"], numbers.relative),
    )


def _amount(value: Any) -> str:
    """A quantity as a table shows it: a number, or words as they are."""
    return value if isinstance(value, str) else numbers.amount(float(value))
