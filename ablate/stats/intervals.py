"""How sure a mean over seeds is, and what may be said of it: arrays in, arrays out, vectorized over all axes but the last."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ablate.confidence import CONFIDENCE, LEVEL
from ablate.numbers import SAME

HELPS, HURTS, NONE, INCONCLUSIVE = (
    1,
    -1,
    0,
    2,
)  # for what is better when more; where less is better, the first two change places

Floats = NDArray[np.float64]
Bounds = tuple[ArrayLike, ArrayLike]


def family_level(judged: int, looks: int = 1) -> float:
    """The level of each interval at which all of them hold together with a chance of at least 95% (Bonferroni).

    It asks nothing of how the intervals depend on each other, so arms may share their baseline or a training.

    Args:
        judged: how many differences or effects; where there is none, the level is that of one.
        looks: how often each is judged on the way.

    Examples:
        >>> from ablate.stats import family_level
        >>> family_level(judged=5)  # the chance of an error, 5%, is shared among five
        0.99
    """
    return 1 - LEVEL / max(1, judged * looks)


def at_levels(made: Callable[[pd.DataFrame, float], pd.DataFrame], rows: pd.DataFrame, levels: Sequence[float]) -> pd.DataFrame:
    """What a function makes of rows, each at its own level.

    Args:
        made: from rows and the level of all of them to a frame with a row each.
        levels: one a row.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import at_levels, estimates
        >>> samples = pd.DataFrame([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
        >>> at_levels(estimates, samples, [0.95, 0.99])[["low", "high", "level"]].round(2)
            low  high  level
        0 -0.48  4.48   0.95
        1 -3.73  7.73   0.99
    """
    different = sorted(set(levels))
    if len(different) < 2:
        return made(rows, different[0] if different else CONFIDENCE)
    parts = [made(rows[[each == level for each in levels]], level) for level in different]
    return pd.concat(parts).loc[rows.index]


def student(values: ArrayLike, level: float) -> tuple[Floats, Floats, Floats]:
    """The mean of values that are independent, such as one a seed, and Student's interval around it.

    mean ± t(n - 1) · deviation / √n: exact for normally distributed values, whatever their deviation.

    Args:
        values: shape (..., n).
        level: the chance that the interval holds the true mean, 0 to 1.

    Returns:
        (mean, low, high), each of shape (...). The bounds are NaN where there is no interval to be had: of fewer than two
        values, and of values that are all the same, whose deviation of 0 says that the scale is coarse, not that nothing
        varies. Without a value the mean is NaN, too.

    Examples:
        The mean 2 ± 4.303 · 1 / √3, with the t of two degrees of freedom.

        >>> from ablate.stats import student
        >>> [round(float(x), 2) for x in student([1.0, 2.0, 3.0], level=0.95)]
        [2.0, -0.48, 4.48]
    """
    array = np.asarray(values, dtype=np.float64)
    n = array.shape[-1]
    mean = array.sum(axis=-1) / n if n else np.full(array.shape[:-1], np.nan)
    if n < 2:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    deviation = array.std(axis=-1, ddof=1)
    half = np.where(deviation > SAME, critical(n, level) * deviation / np.sqrt(n), np.nan)
    return mean, mean - half, mean + half


def critical(n: ArrayLike, level: float) -> Any:
    """Student's t: half the width of an interval from n values, in standard errors."""
    return special.stdtrit(np.asarray(n) - 1, (1 + level) / 2)


def equivalence_level(level: float) -> float:
    """The level of the equivalence interval that goes with a family interval: twice as far from 1.

    Each of its bounds is a one-sided one at the level of the family interval, which shares its own error between two. So it
    lies within ± margin where two one-sided tests reject both that the true difference is -margin or less and that it is
    margin or more (Schuirmann 1987).

    Examples:
        >>> from ablate.stats import equivalence_level, family_level
        >>> round(equivalence_level(family_level(judged=1)), 3), round(equivalence_level(family_level(judged=5)), 3)
        (0.9, 0.98)
    """
    return 2 * level - 1


def decide(family: Bounds, equivalence: Bounds, margin: float | None) -> NDArray[np.int64]:
    """What the two intervals of a comparison say: HELPS or HURTS, else NONE, else INCONCLUSIVE.

    HELPS, HURTS: the family interval excludes 0, asked first. NONE: the equivalence interval lies within ± margin.

    With K comparisons judged, a = 0.05 / K, and intervals that each leave out the true difference d with the chance that their
    level says (a / 2 beyond each bound of the family interval, a beyond each of the equivalence interval, which is the
    narrower), a comparison is wrong with a chance of at most a, whatever d:

    - d = 0. Wrong are HELPS and HURTS. Either takes a family interval that leaves out d: a.
    - d at the margin or beyond; let it be above 0. Wrong are NONE and HURTS. Both take an equivalence interval whose upper
      bound lies below d: for NONE it lies below margin, and for HURTS below 0, as that of the family interval does. That is
      one event, with a chance of a; and a HELPS that is said to be smaller than the margin is part of it.
    - d between 0 and the margin. Wrong is HURTS alone, which takes a family interval whose upper bound lies below d: a / 2.

    So any of K comparisons is wrong with a chance of at most K a = 0.05, however they depend on each other.

    Args:
        family, equivalence: (low, high) of the two intervals, as from `student` at `family_level` and at `equivalence_level`;
            NaN is INCONCLUSIVE.
        margin: in their unit; None: nothing is NONE.

    Examples:
        >>> from ablate.stats import HELPS, HURTS, NONE, INCONCLUSIVE, decide
        >>> family = [0.5, -1.5, -0.6, -1.0], [1.5, -0.5, 0.4, 2.0]
        >>> equivalence = [0.6, -1.4, -0.4, -0.8], [1.4, -0.6, 0.3, 1.7]
        >>> decide(family, equivalence, margin=0.5).tolist() == [HELPS, HURTS, NONE, INCONCLUSIVE]
        True
    """
    codes = np.where(within(*equivalence, margin), NONE, INCONCLUSIVE)
    codes = np.where(np.asarray(family[1]) < 0, HURTS, codes)
    return np.where(np.asarray(family[0]) > 0, HELPS, codes).astype(np.int64)


def within(low: ArrayLike, high: ArrayLike, margin: float | None) -> NDArray[np.bool_]:
    """Whether an interval lies within ± margin; never without a margin, and NaN never does."""
    bar = 0.0 if margin is None else margin
    return np.asarray((np.asarray(low) > -bar) & (np.asarray(high) < bar) & (margin is not None))


def crossed(d: ArrayLike, level: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """The mean of a table of seeds by images, and an interval for other seeds and other images of the same kind.

    Both are random, and crossed: every seed saw every image. With row means r, column means c and mean g: V_seed = var(r) / n,
    MS = Σ (d - r - c + g)² / ((n - 1)(m - 1)), V_img = max(0, var(c) / m - MS / (n m)), and the interval is
    g ± √(t² V_seed + z² V_img), with t from n - 1 degrees of freedom. That is the analysis of variance of two crossed random
    effects without repetition (Cornfield and Tukey 1956), with each part of the variance at its own quantile.

    Args:
        d: shape (..., n seeds, m images): for a difference of two arms -1, 0 or 1; small integers save memory.
        level: the chance that the interval holds the true mean, 0 to 1.

    Returns:
        (g, V_seed, V_img, low, high), each of shape (...), in the unit of d and its square. All but g are NaN for one seed or
        one image; the bounds also where all seeds have the same mean, as in `student`.

    Examples:
        The seeds have means of 1/2 and 1/4, so a variance of 1/32; that of the mean of two seeds is half of it.

        >>> from ablate.stats import crossed
        >>> g, of_seeds, of_images, low, high = crossed([[1, 0, 1, 0], [0, 0, 1, 0]], level=0.95)
        >>> float(g), float(of_seeds), round(float(of_images), 6)
        (0.375, 0.015625, 0.041667)
    """
    table = np.asarray(d)
    n, m = table.shape[-2:]
    rows = table.mean(axis=-1, dtype=np.float64)  # (..., n)
    columns = table.mean(axis=-2, dtype=np.float64)  # (..., m)
    g = rows.mean(axis=-1)
    if min(n, m) < 2:
        none = np.full_like(g, np.nan)
        return g, none, none, none, none
    # the sum of squares of what rows and columns leave, without a second table as large as the first
    squares = np.einsum("...sm,...sm->...", table, table, dtype=np.float64)
    left = squares - m * np.square(rows).sum(axis=-1) - n * np.square(columns).sum(axis=-1) + n * m * np.square(g)
    mean_square = np.maximum(left, 0) / ((n - 1) * (m - 1))
    of_seeds = rows.var(axis=-1, ddof=1) / n
    of_images = np.maximum(0, columns.var(axis=-1, ddof=1) / m - mean_square / (n * m))
    half = crossed_half(n, of_seeds, of_images, level)
    return g, of_seeds, of_images, g - half, g + half


def crossed_half(n: int, of_seeds: Floats, of_images: Floats, level: float) -> Floats:
    """Half the width of the interval of `crossed` at a level, from its V_seed and V_img; NaN where all seeds are alike."""
    z = special.ndtri((1 + level) / 2)
    half = np.sqrt(np.square(critical(n, level)) * of_seeds + np.square(z) * of_images)
    return np.asarray(np.where(of_seeds > np.square(SAME) / n, half, np.nan))
