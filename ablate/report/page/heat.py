"""The differences by class as a shaded table."""

import pandas as pd

from ablate import numbers
from ablate.report import naming
from ablate.report.page.blocks import Heat

MOST_CLASSES = 20  # of more, those with the largest differences
LIMITS = (1, 2, 5, 10, 20, 50, 100)


def heat(classes: pd.DataFrame, comparisons: pd.DataFrame) -> Heat | None:
    """A row a comparison of two arms, a column a class, those with the largest differences first; None without classes."""
    if classes.empty:
        return None
    sizes = (
        classes.groupby("class")["points"].apply(lambda points: points.abs().max()).sort_values(ascending=False, kind="stable")
    )
    shown = sizes.index[:MOST_CLASSES].tolist()
    names = classes.drop_duplicates("class").set_index("class")["name"].astype("str").to_dict()
    largest = float(sizes.iloc[0])
    limit = next(limit for limit in LIMITS if limit >= min(largest, 100.0) - 1e-9)
    rows = []
    labels = naming.compared(comparisons)
    for label, arm, against in zip(labels, comparisons["arm"], comparisons["against"], strict=True):
        own = classes[(classes["arm"] == arm) & (classes["against"] == against)].set_index("class")
        if len(own):
            rows.append((label, tuple(_cell(own.loc[[one]].iloc[0] if one in own.index else None, limit) for one in shown)))
    notes = ["Difference in percentage points; bold where the pointwise 95% CI excludes 0. Of many classes some do by chance."]
    if len(sizes) > len(shown):
        notes.append(f"The {len(shown)} of {len(sizes)} classes with the largest differences; classes.csv has all.")
    columns = tuple(names[one] for one in shown)
    return Heat("Difference in each class", columns, tuple(rows), f"{limit:g}", tuple(notes)) if rows else None


def _cell(row: "pd.Series[float] | None", limit: float) -> tuple[str, int, bool, bool]:
    if row is None:
        return numbers.NONE, 0, True, False
    points = float(row["points"])
    clear = bool(row["low"] > 0 or row["high"] < 0)
    return numbers.signed(points, 1), round(100 * min(1.0, abs(points) / limit)), points >= 0, clear
