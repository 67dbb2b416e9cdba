"""What the factors of a fractional design change besides themselves, where no two arms differ in one of them alone."""

import pandas as pd

from ablate.report.tables.confounds import NAME, SECTION, changes
from ablate.report.tables.table import Table, wordy
from ablate.text import counted

PLACE = 91


def part(average_confounds: pd.DataFrame, unknown_sizes: list[str]) -> Table | None:
    """A row a factor and change besides, on average; None where no factor brings along another change."""
    if average_confounds.empty:
        return None
    unknown = len(unknown_sizes)
    notes = (
        "Means over the arms with the first level and over those with the second. An effect reflects everything that changes: "
        "the factor and its confounds.",
        *([f"Left out: quantities unknown for {counted(unknown, 'arm')} without a training."] if unknown else []),
    )
    columns = (wordy("factor", average_confounds["label"]), *changes(average_confounds))
    return Table(NAME, "Confounds, on average", columns, notes, section=SECTION, only_page=True)
