import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.report.page import forest

POINTS = st.floats(-100, 100)
SEEDS = st.lists(st.one_of(POINTS, st.just(math.nan)), max_size=6).map(tuple)


@st.composite
def lanes(draw) -> forest.Marks:
    low, high = sorted((draw(POINTS), draw(POINTS)))
    value = draw(st.one_of(st.just(math.nan), st.floats(low, high)))
    return forest.Marks("helps", value, (low, high), ((low - 1, high + 1, "plain"), (math.nan, math.nan, "new")), draw(SEEDS))


@given(st.lists(lanes(), min_size=1, max_size=5), st.one_of(st.none(), st.floats(0.1, 5)), st.sampled_from([1, -1]))
def test_nothing_is_drawn_outside_its_lane_and_zero_is_always_in_it(rows, margin, better):
    on = forest.scale(rows, margin, better, most=100)
    assert -100 <= on.low < 0 < on.high <= 100 or on.low <= 0 <= on.high
    for row in rows:
        drawn = forest.lane(row, on, margin, error=25.0)
        assert "nan" not in drawn
        places = [float(place) for place in re.findall(r'(?:x|x1|x2|cx)="([-\d.]+)%"', drawn)]
        assert places
        assert all(0 <= place <= 100 for place in places)
    assert "nan" not in forest.axis(on, margin, 25.0, "pp")


@given(POINTS, POINTS)
def test_better_is_always_on_the_right(one, other):
    low, high = min(one, other, -1.0), max(one, other, 1.0)
    for better in (1, -1):
        on = forest.Scale(low, high, better)
        assert (on.at(one) <= on.at(other)) == (better * one <= better * other) or on.at(one) == on.at(other)


@given(st.floats(-50, 0), st.floats(0.01, 50))
def test_an_axis_names_zero_and_few_round_values(low, high):
    on = forest.Scale(low, high)
    assert any(math.isclose(tick, 0, abs_tol=1e-9) for tick in on.ticks)
    assert 1 <= len(on.ticks) <= forest.TICKS + 2
    assert all(low - 1e-6 <= tick <= high + 1e-6 for tick in on.ticks)


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(0.0, 0.5, "0"), (1.5, 0.5, "+1.5"), (-2.0, 2.0, "−2"), (0.05, 0.05, "+0.05"), (1000, 500, "+1,000")],
)
def test_a_tick_has_the_digits_of_its_step(value, step, text):
    assert forest.written(value, step) == text


def test_an_interval_that_is_too_wide_is_not_drawn():
    wide = forest.Marks("open", 3.0, (math.nan, math.nan), (), (1.0, 5.0))
    on = forest.scale([wide], 0.5, 1, 100)
    drawn = forest.lane(wide, on, 0.5, None)
    assert 'class="ci"' not in drawn
    assert drawn.count("<circle") == 2
