"""Differences and effects of arms that share no seeds: their estimates, intervals, and p-values."""

import math

import numpy as np
import pandas as pd
from scipy import special

from ablate.confidence import CONFIDENCE
from ablate.numbers import SAME
from ablate.stats.intervals import equivalence_level
from ablate.stats.paired import ESTIMATES


def unpaired(wide: pd.DataFrame, weights: pd.DataFrame, level: float) -> pd.DataFrame:
    """The weighted sum of arms' means over independent runs, and Welch's interval around it.

    With weights w, and the means m, variances s² and counts n of the arms: Σ w m ± t(f) √(Σ v), where v = w² s² / n and
    f = (Σ v)² / Σ (v² / (n − 1)). For two arms that is Welch's test; for more the degrees of freedom are Satterthwaite's. No
    deviation is assumed to be that of another arm. The chance that the interval holds the true value is close to its level, not
    exactly it.

    Reference: Welch 1947, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34; Satterthwaite 1946, "An approximate distribution of estimates of variance components", Biometrics Bulletin 2.

    Args:
        wide: a row an arm, a column a seed, NaN where a run has no value.
        weights: a row a comparison, a column an arm: how much it counts, as from `contrast_weights`.
        level: of the family interval; see `family_level`.

    Returns:
        One row a comparison, with the index of `weights` and the columns of `estimates`, in the unit of `wide`.

        n: the runs of the arm that has the fewest.
        sd: the standard deviation of the sum over one run of each arm, √(Σ w² s²). With as many runs in every arm, the interval
            is no wider than that of so many paired differences with this deviation.
        p: of Welch's two-sided test.
        p_signflip, p_smallest: NaN, since there are no pairs.

        The bounds are NaN where an arm has fewer than two runs, and where in no arm anything varies.

    Examples:
        Means of 2 and 5 with variances of 1: 3 ± 2.776 √(2/3), with the t of four degrees of freedom.

        >>> import pandas as pd
        >>> from ablate.stats import unpaired
        >>> nan = float("nan")
        >>> wide = pd.DataFrame([[1.0, 2.0, 3.0, nan, nan, nan], [nan, nan, nan, 4.0, 5.0, 6.0]])
        >>> weights = pd.DataFrame([[-1.0, 1.0]])
        >>> unpaired(wide, weights, level=0.95)[["n", "points", "sd", "low", "high", "p"]].round(3)
           n  points     sd    low   high      p
        0  3     3.0  1.414  0.733  5.267  0.021
    """
    values = {arm: row[~np.isnan(row)] for arm, row in zip(wide.index, wide.to_numpy(dtype=np.float64), strict=True)}
    rows = [_row({arm: weight for arm, weight in row.items() if weight}, values, level) for _, row in weights.iterrows()]
    frame = pd.DataFrame(rows, columns=list(ESTIMATES), index=weights.index)
    return frame.astype({"n": "int64"} | dict.fromkeys(ESTIMATES[1:], "float64"))


def _row(weights: dict[object, float], values: dict[object, np.ndarray], level: float) -> tuple[float, ...]:
    """The estimates of one comparison, in the order of `ESTIMATES`."""
    own = [(weight, values[arm]) for arm, weight in weights.items()]
    fewest = min((len(each) for _, each in own), default=0)
    points = math.fsum(weight * float(each.mean()) for weight, each in own) if fewest else math.nan
    sd = error = freedom = math.nan
    if fewest > 1:
        variances = [(weight**2 * float(each.var(ddof=1)), len(each)) for weight, each in own]
        sd = math.sqrt(math.fsum(variance for variance, _ in variances))
        error = math.sqrt(math.fsum(variance / n for variance, n in variances))
    if sd > SAME:
        freedom = error**4 / math.fsum((variance / n) ** 2 / (n - 1) for variance, n in variances)
    levels = (level, equivalence_level(level), CONFIDENCE)
    halves = [error * float(special.stdtrit(freedom, (1 + each) / 2)) if sd > SAME else math.nan for each in levels]
    (low, high), equivalence, plain = ((points - half, points + half) for half in halves)
    p = 2 * float(special.stdtr(freedom, -abs(points) / error)) if sd > SAME else math.nan
    return (fewest, points, sd, low, high, level, *equivalence, equivalence_level(level), *plain, p, math.nan, math.nan)
