import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import numbers
from ablate.text import counted


def test_a_difference_has_a_sign_and_what_rounds_to_nothing_has_none():
    assert [numbers.signed(value, 1) for value in (-3.14, 3.14, 0.04, -0.04, 0.0)] == ["−3.1", "+3.1", "0.0", "0.0", "0.0"]
    assert numbers.signed(-0.0449, 2) == "−0.04"
    assert numbers.number(-1234.5, 1) == "−1,234.5"


def test_what_is_missing_is_a_dash():
    missing = (float("nan"), None, pd.NA)
    assert {numbers.signed(value, 1) for value in missing} == {"–"}
    assert {numbers.whole(value) for value in missing} == {"–"}
    assert numbers.p_value(float("nan")) == numbers.duration(float("nan")) == numbers.relative(pd.NA) == "–"
    assert numbers.interval(float("nan"), 1.0, 1) == "–"
    assert numbers.change(pd.NA, 3) == "–"


def test_decimals_follow_the_smallest_deviation_that_is_one():
    assert numbers.decimals(pd.Series([2.1, 0.21])) == 2
    assert numbers.decimals(pd.Series([2.1, np.nan])) == 1
    assert numbers.decimals(pd.Series([21.0])) == 0
    assert numbers.decimals(pd.Series([0.0021])) == 2
    assert numbers.decimals(pd.Series([0.0021]), most=4) == 4
    assert numbers.decimals(pd.Series([2.1, 1e-14])) == 1  # rounding, of seeds that are all alike
    assert numbers.decimals(pd.Series([], dtype="float64")) == 1


@pytest.mark.parametrize(
    ("p", "text"),
    [(1.0, "1.00"), (0.25, "0.25"), (0.041, "0.041"), (0.0072, "0.0072"), (0.00017, "0.00017"), (9e-5, "< 0.0001")],
)
def test_a_p_value_has_two_digits(p, text):
    assert numbers.p_value(p) == text


def test_a_cost_is_told_with_its_share():
    assert numbers.change(688_128, 1_756_426) == "+688,128 (+64%)"
    assert numbers.change(-29_238_272.0, 37_745_098.0) == "−29,238,272 (−44%)"
    assert numbers.change(-144_192, 37_600_906) == "−144,192 (−0.4%)"
    assert numbers.change(0, 5) == "same"
    assert numbers.change(5, 5) == "+5"  # compared with nothing there is no share


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.21, "3.2 s"), (45.0, "45 s"), (1559.8, "26 min"), (300.0, "5.0 min"), (10_080.0, "2.8 h"), (360_000.0, "100 h")],
)
def test_a_time_has_two_or_three_digits(seconds, text):
    assert numbers.duration(seconds) == text


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_what_is_shown_reads_back_to_the_last_digit(value, places):
    read = float(numbers.signed(value, places).replace("−", "-").replace(",", ""))
    assert abs(read - value) <= 0.5 * 10**-places * (1 + 1e-6) + 1e-9


def test_things_are_counted():
    assert counted(1, "seed") == "1 seed"
    assert counted(1200, "run") == "1,200 runs"
    assert numbers.listed({"diverged": 1, "failed": 0, "missing": 2}) == "1 diverged, 2 missing"
    assert numbers.listed({"failed": 0}) == ""
