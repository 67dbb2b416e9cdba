"""Published accuracies beside ours."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, decimal, intervals, numeric, shown, wordy
from ablate.results.published import TELLING
from ablate.stats.levels import CONFIDENCE

PLACE = 80
NOTE = (
    "95% of new runs: the interval that one more run of ours falls into with a chance of 95%, with ± 0.05 for the rounding "
    "of what was published. Inside: one published run is what we would expect to see; where the interval is wider than "
    f"± {TELLING:g} points, other recipes would lie inside as well, so it does not tell."
)

EACH = (
    "The intervals are 95% each, so of {count} published runs that our recipes gave, at least one would lie outside with a "
    "chance of about {chance:.0f}%."
)


def part(published: pd.DataFrame, names: dict[int, str], places: int) -> Table | None:
    """A row an arm that is a published one; None where none is."""
    if published.empty:
        return None
    columns = (
        wordy("arm", [names[arm] for arm in published["arm"]]),
        decimal("published (%)", published["published"], 1),
        numeric("seeds", published["n"], numbers.whole),
        decimal("ours (%)", published["mean"], places),
        shown(intervals(published, "low", "high", places, signs=False), "95% of new runs"),
        wordy("what it tells", published["told"]),
        wordy("source", published["source"]),
    )
    several = len(published) > 1
    outside = 100 * (1 - CONFIDENCE ** len(published))
    notes = (NOTE, *([EACH.format(count=len(published), chance=outside)] if several else []))
    return Table("published", "Published beside ours", columns, notes, section="published")
