"""Published accuracies beside ours."""

import pandas as pd

from ablate import numbers
from ablate.confidence import CONFIDENCE
from ablate.report.tables.table import Table, decimal, intervals, numeric, shown, wordy
from ablate.results.published import TELLING

PLACE = 80
NOTE = (
    "95% prediction interval: one more run of ours would fall inside with 95% probability (± 0.05 added for the rounding of "
    "the published value). Inside: the published run is consistent with ours. Too wide: beyond "
    f"± {TELLING:g} pp, other recipes would fall inside as well."
)

EACH = (
    "Each interval is at 95%: even if all {count} published runs came from our recipes, the chance that at least one falls "
    "outside is about {chance:.0f}%."
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
        shown(intervals(published, "low", "high", places, signs=False), "95% prediction interval"),
        wordy("published run", published["told"]),
        wordy("source", published["source"]),
    )
    several = len(published) > 1
    outside = 100 * (1 - CONFIDENCE ** len(published))
    notes = (NOTE, *([EACH.format(count=len(published), chance=outside)] if several else []))
    return Table("published", "Published and reproduced accuracy", columns, notes, section="published")
