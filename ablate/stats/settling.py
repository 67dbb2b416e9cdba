"""How likely a comparison gets a verdict with more seeds, simulated from the seeds so far."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablate.numbers import SAME
from ablate.stats.intervals import HELPS, HURTS, NONE, Floats, critical, equivalence_level

CONTINUATIONS = 2000  # simulated ones; a chance of 80% is then known to about a percentage point
ADDED = (*range(1, 21), *range(22, 31, 2), *range(35, 51, 5), *range(60, 101, 10))  # numbers of seeds that are tried
MOST_ADDED = ADDED[-1]


class Inconclusive(NamedTuple):
    """A comparison without a verdict.

    n: how many seeds it has, two or more. mean, sd: of their differences. level: that a further look would have.
    margin: in the same unit; None where "no effect" is not said. barred: the codes that cannot come out, whatever the seeds.

    Examples:
        >>> from ablate.stats import Inconclusive
        >>> Inconclusive(n=5, mean=1.0, sd=0.6, level=0.99, margin=0.5).barred
        frozenset()
    """

    n: int
    mean: float
    sd: float
    level: float
    margin: float | None
    barred: frozenset[int] = frozenset()


def chances_of_a_verdict(comparison: Inconclusive) -> Floats:
    """The chance that one further look gives a verdict, for each number of added seeds in `ADDED`.

    Differences are normally distributed over seeds, with an unknown mean and SD: both are drawn from what the seeds so far say
    of them under the reference prior, 1 / SD. With n seeds of mean d and SD s, m new ones, c = n m / (n + m), T² =
    (n − 1) / χ²(n − 1) and a standard normal z, the mean over all seeds is d + T s z √(m / (n (n + m))), and their squared
    deviations add up to s² (n − 1 + T² (z² + χ²(m − 1))). The rule of the sweep then decides from all n + m seeds at the level
    of the further look: helps or hurts where the adjusted CI excludes 0, else no effect where the equivalence interval lies
    within ± margin. A verdict counts whether or not it is right. Every seed is assumed to give a value.

    Returns:
        (numbers of added seeds,), 0 to 1. The draws are always the same, so it depends on nothing else. NaN where all seeds
        gave the same difference, which leaves the SD unknown.

    Examples:
        >>> from ablate.stats import ADDED, Inconclusive, chances_of_a_verdict
        >>> found = chances_of_a_verdict(Inconclusive(n=5, mean=1.0, sd=0.6, level=0.99, margin=0.5))
        >>> dict(zip(ADDED, found.round(1).tolist()))[5]
        0.9
    """
    if comparison.sd <= SAME:
        return np.full(len(ADDED), np.nan)
    shift, deviation = _continued(comparison.n)
    mean = comparison.mean / comparison.sd + shift
    seeds = comparison.n + np.array(ADDED)
    error = deviation / np.sqrt(seeds)
    wide = critical(seeds, comparison.level) * error
    decided = np.zeros(mean.shape, dtype=bool)
    for code, differs in ((HELPS, mean > wide), (HURTS, mean < -wide)):
        if code not in comparison.barred:
            decided |= differs
    if comparison.margin is not None and NONE not in comparison.barred:
        inside = comparison.margin / comparison.sd - critical(seeds, equivalence_level(comparison.level)) * error
        size = np.abs(mean)
        decided |= (size < inside) & (size <= wide)
    return np.asarray(decided.mean(axis=0))


def first_above(chances: Sequence[float] | NDArray[np.float64], least: float) -> int | None:
    """The fewest added seeds with a chance of at least so much; None where no number that was tried has it.

    Args:
        chances: for each of `ADDED`.

    Examples:
        >>> from ablate.stats import ADDED, first_above
        >>> first_above([number / 100 for number in ADDED], 0.05)
        5
    """
    return next((added for added, chance in zip(ADDED, chances, strict=True) if chance >= least), None)


@lru_cache(maxsize=64)
def _continued(n: int) -> tuple[Floats, Floats]:
    """Of simulated continuations of n seeds with mean 0 and SD 1: (their mean, their SD) over all seeds.

    Each of shape (continuations, numbers of added seeds).
    """
    z, likely, squares = _drawn()
    of_sd = (n - 1) / special.chdtri(n - 1, likely)  # T²
    added = np.array(ADDED)
    shift = np.sqrt(of_sd)[:, None] * z[:, None] * np.sqrt(added / (n * (n + added)))
    left = n - 1 + of_sd[:, None] * (np.square(z)[:, None] + squares)
    return shift, np.sqrt(left / (n + added - 1))


@lru_cache(maxsize=1)
def _drawn() -> tuple[Floats, Floats, Floats]:
    """What all comparisons are continued with: z, the place of the SD among equally likely ones, and χ²(m − 1).

    Shapes (continuations,) twice and (continuations, numbers of added seeds). The first two are spread evenly.
    """
    draw = np.random.Generator(np.random.PCG64(0))
    even = (np.arange(CONTINUATIONS) + 0.5) / CONTINUATIONS
    summed = np.cumsum(np.square(draw.standard_normal((CONTINUATIONS, MOST_ADDED - 1))), axis=1)
    squares = np.concatenate([np.zeros((CONTINUATIONS, 1)), summed], axis=1)[:, np.array(ADDED) - 1]
    return special.ndtri(even), draw.permutation(even), squares
