"""Student's interval, what it is taken to say, and the interval for new images."""

import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.weightstats import DescrStatsW

from ablate.stats import HELPS, HURTS, INCONCLUSIVE, NONE, crossed, decide, equivalence_level, family_level, student

LEVELS = [0.95, family_level(6), family_level(124, 3)]


@pytest.mark.parametrize("n", [2, 3, 5, 20])
@pytest.mark.parametrize("level", LEVELS)
def test_the_interval_is_that_of_scipy_and_statsmodels(n: int, level: float) -> None:
    values = np.random.default_rng(n).normal(1, 2, n)
    mean, low, high = student(values, level)
    expected = scipy_stats.t.interval(level, n - 1, loc=values.mean(), scale=scipy_stats.sem(values))
    assert (low, high) == pytest.approx(expected, rel=1e-10)
    assert (low, high) == pytest.approx(DescrStatsW(values).tconfint_mean(1 - level), rel=1e-10)
    assert mean == pytest.approx(values.mean())


def test_leading_axes_are_studies_of_their_own() -> None:
    values = np.random.default_rng(0).normal(size=(4, 3, 5))
    together = np.stack(student(values, 0.99), axis=-1)
    for place in itertools.product(range(4), range(3)):
        assert together[place] == pytest.approx(np.array(student(values[place], 0.99)))


def test_values_that_are_all_alike_have_no_interval_however_they_are_rounded() -> None:
    mean, low, high = student([[0.3, 0.3, 0.3], [0.3, 0.1 + 0.2, 0.3], [0.3, 0.3, 0.31]], 0.95)
    assert mean == pytest.approx([0.3, 0.3, 0.91 / 3])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, False]


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    assert np.array_equal(np.array(student([[2.0], [3.0]], 0.95)), [[2, 3], [np.nan] * 2, [np.nan] * 2], equal_nan=True)
    assert np.isnan(student([], 0.95)).all()


def test_the_family_level_shares_five_percent_among_differences_and_looks() -> None:
    assert family_level(1) == family_level(0) == 0.95
    assert family_level(6) == pytest.approx(1 - 0.05 / 6)
    assert family_level(2, looks=3) == family_level(6)


@pytest.mark.parametrize("judged", [1, 2, 6, 30])
def test_the_bounds_of_an_equivalence_interval_are_those_of_one_sided_tests(judged: int) -> None:
    samples = np.random.default_rng(judged).normal(0.1, 0.4, 8)
    level = family_level(judged)
    _, low, high = student(samples, equivalence_level(level))
    for bound in (low, high):
        below, above = (scipy_stats.ttest_1samp(samples, bound, alternative=side).pvalue for side in ("less", "greater"))
        assert min(below, above) == pytest.approx(1 - level, rel=1e-6)
    margin = max(abs(low), abs(high))
    p = max(DescrStatsW(samples).ttost_mean(-margin, margin)[0], 0)
    assert p == pytest.approx(1 - level, rel=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "margin", "code"),
    [
        (0.1, 2, 0.5, HELPS),
        (0.1, 0.4, 0.5, HELPS),
        (-2, -0.1, 0.5, HURTS),
        (-0.4, 0.4, 0.5, NONE),
        (-0.55, 0.55, 0.5, NONE),  # the equivalence interval is the narrower one
        (-0.4, 0.7, 0.5, INCONCLUSIVE),
        (-0.7, 0.4, 0.5, INCONCLUSIVE),
        (-0.625, 0.5, 0.5, INCONCLUSIVE),  # an effect of 0.5 is one
        (0, 0.4, 0.5, NONE),
        (0, 0.7, 0.5, INCONCLUSIVE),
        (-0.4, 0.4, None, INCONCLUSIVE),
        (0.1, 0.4, None, HELPS),
        (np.nan, np.nan, 0.5, INCONCLUSIVE),
    ],
)
def test_two_intervals_say_where_the_difference_can_lie(low: float, high: float, margin: float | None, code: int) -> None:
    assert decide((low, high), (0.8 * low, 0.8 * high), margin) == code


@given(st.floats(-3, 3), st.floats(0.001, 3), st.floats(0.1, 1), st.floats(0.01, 2), st.floats(-4, 4))
def test_a_wrong_verdict_takes_an_interval_that_leaves_out_the_truth_on_its_side(
    middle: float, half: float, narrower: float, margin: float, truth: float
) -> None:
    """The proof of the rule, case by case."""
    family, equivalence = ((middle - width, middle + width) for width in (half, narrower * half))
    code = int(decide(family, equivalence, margin))
    right = {HELPS: truth > 0, HURTS: truth < 0, NONE: abs(truth) < margin, INCONCLUSIVE: True}
    small = code in (HELPS, HURTS) and -margin < equivalence[0] and equivalence[1] < margin
    if right[code] and not (small and abs(truth) >= margin):
        return
    if truth == 0:
        assert family[0] > 0 or family[1] < 0
    elif abs(truth) < margin:
        assert family[1] < truth if truth > 0 else family[0] > truth
    else:
        assert equivalence[1] < truth if truth > 0 else equivalence[0] > truth


@pytest.mark.parametrize("seeds", [3, 8])
@pytest.mark.parametrize("judged", [1, 6])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])  # of the margin
def test_a_comparison_is_wrong_as_seldom_as_the_proof_says(seeds: int, judged: int, share: float) -> None:
    studies, margin, level = 40_000, 0.5, family_level(judged)
    samples = np.random.default_rng([seeds, judged]).normal(share * margin, 0.15, (studies, seeds))
    (_, *family), (_, *equivalence) = student(samples, level), student(samples, equivalence_level(level))
    codes = decide(tuple(family), tuple(equivalence), margin)
    wrong = {0.0: np.isin(codes, [HELPS, HURTS]), 0.5: codes == HURTS, 1.0: np.isin(codes, [NONE, HURTS])}[share].mean()
    bound = (1 - level) / (2 if share == 0.5 else 1)
    assert wrong <= bound + 4 * np.sqrt(bound / studies)
    assert (codes == NONE).mean() > 0.5 or share or seeds == 3


def table(n: int, m: int, seed: int = 0) -> np.ndarray:
    """Differences of two arms by seed and image, with effects of both."""
    generator = np.random.default_rng(seed)
    mean = 0.3 + 0.3 * generator.normal(size=(n, 1)) + 0.5 * generator.normal(size=m)
    return np.clip(np.rint(mean + 0.5 * generator.normal(size=(n, m))), -1, 1).astype(np.int8)


def test_the_parts_of_the_variance_are_those_of_an_analysis_of_variance() -> None:
    n, m = 5, 30
    d = table(n, m)
    long = pd.DataFrame({"d": d.ravel().astype(float), "seed": np.repeat(range(n), m), "image": np.tile(range(m), n)})
    squares = anova_lm(ols("d ~ C(seed) + C(image)", long).fit())["mean_sq"]
    g, of_seeds, of_images, low, high = crossed(d, 0.99)
    assert g == pytest.approx(d.mean())
    assert of_seeds == pytest.approx(squares["C(seed)"] / (n * m))
    assert of_images == pytest.approx((squares["C(image)"] - squares["Residual"]) / (n * m))
    t, z = scipy_stats.t.ppf(0.995, n - 1), scipy_stats.norm.ppf(0.995)
    half = np.sqrt(t**2 * squares["C(seed)"] / (n * m) + z**2 * of_images)
    assert (low, high) == pytest.approx((d.mean() - half, d.mean() + half))


def test_crossed_is_the_same_for_integers_and_fractions_and_for_many_tables_at_once() -> None:
    tables = np.stack([table(4, 50, seed) for seed in range(3)])
    together = np.stack(crossed(tables, 0.95), axis=-1)
    assert together == pytest.approx(np.stack(crossed(tables.astype(float), 0.95), axis=-1))
    for place in range(3):
        assert together[place] == pytest.approx(np.array(crossed(tables[place], 0.95)))


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_neither_the_order_of_seeds_nor_that_of_images_matters_and_signs_mirror(seed: int, random) -> None:
    d = table(3, 20, seed)
    rows, columns = random.sample(range(3), 3), random.sample(range(20), 20)
    found = np.array(crossed(d, 0.95))
    assert np.array(crossed(d[rows][:, columns], 0.95)) == pytest.approx(found, nan_ok=True)
    g, of_seeds, of_images, low, high = crossed(-d, 0.95)
    assert np.array([-g, of_seeds, of_images, -high, -low]) == pytest.approx(found, nan_ok=True)


def test_images_that_all_say_the_same_add_nothing() -> None:
    rows = np.array([[1], [0], [1]]) * np.ones((3, 40), dtype=int)
    g, of_seeds, of_images, low, high = crossed(rows, 0.95)
    assert of_images == 0
    assert of_seeds > 0
    assert (g, low, high) == pytest.approx(student([1, 0, 1], 0.95))


def test_one_seed_or_seeds_that_are_all_alike_have_no_interval() -> None:
    g, of_seeds, of_images, low, high = crossed(table(1, 30), 0.95)
    assert g == pytest.approx(table(1, 30).mean())
    assert np.isnan([of_seeds, of_images, low, high]).all()
    alike = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    g, of_seeds, of_images, low, high = crossed(alike, 0.95)
    assert (g, of_seeds) == (0.25, 0)
    assert np.isnan([low, high]).all()


def test_a_test_set_of_usual_size_takes_little_memory() -> None:
    d = table(20, 10_000)
    tracemalloc.start()
    crossed(d, 0.95)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * d.nbytes
