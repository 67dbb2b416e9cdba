"""At which step the curves of two arms cross."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, shown, wordy

PLACE = 105


def part(crossings: pd.DataFrame, pair_labels: dict[tuple[int, int], str]) -> Table | None:
    """A row a comparison whose sign changes on the way; None where none does."""
    if crossings.empty:
        return None
    pairs = crossings[["arm", "against"]].itertuples(index=False, name=None)
    ends = crossings[["low", "high"]].astype("object").itertuples(index=False, name=None)
    columns = (
        wordy("change", [pair_labels[pair] for pair in pairs]),
        shown(["ahead" if rises else "behind" for rises in crossings["rises"]], "at the end"),
        numeric("curves cross at step", crossings["step"], numbers.whole),
        shown([_interval(low, high) for low, high in ends], "95% CI"),
    )
    note = (
        "The step at which the mean difference over seeds changes sign for good. The CI ends at the nearest evaluation on "
        "either side whose interval excludes 0. Not a verdict."
    )
    return Table("crossings", "Where curves cross", columns, (note,), section="arms", folded=True)


def _interval(low: int | None, high: int | None) -> str:
    known = [not pd.isna(end) for end in (low, high)]
    if all(known):
        return f"{numbers.whole(low)} to {numbers.whole(high)}"
    if known[0]:
        return f"after {numbers.whole(low)}"
    return f"before {numbers.whole(high)}" if known[1] else "not determined by these seeds"
