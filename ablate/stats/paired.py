"""Differences paired by seed: their estimates, intervals and p-values."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from ablate.confidence import CONFIDENCE
from ablate.numbers import SAME
from ablate.stats.intervals import Floats, equivalence_level, student

MOST_FLIPPED = 40  # seeds; each half of them has a million sums of signs

BOUNDS = ("low", "high", "equivalence_low", "equivalence_high")
ESTIMATES = (
    *("n", "points", "sd", "low", "high", "level", "equivalence_low", "equivalence_high", "equivalence_level"),
    *("low95", "high95", "p", "p_signflip", "p_smallest"),
)


def paired(wide: pd.DataFrame, pairs: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """The difference of two arms for each seed.

    Args:
        wide: a row an arm, a column a seed, NaN where a run has no value.
        pairs: (arm, the arm it is compared with).

    Returns:
        One row a pair, numbered from 0, a column a seed, in the unit of `wide`; NaN where either run has no value.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import paired
        >>> wide = pd.DataFrame([[80.0, 81.0, 82.0], [81.0, 83.0, None]], columns=[0, 1, 2])
        >>> paired(wide, [(1, 0)])
             0    1   2
        0  1.0  2.0 NaN
    """
    arm, other = wide.loc[[arm for arm, _ in pairs]], wide.loc[[other for _, other in pairs]]
    differences = arm.to_numpy(dtype=np.float64) - other.to_numpy(dtype=np.float64)
    return pd.DataFrame(differences, index=pd.RangeIndex(len(pairs)), columns=wide.columns)


def estimates(samples: pd.DataFrame, level: float) -> pd.DataFrame:
    """The mean of each comparison over seeds and how sure it is.

    Each comparison stands on its own deviation: where deviations differ, a pooled one makes the intervals of the restless arms
    too short. Seeds without a value are left out.

    Args:
        samples: a row a comparison, a column a seed, as from `paired`.
        level: of the family interval; see `family_level`.

    Returns:
        One row a comparison, with the index of `samples`, in its unit.

        n: seeds.
        points: the mean.
        sd: the standard deviation over seeds.
        low, high: the family interval; see `student`.
        level: that of the family interval.
        equivalence_low, equivalence_high: the equivalence interval: that of two one-sided tests (TOST) at 1 - level each.
        equivalence_level: that of the equivalence interval; see `equivalence_level`.
        low95, high95: the plain 95% interval.
        p: of the two-sided paired t test; NaN where there is no interval.
        p_signflip: see `signflip`.
        p_smallest: the smallest that a sign-flip test of n seeds can give, 2 / 2^n.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import estimates
        >>> samples = pd.DataFrame([[1.0, 2.0, 3.0]], columns=[0, 1, 2])  # a comparison, three seeds
        >>> estimates(samples, level=0.99)[["n", "points", "sd", "low", "high", "low95", "high95", "p_smallest"]].round(2)
           n  points   sd   low  high  low95  high95  p_smallest
        0  3     2.0  1.0 -3.73  7.73  -0.48    4.48        0.25
    """
    rows = []
    for row in samples.to_numpy(dtype=np.float64):
        values = row[~np.isnan(row)]
        n = len(values)
        points, low, high = student(values, level)
        _, *equivalence = student(values, equivalence_level(level))
        _, low95, high95 = student(values, CONFIDENCE)
        sd = values.std(ddof=1) if n > 1 else math.nan
        p = 2 * special.stdtr(n - 1, -abs(points) / sd * math.sqrt(n)) if sd > SAME else math.nan
        smallest = 2.0 ** (1 - n) if n else math.nan
        rows.append(
            (
                *(n, points, sd, low, high, level, *equivalence, equivalence_level(level)),
                *(low95, high95, p, signflip(values), smallest),
            )
        )
    frame = pd.DataFrame(rows, columns=list(ESTIMATES), index=samples.index)
    return frame.astype({"n": "int64"} | dict.fromkeys(ESTIMATES[1:], "float64"))


def bounds(estimates: pd.DataFrame) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """(low, high) of the family intervals, and of the equivalence intervals."""
    low, high, equivalence_low, equivalence_high = (estimates[name].to_numpy(dtype=np.float64) for name in BOUNDS)
    return (low, high), (equivalence_low, equivalence_high)


def signflip(values: Floats) -> float:
    """The exact two-sided p-value of the mean when each value might as well have the other sign.

    The share of all 2^n choices of signs whose sum is at least as far from 0. They are not listed: for each sum of one half of
    the values, those of the other half that go far enough are counted in a sorted list.

    Returns:
        2 / 2^n to 1; NaN without a value and beyond MOST_FLIPPED values, where the sums are too many.

    Examples:
        Of the 8 sums ± 1 ± 2 ± 3, two are as far from 0 as 6.

        >>> import numpy as np
        >>> from ablate.stats.paired import signflip
        >>> signflip(np.array([1.0, 2.0, 3.0]))
        0.25
    """
    if not 0 < len(values) <= MOST_FLIPPED:
        return math.nan
    middle = len(values) // 2
    first, second = (np.sort(_signed_sums(half)) for half in (values[:middle], values[middle:]))
    # accuracies lie on a grid, so sums are often equal, but for rounding
    far = abs(values.sum()) - 1e-9 * np.abs(values).sum()
    if far <= 0:
        return 1.0
    above = len(second) - np.searchsorted(second, far - first, side="left")
    return float(2 * above.sum() / 2.0 ** len(values))  # as many lie as far below 0


def _signed_sums(values: Floats) -> Floats:
    """The sums of `values` with every choice of signs, shape (2^n,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums
