"""How likely more seeds give a verdict, against continuations that are drawn one by one, and by what has to hold."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.stats import (
    ADDED,
    HELPS,
    HURTS,
    INCONCLUSIVE,
    NONE,
    Inconclusive,
    chances_of_a_verdict,
    decide,
    equivalence_level,
    first_above,
    student,
)

MIRRORED = {HELPS: HURTS, HURTS: HELPS}
comparisons = st.builds(
    Inconclusive,
    n=st.integers(2, 40),
    mean=st.floats(-5, 5),
    sd=st.floats(0.05, 5),
    level=st.floats(0.95, 0.9999),
    margin=st.none() | st.floats(0.1, 3),
    barred=st.frozensets(st.sampled_from([HELPS, HURTS, NONE])),
)


def drawn(one: Inconclusive, added: int, count: int = 20_000) -> float:
    """The same chance, with every new seed drawn from a mean and an SD that were drawn themselves, and the rule as it is."""
    draw = np.random.default_rng(added)
    sd = one.sd * np.sqrt((one.n - 1) / draw.chisquare(one.n - 1, count))
    mean = one.mean + sd / np.sqrt(one.n) * draw.standard_normal(count)
    new = mean[:, None] + sd[:, None] * draw.standard_normal((count, added))
    old = np.linspace(-1, 1, one.n)
    old = one.mean + one.sd * (old - old.mean()) / old.std(ddof=1)
    seeds = np.concatenate([np.tile(old, (count, 1)), new], axis=1)
    _, low, high = student(seeds, one.level)
    _, inner_low, inner_high = student(seeds, equivalence_level(one.level))
    codes = decide((low, high), (inner_low, inner_high), one.margin)
    return float((~np.isin(codes, [INCONCLUSIVE, *one.barred])).mean())


@pytest.mark.parametrize("added", [1, 5, 20])
@pytest.mark.parametrize(
    "one",
    [
        Inconclusive(5, 1.0, 0.6, 0.99, 0.5),
        Inconclusive(3, 0.1, 0.3, 0.9875, 0.5),
        Inconclusive(2, -1.0, 1.0, 0.95, None),
        Inconclusive(10, -0.4, 1.0, 0.975, 0.5, frozenset([HURTS])),
        Inconclusive(5, 0.3, 0.8, 0.99, 1.0, frozenset([NONE])),
    ],
)
def test_it_is_the_chance_in_continuations_that_are_drawn_one_by_one(one: Inconclusive, added: int) -> None:
    assert chances_of_a_verdict(one)[ADDED.index(added)] == pytest.approx(drawn(one, added), abs=0.02)


@given(comparisons)
def test_chances_do_not_depend_on_unit_or_sign(one: Inconclusive) -> None:
    found = chances_of_a_verdict(one)
    margin, barred = None if one.margin is None else 2 * one.margin, frozenset(MIRRORED.get(code, code) for code in one.barred)
    other = one._replace(mean=-2 * one.mean, sd=2 * one.sd, margin=margin, barred=barred)
    assert ((found >= 0) & (found <= 1)).all()
    assert chances_of_a_verdict(other) == pytest.approx(found, abs=0.03)
    assert chances_of_a_verdict(one).tolist() == found.tolist()


@given(comparisons)
def test_a_wider_margin_a_lower_level_and_nothing_barred_raise_the_chance(one: Inconclusive) -> None:
    found = chances_of_a_verdict(one)
    assert (chances_of_a_verdict(one._replace(barred=one.barred | {HELPS, NONE})) <= found).all()
    assert (chances_of_a_verdict(one._replace(margin=None)) <= found).all()
    assert (chances_of_a_verdict(one._replace(level=1 - (1 - one.level) / 4, margin=None)) <= found).all()


@given(comparisons, st.floats(0.05, 1))
def test_the_first_above_is_the_fewest_with_that_chance(one: Inconclusive, least: float) -> None:
    found = chances_of_a_verdict(one)
    added = first_above(found, least)
    if added is None:
        assert (found < least).all()
    else:
        place = ADDED.index(added)
        assert found[place] >= least > max(found[:place], default=0)


def test_a_hundred_more_seeds_settle_nearly_everything_that_differs() -> None:
    assert chances_of_a_verdict(Inconclusive(10, 1.0, 1.0, 0.95, None))[-1] > 0.98


def test_of_seeds_that_are_alike_nothing_is_known() -> None:
    found = chances_of_a_verdict(Inconclusive(3, 1.0, 0.0, 0.95, 0.5))
    assert np.isnan(found).all()
    assert first_above(found, 0.8) is None


def test_thirty_comparisons_take_under_50_ms() -> None:
    chances_of_a_verdict(Inconclusive(5, 1.0, 0.6, 0.99, 0.5))  # what all share is drawn once
    took = []
    for _ in range(5):
        begun = time.process_time()
        for number in range(30):
            chances_of_a_verdict(Inconclusive(5, number / 20, 0.6, 0.99, 0.5))
        took.append(time.process_time() - begun)
    assert min(took) < 0.05
