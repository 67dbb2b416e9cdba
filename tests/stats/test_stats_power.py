"""How likely a comparison is to be decided, against SciPy's noncentral distribution, integrals and studies drawn at random."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as scipy_stats

from ablate.stats import HELPS, NONE, decide, equivalence_level, family_level, student
from ablate.stats.power import MOST_SEEDS, chance, seeds_needed


@pytest.mark.parametrize("seeds", [3, 5, 20])
@pytest.mark.parametrize("difference", [0.4, 1.0, -2.0])
def test_without_a_margin_it_is_the_power_of_a_paired_t_test(seeds: int, difference: float) -> None:
    level = family_level(3)
    critical = scipy_stats.t.ppf((1 + level) / 2, seeds - 1)
    expected = scipy_stats.nct.sf(critical, seeds - 1, abs(difference) * seeds**0.5)
    assert chance(seeds, difference, 1.0, level, None) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("seeds", [4, 12])
def test_of_no_difference_it_is_the_power_of_two_one_sided_tests(seeds: int) -> None:
    """Of which few lie within the margin while the family interval excludes 0."""
    margin, sd, level = 0.5, 0.4, family_level(2)
    t = scipy_stats.t.ppf(level, seeds - 1)

    def density(s: float) -> float:
        half = max(0.0, (margin - t * sd * s / seeds**0.5) / (sd / seeds**0.5))
        squared = s * s * (seeds - 1)
        chi2 = scipy_stats.chi2.pdf(squared, seeds - 1) * 2 * s * (seeds - 1)
        return chi2 * (scipy_stats.norm.cdf(half) - scipy_stats.norm.cdf(-half))

    expected = integrate.quad(density, 0, 6)[0]
    found = chance(seeds, 0.0, sd, level, margin)
    assert expected - (1 - level) - 1e-3 <= found <= expected + 1e-3


@pytest.mark.parametrize(
    ("difference", "seeds", "judged"), [(0.0, 6, 1), (0.2, 12, 6), (0.3, 30, 2), (0.45, 8, 1), (0.7, 5, 3)]
)
def test_it_is_the_share_of_studies_that_are_rightly_decided(difference: float, seeds: int, judged: int) -> None:
    studies, margin, level = 40_000, 0.5, family_level(judged)
    samples = np.random.default_rng(seeds).normal(difference, 0.4, (studies, seeds))
    (_, *family), (_, *equivalence) = student(samples, level), student(samples, equivalence_level(level))
    codes = decide(tuple(family), tuple(equivalence), margin)
    right = ((codes == HELPS) & (difference > 0) | (codes == NONE) & (difference < margin)).mean()
    assert chance(seeds, difference, 0.4, level, margin) == pytest.approx(right, abs=0.012)


@given(
    st.integers(2, 20),
    st.floats(-2, 2),
    st.floats(0.1, 3),
    st.sampled_from([1, 6, 30]),
    st.sampled_from([None, 0.5]),
)
def test_the_seeds_needed_are_the_first_with_enough_power(
    more_than: int, difference: float, sd: float, judged: int, margin: float | None
) -> None:
    level = family_level(judged)
    found = seeds_needed(more_than, difference, sd, level, margin)
    if found is None:
        assert chance(MOST_SEEDS, difference, sd, level, margin) < 0.8
        return
    assert more_than < found <= MOST_SEEDS
    assert chance(found, difference, sd, level, margin) >= 0.8
    assert found == more_than + 1 or chance(found - 1, difference, sd, level, margin) < 0.8


@pytest.mark.parametrize(("sd", "textbook"), [(1.0, 10), (2.0, 34), (0.5, 5)])  # of a paired t test at 5%, 80% power
def test_the_seeds_needed_are_those_of_textbooks(sd: float, textbook: int) -> None:
    assert seeds_needed(2, 1.0, sd, 0.95, None) == textbook


def test_no_difference_is_never_found_without_a_margin() -> None:
    assert chance(1000, 0.0, 1.0, 0.95, None) == 0
    assert seeds_needed(2, 0.0, 1.0, 0.95, None) is None
    assert seeds_needed(MOST_SEEDS, 1.0, 1.0, 0.95, None) is None
