import numpy as np
import pytest
from hypothesis import given, strategies

from ablate.report.figures import style


def test_a_change_is_not_torn_apart():
    assert style.wrapped("no augmentation, no EMA", 20) == "no augmentation,\nno EMA"
    assert style.wrapped("weight decay scaled → decoupled", 20) == "weight decay\nscaled → decoupled"
    assert style.wrapped("augment: on → off, ema: on → off", 20) == "augment: on → off,\nema: on → off"
    assert style.wrapped("initialization tutorial_2017 → he_normal", 20) == "initialization\ntutorial_2017\n→ he_normal"


def test_a_name_without_any_space_is_broken_rather_than_too_wide():
    assert max(map(len, style.wrapped("x" * 50, 20).split("\n"))) == 20


def test_fitted_lines_are_not_wider_than_asked_and_say_the_same():
    text = "model tuto → alex4, no LRN, one hidden dense layer, weight decay scaled → decoupled"
    for width in (90, 150, 400):
        lines = style.fitted(text, width)
        assert max(map(style.text_width, lines)) <= width
        assert " ".join(lines) == text


@pytest.mark.parametrize(
    ("places", "moved"),
    [
        ([], []),
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.1, 0.5, 0.5, 0.9], [0.1, 0.45, 0.55, 0.9]),
        ([0.99, 1.0], [0.9, 1.0]),
        ([0.0, 0.0], [0.0, 0.1]),
    ],
)
def test_places_are_moved_apart_no_further_than_needed(places, moved):
    assert style.apart(places, 0.1) == pytest.approx(moved)


def test_places_of_different_heights_do_not_overlap():
    places = style.apart([0.5, 0.5, 0.52], [0.1, 0.3, 0.1])
    assert places[1] - places[0] == pytest.approx(0.2)
    assert places[2] - places[1] == pytest.approx(0.2)


def test_limits_end_where_values_must():
    assert style.limits([99.0, 100.0], bounds=(0, 100))[1] == 100
    assert style.limits([0.0, 1.0], [-5.0, 0.0], [5.0, 1.0], bounds=(0, 100))[0] == 0


def test_limits_hold_what_is_shown_and_cut_intervals_that_would_dwarf_it():
    low, high = style.limits([0, 1, 0.5, float("nan")], [-0.5, 0.8, 0.3, float("nan")], [0.5, 40, 0.7, float("nan")])
    assert -0.7 < low < -0.5
    assert 2 < high < 2.3
    assert style.limits([]) == (-1, 1)
    assert style.limits([3.0])[0] < 3 < style.limits([3.0])[1]


def test_equal_means_do_not_cut_their_intervals():
    low, high = style.limits([77.98, 78.03], [77.66, 77.70], [78.30, 78.36], cut=2.0)
    assert low < 77.66
    assert high > 78.36


ENDS = strategies.floats(0, 100)


@given(strategies.lists(strategies.tuples(strategies.floats(-100, 100), ENDS, ENDS), min_size=1), strategies.floats(0, 3))
def test_no_interval_around_a_mean_is_cut_unless_it_is_wider_than_the_median(intervals, cut):
    means = [mean for mean, _, _ in intervals]
    lows, highs = [mean - left for mean, left, _ in intervals], [mean + right for mean, _, right in intervals]
    low, high = style.limits(means, lows, highs, cut)
    assert low <= min(means) <= max(means) <= high
    median = np.median(np.subtract(highs, lows))
    for left, right in zip(lows, highs, strict=True):
        assert right - left > median or low <= left <= right <= high
