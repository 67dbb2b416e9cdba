"""Rules that the project does not use, to show what they would have said of the same studies.

A rule takes runs of shape (studies, 1 + arms, seeds) in points, the baseline first, and gives a verdict on each arm, shape
(studies, arms), and the intervals behind it, or None where it has none.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablate.stats import HELPS, HURTS, INCONCLUSIVE, NONE, decide, equivalence_level, family_level, student

Floats = NDArray[np.float64]
Rule = Callable[[Floats, float], tuple[NDArray[np.int64], tuple[Floats, Floats] | None]]

LEVEL = 0.05
FLIPS = 2000  # of signs, where all of them are more
RESAMPLES = 2000
NESTED_RESAMPLES = 1000
CRITICAL_FROM = 400_000  # studies
ROUNDING = 1e-9
LEAST_SPREAD, NEWTON_STEPS = 1e-3, 30  # of the logarithms of variances


def paired(runs: Floats) -> Floats:
    return runs[:, 1:] - runs[:, :1]


def two_intervals(runs: Floats, margin: float, level: float | None = None) -> tuple[NDArray[np.int64], tuple[Floats, Floats]]:
    """The rule of the project: family intervals for "helps" and "hurts", equivalence intervals for "no effect"."""
    samples, level = paired(runs), level or family_level(runs.shape[1] - 1)
    _, low, high = student(samples, level)
    _, *equivalence = student(samples, equivalence_level(level))
    return decide((low, high), (equivalence[0], equivalence[1]), margin), (low, high)


def one_interval(runs: Floats, margin: float) -> tuple[NDArray[np.int64], tuple[Floats, Floats]]:
    """Family intervals for all three, as the project had it before."""
    _, low, high = student(paired(runs), family_level(runs.shape[1] - 1))
    return decide((low, high), (low, high), margin), (low, high)


def plain_intervals(runs: Floats, margin: float) -> tuple[NDArray[np.int64], tuple[Floats, Floats]]:
    """The rule of the project without a correction: each interval at 95%."""
    return two_intervals(runs, margin, 1 - LEVEL)


def fixed_sequence(runs: Floats, margin: float) -> tuple[NDArray[np.int64], None]:
    """The same, arm by arm in their order, as the rungs of a ladder, until the first without a verdict."""
    codes, _ = plain_intervals(runs, margin)
    reached = np.cumprod(codes != INCONCLUSIVE, axis=1, dtype=bool)
    return np.where(reached, codes, INCONCLUSIVE), None


def moderated(runs: Floats, margin: float) -> tuple[NDArray[np.int64], tuple[Floats, Floats]]:
    """The intervals of the project with limma's moderated deviations (Smyth 2004), drawn to what the arms have in common."""
    samples = paired(runs)
    n, freedom = samples.shape[-1], samples.shape[-1] - 1
    variances = samples.var(axis=-1, ddof=1)
    logs = np.log(variances) - special.digamma(freedom / 2) + np.log(freedom / 2)
    spread = logs.var(axis=1, ddof=1, keepdims=True) - special.polygamma(1, freedom / 2)
    before = 2 * _trigamma_inverse(np.maximum(spread, LEAST_SPREAD))  # degrees of freedom of what they have in common
    common = np.exp(logs.mean(axis=1, keepdims=True) + special.digamma(before / 2) - np.log(before / 2))
    error = np.sqrt((before * common + freedom * variances) / (before + freedom) / n)
    mean, level = samples.mean(axis=-1), family_level(samples.shape[1])
    halves = [special.stdtrit(before + freedom, (1 + each) / 2) * error for each in (level, equivalence_level(level))]
    family, equivalence = ((mean - half, mean + half) for half in halves)
    return decide(family, equivalence, margin), family


def _trigamma_inverse(values: Floats) -> Floats:
    """By Newton's method, as in the appendix of Smyth 2004."""
    found = 0.5 + 1 / values
    for _ in range(NEWTON_STEPS):
        trigamma = special.polygamma(1, found)
        found = found + trigamma * (1 - trigamma / values) / special.polygamma(2, found)
    return np.asarray(found)


def holm(runs: Floats, margin: float) -> tuple[NDArray[np.int64], None]:
    """Paired t tests, corrected by Holm, and in the same way two one-sided tests against the margin."""
    return _by_holm(*_p_values(runs, margin)), None


def holm_once(runs: Floats, margin: float) -> tuple[NDArray[np.int64], None]:
    """Holm with one verdict an arm: that of the smaller of the two p-values, and all of these corrected together."""
    mean, p_differs, p_equal = _p_values(runs, margin)
    found = _adjusted(np.minimum(p_differs, p_equal)) <= LEVEL
    codes = np.where(p_differs <= p_equal, np.where(mean > 0, HELPS, HURTS), NONE)
    return np.where(found, codes, INCONCLUSIVE), None


def _p_values(runs: Floats, margin: float) -> tuple[Floats, Floats, Floats]:
    """(mean difference, p of the paired t test, p of two one-sided tests against the margin) of each arm."""
    samples = paired(runs)
    n = samples.shape[-1]
    mean, error = samples.mean(axis=-1), samples.std(axis=-1, ddof=1) / np.sqrt(n)
    p_differs = 2 * special.stdtr(n - 1, -np.abs(mean) / error)
    p_equal = special.stdtr(n - 1, -(margin - np.abs(mean)) / error)
    return mean, p_differs, p_equal


def sign_flips(runs: Floats, margin: float) -> tuple[NDArray[np.int64], None]:
    """Sign-flip tests, corrected by Holm, and in the same way two one-sided ones against the margin."""
    samples = paired(runs)
    n = samples.shape[-1]
    if 2**n <= FLIPS:
        signs = 1.0 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        signs = np.random.default_rng(n).choice([-1.0, 1.0], (FLIPS, n))
        signs[0] = 1
    rows, p_differs, p_equal = samples.reshape(-1, n), [], []
    for part in np.array_split(rows, max(1, len(rows) // 2000)):
        p_differs.append(_share(np.abs(part @ signs.T), np.abs(part.sum(axis=1))))
        above = _share((part + margin) @ signs.T, (part + margin).sum(axis=1))
        below = _share((margin - part) @ signs.T, (margin - part).sum(axis=1))
        p_equal.append(np.maximum(above, below))
    shape = samples.shape[:2]
    return _by_holm(
        samples.mean(axis=-1), np.concatenate(p_differs).reshape(shape), np.concatenate(p_equal).reshape(shape)
    ), None


def _share(sums: Floats, observed: Floats) -> Floats:
    return (sums >= observed[:, None] - ROUNDING).mean(axis=1)


def _by_holm(mean: Floats, p_differs: Floats, p_equal: Floats) -> NDArray[np.int64]:
    codes = np.where(_adjusted(p_equal) <= LEVEL, NONE, INCONCLUSIVE)
    return np.where(_adjusted(p_differs) <= LEVEL, np.where(mean > 0, HELPS, HURTS), codes)


def _adjusted(p: Floats) -> Floats:
    """Holm's p-values over the last axis."""
    order = np.argsort(p, axis=-1)
    ranked = np.take_along_axis(p, order, axis=-1) * (p.shape[-1] - np.arange(p.shape[-1]))
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(ranked, axis=-1), axis=-1)
    return adjusted


def dunnett(runs: Floats, margin: float) -> tuple[NDArray[np.int64], tuple[Floats, Floats]]:
    """Dunnett's intervals, with seeds as blocks and one deviation for all arms, from what arms and seeds leave of the runs."""
    _, arms, n = runs.shape
    left = runs - runs.mean(axis=2, keepdims=True) - runs.mean(axis=1, keepdims=True) + runs.mean(axis=(1, 2), keepdims=True)
    freedom = (arms - 1) * (n - 1)
    pooled = np.sqrt(np.square(left).sum(axis=(1, 2)) / freedom)[:, None]
    mean = paired(runs).mean(axis=-1)
    half = _dunnett_critical(arms - 1, freedom) * pooled * np.sqrt(2 / n)
    low, high = mean - half, mean + half
    return decide((low, high), (low, high), margin), (low, high)


@cache
def _dunnett_critical(arms: int, freedom: int) -> float:
    """The quantile of the largest of `arms` ratios that share a baseline and a deviation."""
    generator = np.random.default_rng([arms, freedom])
    arm, baseline = generator.standard_normal((CRITICAL_FROM, arms)), generator.standard_normal((CRITICAL_FROM, 1))
    deviation = np.sqrt(generator.chisquare(freedom, CRITICAL_FROM) / freedom)
    return float(np.quantile(np.abs((arm - baseline) / np.sqrt(2)).max(axis=1) / deviation, 1 - LEVEL))


def bootstrap(runs: Floats, margin: float) -> tuple[NDArray[np.int64], tuple[Floats, Floats]]:
    """BCa bootstrap intervals of the mean difference over seeds, at the family level."""
    samples = paired(runs)
    level = family_level(samples.shape[1])
    n = samples.shape[-1]
    rows = samples.reshape(-1, n)
    counts = np.random.default_rng(n).multinomial(n, np.full(n, 1 / n), RESAMPLES) / n
    low, high = (
        np.concatenate(each).reshape(samples.shape[:2])
        for each in zip(*(_bca(part, counts, level) for part in np.array_split(rows, max(1, len(rows) // 2000))), strict=True)
    )
    return decide((low, high), (low, high), margin), (low, high)


def _bca(rows: Floats, counts: Floats, level: float) -> tuple[Floats, Floats]:
    """Efron's intervals of the mean of each row."""
    mean = rows.mean(axis=1)
    means = np.sort(rows @ counts.T, axis=1)
    below = (means < mean[:, None] - ROUNDING).mean(axis=1) + (np.abs(means - mean[:, None]) <= ROUNDING).mean(axis=1) / 2
    bias = special.ndtri(np.clip(below, 0.5 / RESAMPLES, 1 - 0.5 / RESAMPLES))
    from_mean = rows - mean[:, None]  # the jackknife of a mean, but for a factor
    acceleration = (from_mean**3).sum(axis=1) / (6 * np.square(from_mean).sum(axis=1) ** 1.5)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + special.ndtri(tail)
        share = special.ndtr(bias + z / (1 - acceleration * z))
        place = np.clip(np.rint(share * (RESAMPLES - 1)), 0, RESAMPLES - 1).astype(int)
        ends.append(np.take_along_axis(means, place[:, None], axis=1)[:, 0])
    return ends[0], ends[1]


def nested_bootstrap(d: NDArray[np.int8], levels: Sequence[float], generator: np.random.Generator) -> list[tuple[float, float]]:
    """An interval for new images at each level: seeds are drawn again, and for each of them images on their own.

    d: shape (seeds, images), in -1, 0, 1.
    """
    n, m = d.shape
    shares = np.stack([(d == value).mean(axis=1) for value in (-1, 0, 1)], axis=1)
    drawn = generator.multinomial(m, shares[generator.integers(0, n, (NESTED_RESAMPLES, n))])
    means = (drawn[..., 2] - drawn[..., 0]).mean(axis=1) / m
    return [tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2])) for level in levels]
