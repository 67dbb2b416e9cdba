"""Which runs are unstable, against the rule written out, and the highest rate against SciPy's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from ablate.stats import highest_rate, stability

ACCURACIES = st.integers(0, 10_000).map(lambda right: right / 10_000)
RUNS = st.tuples(st.lists(ACCURACIES, min_size=5, max_size=40), ACCURACIES, st.integers(1, 20))


def written_out(grid: list[float], value: float, k: int) -> bool:
    """The rule as one reads it."""
    best = max(sum(grid[at : at + 5]) / 5 for at in range(len(grid) - 4))
    half = len(grid) // 2
    squares = [(grid[at] - grid[at - 1]) ** 2 for at in range(half, len(grid))]
    s = math.sqrt(sum(squares) / len(squares) / 2)
    fall = best - value
    return fall > 0.03 + 1e-9 and fall > 4 * s * math.sqrt(1 / 5 + 1 / k) + 1e-9


@given(run=RUNS)
def test_a_run_is_unstable_where_the_rule_says_so(run) -> None:
    grid, value, k = run
    assert bool(stability(grid, value, k).unstable) == written_out(grid, value, k)


@given(grids=st.lists(st.lists(ACCURACIES, min_size=12, max_size=12), min_size=1, max_size=6), value=ACCURACIES)
def test_runs_are_judged_each_by_itself(grids, value) -> None:
    together = stability(grids, [value] * len(grids), 3)
    for number, grid in enumerate(grids):
        alone = stability(grid, value, 3)
        assert together.unstable[number] == alone.unstable
        assert (together.best[number], together.bar[number]) == pytest.approx((float(alone.best), float(alone.bar)))


@given(run=RUNS, lower=st.floats(0, 1))
def test_a_lower_value_is_no_more_stable(run, lower) -> None:
    grid, value, k = run
    assert stability(grid, value - lower, k).unstable >= stability(grid, value, k).unstable


@given(run=RUNS, by=st.floats(-0.5, 0.5))
def test_where_the_accuracies_lie_does_not_matter(run, by) -> None:
    grid, value, k = run
    found, moved = stability(grid, value, k), stability(np.array(grid) + by, value + by, k)
    assert (float(moved.fall), float(moved.bar)) == pytest.approx((float(found.fall), float(found.bar)))


@given(run=RUNS, more=st.integers(1, 20))
def test_a_mean_of_more_evaluations_has_no_higher_bar(run, more) -> None:
    grid, value, k = run
    assert stability(grid, value, k + more).bar <= stability(grid, value, k).bar


@given(run=RUNS, below=st.floats(0, 0.03))
def test_a_fall_of_3_points_or_less_is_none(run, below) -> None:
    grid, _, k = run
    assert not stability(grid, float(stability(grid, 0.0, k).best) - below, k).unstable


@pytest.mark.parametrize("count", range(5))
def test_fewer_than_five_evaluations_are_not_judged(count: int) -> None:
    found = stability([[0.9] * count] * 2, [0.1, 0.2])
    assert np.isnan([found.best, found.fall, found.bar]).all()
    assert not found.unstable.any()


def test_each_run_may_have_its_own_number_of_evaluations_that_are_averaged() -> None:
    grid = [0.70, 0.75] * 5
    assert stability([grid, grid], [0.60, 0.60], [1, 10]).unstable.tolist() == [False, True]


@given(of=st.integers(1, 200), share=st.floats(0, 1))
def test_the_highest_rate_is_the_one_sided_bound_of_clopper_and_pearson(of: int, share: float) -> None:
    seen = round(share * of)
    exact = scipy_stats.binomtest(seen, of, alternative="less").proportion_ci(0.95, method="exact")
    assert highest_rate(seen, of) == pytest.approx(exact.high)


def test_none_of_five_seen_allows_a_rate_up_to_45_percent() -> None:
    assert f"{100 * highest_rate(0, of=5):.0f}" == "45"
    assert math.isnan(highest_rate(0, of=0))
