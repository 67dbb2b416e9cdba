"""Which runs are unstable: they end far below a stretch of their own evaluations before."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ablate.confidence import CONFIDENCE
from ablate.stats.intervals import Floats

NEIGHBORS = 5  # evaluations that a run's value is compared with the mean of
LEAST_FALL = 0.03  # a fraction; seeds of sound runs differ by less
JITTERS = 4.0  # standard errors of the difference of the two means
ROUNDING = 1e-9  # 0.80 - 0.77 is more than 0.03, by 3e-17


class Stability(NamedTuple):
    """What is said of each run, arrays of one shape.

    best: the highest mean of five neighboring evaluations. fall: how far the value lies below it. bar: what the fall has to be
    above. All NaN, and `unstable` false, where a run has fewer than five evaluations, so that nothing is said of it.
    """

    best: Floats
    fall: Floats
    bar: Floats
    unstable: NDArray[np.bool_]


def stability(evaluations: ArrayLike, values: ArrayLike, last: ArrayLike = 1) -> Stability:
    """Which runs are unstable: more than 3 points, and more than their jitter explains, below the best of their own stretches.

    A stretch is five neighboring evaluations. With the mean of each, the jitter s from one evaluation to the next, and a value
    that is the mean of k evaluations, a run is unstable where its value is below the highest of these means by more than
    0.03 and by more than 4 s √(1/5 + 1/k). s is the root of half the mean squared difference between neighbors in the second
    half of the evaluations (von Neumann 1941), so a trend hardly counts in it. A single best evaluation in place of the mean
    of five would be a maximum of noise. Of sound runs on a plateau the rule calls at most 1% unstable.

    Args:
        evaluations: accuracies as fractions on the run's own grid before those that its value is read off, in order of step,
            shape (..., n).
        values: the accuracy of each run, shape (...).
        last: k, of each run or of all.

    Examples:
        The second run ends 10 points below what it had; both jitter by 0.7 points.

        >>> from ablate.stats import stability
        >>> found = stability([[0.80, 0.81, 0.80, 0.81, 0.80, 0.81]] * 2, values=[0.80, 0.70])
        >>> found.unstable.tolist(), found.best.round(3).tolist(), found.bar.round(3).tolist()
        ([False, True], [0.806, 0.806], [0.031, 0.031])
    """
    array, value, k = (np.asarray(each, dtype=np.float64) for each in (evaluations, values, last))
    count = array.shape[-1]
    if count < NEIGHBORS:
        nothing = np.full(value.shape, math.nan)
        return Stability(nothing, nothing, nothing, np.zeros(value.shape, dtype=bool))
    best = np.lib.stride_tricks.sliding_window_view(array, NEIGHBORS, axis=-1).mean(axis=-1).max(axis=-1)
    steps = np.diff(array[..., count // 2 - 1 :], axis=-1)  # those that end in the second half
    jitter = np.sqrt(np.square(steps).mean(axis=-1) / 2)
    bar = np.maximum(LEAST_FALL, JITTERS * jitter * np.sqrt(1 / NEIGHBORS + 1 / k))
    fall = best - value
    return Stability(best, fall, bar, fall > bar + ROUNDING)


def highest_rate(seen: int, of: int) -> float:
    """The highest rate at which as few as `seen` of so many independent runs still have a chance of 5%: a one-sided bound.

    That of Clopper and Pearson (1934), exact for any rate.

    Returns:
        0 to 1; NaN of none.

    Examples:
        >>> from ablate.stats import highest_rate
        >>> round(highest_rate(0, of=5), 3)  # 1 - 0.05 ** (1 / 5)
        0.451
    """
    if not 0 <= seen <= of or of == 0:
        return math.nan
    return 1.0 if seen == of else float(special.betaincinv(seen + 1, of - seen, CONFIDENCE))
