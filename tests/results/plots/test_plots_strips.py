import numpy as np
import pytest
from hypothesis import given, strategies

from ablate.results.plots import strips

WIDTH = 250.0
PLACES = strategies.lists(
    strategies.tuples(strategies.sampled_from([20.0, 22.0, 100.0, 230.0]), strategies.floats(0, 115)), min_size=1, max_size=40
)
FEWER = strategies.lists(strategies.tuples(strategies.floats(0, 250), strategies.floats(0, 115)), min_size=1, max_size=12)


def apart(x, y):
    """How far each dot is from each other, across and up."""
    return np.abs(x - x[:, None]), np.abs(y - y[:, None])


@given(strategies.one_of(PLACES, FEWER))
def test_no_two_dots_cover_each_other_and_one_that_covers_none_is_where_it_belongs(places):
    x, y = np.array(places).T
    moved = strips.beside(x, y, 5.0, WIDTH)
    assert moved.min() >= 0
    assert moved.max() <= WIDTH
    across, up = apart(moved, y)
    others = ~np.eye(len(x), dtype=bool)
    assert ((across > 4.999) | (up >= 5.0))[others].all()
    across, up = apart(x, y)
    alone = ~((across < 5.0) & (up < 5.0) & others).any(axis=1)
    assert (moved[alone] == x[alone]).all()


def test_twelve_dots_at_one_place_are_a_strip_around_it():
    moved = np.sort(strips.beside(np.full(12, 100.0), np.full(12, 50.0), 5.0, WIDTH))
    assert np.diff(moved) == pytest.approx(5)
    assert moved.mean() == pytest.approx(100, abs=2.5)


def test_dots_that_the_axis_has_no_room_for_stand_closer_and_stay_inside():
    moved = np.sort(strips.beside(np.full(100, 10.0), np.full(100, 50.0), 5.0, WIDTH))
    assert moved[0] >= 0
    assert moved[-1] <= WIDTH
    assert np.diff(moved).min() > 1.5


def test_bars_that_would_cover_each_other_stand_in_lanes_and_others_at_their_dots():
    x = np.array([50.0, 50.0, 50.0, 50.0, 90.0, 50.0])
    low, high = np.array([1.0, 2.0, 3.5, 9.0, 1.0, np.nan]), np.array([3.0, 4.0, 5.0, 10.0, 3.0, np.nan])
    assert strips.lanes(x, low, high, 1.6, 4.0).tolist() == pytest.approx([-0.8, 0.8, -0.8, 0, 0, 0])


def test_however_many_bars_there_are_each_stays_near_its_dot():
    aside = strips.lanes(np.full(20, 50.0), np.zeros(20), np.ones(20), 1.6, 4.0)
    assert np.abs(aside).max() == pytest.approx(2)
    assert len(set(aside)) == 20
