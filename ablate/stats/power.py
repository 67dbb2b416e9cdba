"""How likely a comparison is to be decided, and how many seeds that takes."""

from functools import lru_cache

import numpy as np
from scipy import special

from ablate.confidence import POWER
from ablate.stats.intervals import Floats, critical, equivalence_level

MOST_SEEDS = 1000  # nobody trains more
AVERAGED_OVER = 500  # deviations; enough for three digits


def chance(seeds: int, difference: float, sd: float, level: float, margin: float | None) -> float:
    """The chance that a comparison of so many seeds gets a verdict, and a right one: exact for normally distributed values.

    That is the power of the family interval to exclude 0 on the side of the difference, which a noncentral Student distribution
    gives, and where the difference is less than the margin, also that of the equivalence interval to lie within ± margin while
    the family interval includes 0. Both are averaged over the deviations that the seeds may happen to have: given one, the mean
    is normally distributed around the true difference.

    Args:
        seeds: two or more.
        difference, sd: the true mean and deviation over seeds of the paired differences; sd is more than 0.
        level: of the family interval.
        margin: in their unit; None: "no effect" is not said.

    Examples:
        >>> from ablate.stats.power import chance
        >>> round(chance(seeds=5, difference=2.0, sd=1.0, level=0.95, margin=None), 3)
        0.909
    """
    error = sd / seeds**0.5  # of the mean
    estimated = error * _deviations(seeds)
    size = abs(difference)
    excludes = critical(seeds, level) * estimated  # what the mean has to exceed
    power = special.ndtr((size - excludes) / error) if size > 0 else np.zeros_like(excludes)
    if margin is not None and size < margin:
        inside = margin - critical(seeds, equivalence_level(level)) * estimated  # what it has to stay below
        inside = np.clip(inside, 0, excludes)
        power += special.ndtr((inside - size) / error) - special.ndtr((-inside - size) / error)
    return float(power.mean())


def seeds_needed(more_than: int, difference: float, sd: float, level: float, margin: float | None) -> int | None:
    """The fewest seeds, more than there are, with a `chance` of POWER; None where more than MOST_SEEDS.

    The chance rises with the seeds, so they are found by halving.

    Examples:
        >>> from ablate.stats.power import seeds_needed
        >>> seeds_needed(more_than=3, difference=1.0, sd=1.0, level=0.95, margin=None)
        10
    """
    low, high = more_than, more_than + 1  # low is too few
    while high <= MOST_SEEDS and chance(high, difference, sd, level, margin) < POWER:
        low, high = high, 2 * high
    high = min(high, MOST_SEEDS)
    if low >= high or chance(high, difference, sd, level, margin) < POWER:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if chance(middle, difference, sd, level, margin) < POWER else (low, middle)
    return high


@lru_cache(maxsize=MOST_SEEDS)
def _deviations(seeds: int) -> Floats:
    """Deviations over the seeds of normally distributed values, in units of the true one: AVERAGED_OVER equally likely ones."""
    likely = (np.arange(AVERAGED_OVER) + 0.5) / AVERAGED_OVER
    return np.asarray(np.sqrt(special.chdtri(seeds - 1, likely) / (seeds - 1)))
