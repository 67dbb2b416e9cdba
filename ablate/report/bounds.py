"""Intervals as readers see them: none reaches beyond what can be, and none is shown that is too wide to say anything."""

import numpy as np
import pandas as pd

from ablate.results.question import Metric

WHOLE = 100.0  # points that two accuracies can differ by
WIDE = 20.0  # points to a side; a difference of recipes is seldom larger
SIDES = (
    ("low", "high"),
    ("low_new", "high_new"),
    ("low95", "high95"),
    ("equivalence_low", "equivalence_high"),
    ("equivalence_low_new", "equivalence_high_new"),
)


def readable(differences: pd.DataFrame, metric: Metric, widest: float = WIDE) -> pd.DataFrame:
    """The frame with its intervals as texts show them, where the metric is a percentage; that of others as it is.

    An interval ends at ± 100 points: as the true difference lies within them, what is cut off holds the truth never, and the
    interval that is left holds it as often (Mandelkern 2002, Setting confidence intervals for bounded parameters). One that is
    wider than `widest` to a side becomes infinite, which `numbers.interval` writes as too few seeds.

    Args:
        differences: with some of SIDES.
    """
    if metric.unit != "%":
        return differences
    changed = {}
    for low, high in (pair for pair in SIDES if pair[0] in differences):
        wide = differences[high] - differences[low] > 2 * widest
        changed[low] = differences[low].clip(lower=-WHOLE, upper=WHOLE).mask(wide, -np.inf)
        changed[high] = differences[high].clip(lower=-WHOLE, upper=WHOLE).mask(wide, np.inf)
    return differences.assign(**changed)


def drawn(differences: pd.DataFrame, metric: Metric, widest: float = WIDE) -> pd.DataFrame:
    """The frame with its intervals as figures draw them: as `readable`, and none in place of those that are too wide."""
    found = readable(differences, metric, widest)
    sides = [side for pair in SIDES for side in pair if side in found]
    return found.assign(**{side: found[side].where(np.isfinite(found[side])) for side in sides})
