"""Differences paired by seed, against scipy and statsmodels."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW

from ablate.stats import estimates, family_level, paired
from ablate.stats.paired import signflip

NAN = float("nan")
LEVEL = family_level(6)
SAMPLES = arrays.arrays(np.float64, st.integers(2, 9), elements=st.integers(-300, 300).map(lambda number: number / 100))


def wide(*rows: list[float]) -> pd.DataFrame:
    return pd.DataFrame(rows).rename_axis(index="arm", columns="seed")


def row(values: np.ndarray) -> pd.Series:
    return estimates(pd.DataFrame([values]), LEVEL).loc[0]


def test_pairs_are_differences_of_the_same_seed() -> None:
    samples = paired(wide([70.0, 71.0, NAN], [72.0, 75.0, 73.0], [71.0, NAN, 70.0]), [(1, 0), (2, 1), (0, 2)])
    assert samples.index.tolist() == samples.columns.tolist() == [0, 1, 2]
    assert np.array_equal(samples.to_numpy(), [[2, 4, NAN], [-1, NAN, -3], [-1, NAN, NAN]], equal_nan=True)


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_estimates_are_those_of_scipys_paired_t_test_and_of_statsmodels(n: int) -> None:
    generator = np.random.default_rng(n)
    first, second = generator.normal(78, 1, n), generator.normal(79, 1, n)
    found = estimates(paired(wide(list(first), list(second)), [(1, 0)]), LEVEL).loc[0]
    test = scipy_stats.ttest_rel(second, first)
    assert found["p"] == pytest.approx(test.pvalue, rel=1e-9)
    assert found[["low", "high"]].tolist() == pytest.approx(list(test.confidence_interval(LEVEL)), rel=1e-9)
    assert found[["low95", "high95"]].tolist() == pytest.approx(list(test.confidence_interval(0.95)), rel=1e-9)
    described = DescrStatsW(second - first)
    assert found[["points", "sd"]].tolist() == pytest.approx([described.mean, np.sqrt(described.var_ddof(1))])
    assert found["p"] == pytest.approx(described.ttest_mean(0)[1], rel=1e-9)
    assert found["n"] == n
    assert found["level"] == LEVEL


@pytest.mark.parametrize("n", [2, 5, 9])
def test_the_sign_flip_p_is_that_of_scipys_exact_permutation_test(n: int) -> None:
    for seed in range(5):
        values = np.random.default_rng(seed).normal(0.5, 1, n)
        test = scipy_stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=2**n, vectorized=True)
        assert signflip(values) == pytest.approx(test.pvalue)


@given(SAMPLES)
def test_the_sign_flip_p_counts_every_choice_of_signs_ties_included(values: np.ndarray) -> None:
    hundredths = np.rint(100 * values).astype(int)  # in which sums have no rounding
    sums = [abs(int(np.dot(signs, hundredths))) for signs in itertools.product((-1, 1), repeat=len(values))]
    assert signflip(values) == np.mean([each >= abs(int(hundredths.sum())) for each in sums])


def test_the_sign_flip_p_of_many_seeds_is_exact_and_of_more_is_not_given() -> None:
    ones = np.ones(40)
    assert signflip(ones) == 2 / 2**40
    ones[:3] = -1  # the sum is at least 34 with three minus signs or fewer
    assert signflip(ones) == pytest.approx(2 * scipy_stats.binom.cdf(3, 40, 0.5), rel=1e-12)
    values = np.random.default_rng(0).normal(0.3, 1, 40)
    assert signflip(values) == pytest.approx(scipy_stats.ttest_1samp(values, 0).pvalue, rel=0.15)
    assert np.isnan(signflip(np.ones(41)))
    assert np.isnan(signflip(np.ones(0)))


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_the_smallest_p_is_reached_where_all_seeds_agree(n: int) -> None:
    found = row(np.arange(1, n + 1) / 10)
    assert found["p_signflip"] == found["p_smallest"] == 2 / 2**n


@given(SAMPLES, st.integers(-500, 500))
def test_a_shift_of_all_seeds_shifts_the_estimate_and_nothing_else(values: np.ndarray, shift: int) -> None:
    before, after = row(values), row(values + shift / 100)
    moved = ["points", "low", "high", "low95", "high95"]
    assert after[moved].to_numpy() == pytest.approx(before[moved].to_numpy() + shift / 100, nan_ok=True, abs=1e-9)
    assert after["sd"] == pytest.approx(before["sd"], abs=1e-9)


@given(SAMPLES)
def test_to_swap_arm_and_baseline_mirrors_the_interval_and_keeps_each_p(values: np.ndarray) -> None:
    one, other = row(values), row(-values)
    mirrored = ["points", "high", "low", "high95", "low95"]
    assert other[["points", "low", "high", "low95", "high95"]].to_numpy() == pytest.approx(
        -one[mirrored].to_numpy(), nan_ok=True, abs=1e-9
    )
    kept = ["n", "sd", "p", "p_signflip", "p_smallest"]
    assert other[kept].to_numpy() == pytest.approx(one[kept].to_numpy(), nan_ok=True)


@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_seeds_does_not_matter_nor_do_seeds_without_a_value(values: np.ndarray, random) -> None:
    shuffled = [*values, NAN, NAN]
    random.shuffle(shuffled)
    assert row(np.array(shuffled)).to_numpy() == pytest.approx(row(values).to_numpy(), nan_ok=True, abs=1e-9)


def test_one_seed_has_a_difference_only_and_none_has_nothing() -> None:
    frame = estimates(pd.DataFrame([[1.5, NAN], [NAN, NAN]]), LEVEL)
    assert frame["n"].tolist() == [1, 0]
    assert frame.loc[0, ["points", "p_signflip", "p_smallest"]].tolist() == [1.5, 1, 1]
    assert frame[["sd", "low", "high", "low95", "high95", "p"]].isna().all(axis=None)
    assert frame.loc[1, ["points", "p_signflip", "p_smallest"]].isna().all()


def test_seeds_that_are_all_alike_have_no_interval_and_no_p_but_that_of_signs() -> None:
    found = row(np.array([0.3, 0.1 + 0.2, 0.3]))
    assert found[["low", "high", "low95", "high95", "p"]].isna().all()
    assert found["points"] == pytest.approx(0.3)
    assert found["p_signflip"] == 0.25


def test_each_comparison_stands_on_its_own_deviation_and_keeps_its_name() -> None:
    samples = pd.DataFrame([[1.0, 2.0, 3.0], [10.0, 30.0, 80.0]], index=[7, 3])
    together = estimates(samples, LEVEL)
    assert together.index.tolist() == [7, 3]
    for name in samples.index:
        pd.testing.assert_frame_equal(together.loc[[name]], estimates(samples.loc[[name]], LEVEL))


def test_nothing_to_compare_gives_an_empty_frame_of_the_same_columns() -> None:
    samples = paired(wide([1.0, 2.0]), [])
    empty, full = estimates(samples, LEVEL), estimates(pd.DataFrame([[1.0, 2.0]]), LEVEL)
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
