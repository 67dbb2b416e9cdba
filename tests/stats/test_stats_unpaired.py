"""Welch's intervals, of arms that share no seeds."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ablate.stats import equivalence_level, estimates, family_level, unpaired, verdicts

VALUES = st.lists(st.floats(-100, 100), min_size=2, max_size=12)
LEVELS = st.sampled_from([0.9, 0.95, family_level(3), 0.999])
DIFFERENCE = pd.DataFrame([[-1.0, 1.0]])


def apart(*arms: list[float]) -> pd.DataFrame:
    """A row an arm, each with seeds of its own."""
    nan = [math.nan]
    before = np.cumsum([0, *map(len, arms)])
    rows = [nan * start + arm + nan * (before[-1] - start - len(arm)) for start, arm in zip(before, arms, strict=False)]
    return pd.DataFrame(rows)


@settings(max_examples=30)
@given(VALUES, VALUES, LEVELS)
def test_two_arms_are_compared_as_scipy_does(first, second, level):
    assume(min(np.std(first), np.std(second)) > 1e-3)
    row = unpaired(apart(first, second), DIFFERENCE, level).iloc[0]
    test = scipy.stats.ttest_ind(second, first, equal_var=False)
    for one, low, high in (
        (level, "low", "high"),
        (equivalence_level(level), "equivalence_low", "equivalence_high"),
        (0.95, "low95", "high95"),
    ):
        interval = test.confidence_interval(one)
        assert row[[low, high]].tolist() == pytest.approx([interval.low, interval.high], rel=1e-6, abs=1e-9)
    assert row["p"] == pytest.approx(test.pvalue, rel=1e-6, abs=1e-300)
    assert row["n"] == min(len(first), len(second))


@settings(max_examples=30)
@given(st.tuples(VALUES, VALUES, VALUES, VALUES))
def test_an_effect_of_means_is_a_sum_of_independent_ones(arms):
    assume(min(np.std(arm) for arm in arms) > 1e-3)
    weights = pd.DataFrame([[-0.5, -0.5, 0.5, 0.5]])
    row = unpaired(apart(*arms), weights, 0.95).iloc[0]
    parts = [0.25 * np.var(arm, ddof=1) / len(arm) for arm in arms]
    freedom = sum(parts) ** 2 / sum(part**2 / (len(arm) - 1) for part, arm in zip(parts, arms, strict=True))
    half = scipy.stats.t.ppf(0.975, freedom) * math.sqrt(sum(parts))
    points = (np.mean(arms[2]) + np.mean(arms[3]) - np.mean(arms[0]) - np.mean(arms[1])) / 2
    assert row[["points", "low", "high"]].tolist() == pytest.approx([points, points - half, points + half], abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.floats(-10, 10), min_size=4, max_size=4), st.lists(st.floats(-10, 10), min_size=4, max_size=4))
def test_as_many_runs_in_pairs_of_that_deviation_are_no_surer(first, second):
    row = unpaired(apart(first, second), DIFFERENCE, 0.95).iloc[0]
    assume(row["sd"] > 1e-3)
    spread = np.array([-1.0, -1.0, 1.0, 1.0]) * row["sd"] * math.sqrt(3 / 4)
    pairs = estimates(pd.DataFrame([row["points"] + spread]), 0.95).iloc[0]
    assert pairs["sd"] == pytest.approx(row["sd"])
    assert row["high"] - row["low"] <= pairs["high"] - pairs["low"] + 1e-9


def test_one_run_of_an_arm_and_no_scatter_have_no_interval():
    one = unpaired(apart([1.0], [2.0, 3.0]), DIFFERENCE, 0.95)
    alike = unpaired(apart([1.0, 1.0], [2.0, 2.0]), DIFFERENCE, 0.95)
    none = unpaired(apart([], [2.0, 2.5]), DIFFERENCE, 0.95)
    for frame, n, points in ((one, 1, 1.5), (alike, 2, 1.0), (none, 0, math.nan)):
        assert frame["n"].tolist() == [n]
        assert frame["points"].tolist() == pytest.approx([points], nan_ok=True)
        assert frame[["low", "high", "p", "p_signflip", "p_smallest"]].isna().all(axis=None)
    limits = pd.concat([verdicts(frame, margin=0.5) for frame in (one, alike)])
    assert limits["verdict"].tolist() == ["no verdict", "inconclusive"]
    assert limits["limit"].tolist() == ["one seed", "alike"]
