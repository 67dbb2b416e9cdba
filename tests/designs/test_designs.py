import math
from collections.abc import Sequence
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import designs
from ablate.designs import Arm, Effect, Factor, fractions
from ablate.designs.fractional import fraction
from ablate.errors import AblateError
from ablate.store.sweep import SweepFraction

TWO_LEVELS = st.integers(2, 9).map(lambda count: two_levels(count))
FACTORS = st.lists(st.integers(1, 4), min_size=0, max_size=4).map(
    lambda counts: [Factor(f"f{n}", tuple(f"l{i}" for i in range(count))) for n, count in enumerate(counts)]
)


def two_levels(count: int) -> list[Factor]:
    return [Factor(f"f{n}", ("on", "off")) for n in range(count)]


def signs(arms: Sequence[Arm], factors: Sequence[Factor]) -> dict[Effect, tuple[int, ...]]:
    """Each main effect and interaction of any order, as its value in every arm: products of first level -1 and second +1."""
    columns = [[-1 if dict(arm.levels)[factor.name] == factor.levels[0] else 1 for arm in arms] for factor in factors]
    return {
        tuple(factors[n].name for n in chosen): tuple(
            math.prod(values) for values in zip(*(columns[n] for n in chosen), strict=True)
        )
        for order in range(1, len(factors) + 1)
        for chosen in combinations(range(len(factors)), order)
    }


@given(FACTORS)
def test_factorial_has_every_combination_once(factors: list[Factor]) -> None:
    arms = designs.arms("factorial", factors)
    assert [tuple(level for _, level in arm.levels) for arm in arms] == list(product(*(f.levels for f in factors)))
    assert arms[0].label(arms[0]) == "baseline"


@given(FACTORS)
def test_one_factor_changes_one_thing_an_arm(factors: list[Factor]) -> None:
    arms = designs.arms("one_factor", factors)
    assert len(arms) == 1 + sum(len(factor.levels) - 1 for factor in factors)
    assert [len(arm.changes(arms[0])) for arm in arms] == [0] + [1] * (len(arms) - 1)
    assert len(set(arms)) == len(arms)


@given(FACTORS)
def test_a_ladder_changes_one_thing_a_rung_up_to_the_last_levels(factors: list[Factor]) -> None:
    arms = designs.arms("ladder", factors)
    assert len(arms) == 1 + sum(len(factor.levels) - 1 for factor in factors)
    assert all(len(after.changes(before)) == 1 for before, after in pairwise(arms))
    assert dict(arms[-1].levels) == {factor.name: factor.levels[-1] for factor in factors}


@given(FACTORS, st.integers(1, 4))
def test_together_switches_all_factors_at_once(factors: list[Factor], count: int) -> None:
    alike = [Factor(factor.name, tuple(f"level {number}" for number in range(count))) for factor in factors]
    arms = designs.arms("together", alike)
    assert [dict(arm.levels) for arm in arms] == [
        {factor.name: factor.levels[number] for factor in alike} for number in range(count if alike else 1)
    ]


def test_together_refuses_factors_with_different_numbers_of_levels() -> None:
    with pytest.raises(AblateError, match=r"needs equally many levels.*got a=1,2 b=1,2,3\."):
        designs.arms("together", [Factor("a", ("1", "2")), Factor("b", ("1", "2", "3"))])


def test_labels_are_changes() -> None:
    arms = designs.arms("factorial", [Factor("augment", ("on", "off")), Factor("ema", ("on", "off"))])
    assert [arm.label(arms[0]) for arm in arms] == [
        "baseline",
        "ema: on → off",
        "augment: on → off",
        "augment: on → off, ema: on → off",
    ]


@given(FACTORS)
def test_arms_are_compared_with_the_baseline_and_rungs_with_the_rung_below(factors: list[Factor]) -> None:
    for design, below in (("factorial", False), ("one_factor", False), ("ladder", True)):
        arms = designs.arms(design, factors)
        pairs = designs.differences(design, arms)
        assert pairs == [(number, number - 1 if below else 0) for number in range(1, len(arms))]
        assert designs.effects(design, factors) == []
        labels = [designs.label(design, arms, number) for number in range(len(arms))]
        assert labels[0] == "baseline"
        for number, other in pairs:
            assert labels[number].removeprefix("+ ") == arms[number].label(arms[other])
            assert labels[number].startswith("+ ") is below


def test_the_names_of_rungs() -> None:
    arms = designs.arms("ladder", [Factor("augment", ("off", "center", "on")), Factor("ema", ("off", "on"))])
    assert [designs.label("ladder", arms, number) for number in range(4)] == [
        "baseline",
        "+ augment: off → center",
        "+ augment: center → on",
        "+ ema: off → on",
    ]


@given(TWO_LEVELS, st.integers(3, 6))
def test_a_fraction_is_balanced_and_its_main_effects_are_orthogonal(factors: list[Factor], resolution: int) -> None:
    arms = designs.arms("fractional", factors, resolution)
    assert {level for _, level in arms[0].levels} == {"on"}  # the baseline
    assert len(set(arms)) == len(arms) == 2 ** round(math.log2(len(arms))) <= 2 ** len(factors)
    columns = np.array([[level == "on" for _, level in arm.levels] for arm in arms]) * 2 - 1
    assert np.array_equal(columns.T @ columns, len(arms) * np.eye(len(factors)))
    assert not columns.sum(axis=0).any()


@given(TWO_LEVELS, st.integers(3, 6))
def test_what_a_fraction_says_of_its_aliases_is_what_its_arms_have(factors: list[Factor], resolution: int) -> None:
    made = fraction(factors, resolution)
    found = signs(made.arms, factors)
    constant = [len(effect) for effect, values in found.items() if len(set(values)) == 1]
    assert made.resolution == min(constant, default=None)
    if made.resolution is None:
        assert len(made.arms) == 2 ** len(factors)
    else:
        assert made.resolution >= resolution
    groups: dict[tuple[int, ...], list[Effect]] = {}
    for effect, values in found.items():
        if len(effect) <= 2:
            groups.setdefault(max(values, tuple(-value for value in values)), []).append(effect)
    assert sorted(made.aliases) == sorted(tuple(group) for group in groups.values() if len(group) > 1)
    assert designs.effects("fractional", factors, resolution) == [group[0] for group in groups.values()]
    if resolution >= 4:
        assert all(len(effect) == 2 for group in made.aliases for effect in group)
    for line in made.generators:
        name, _, product_of = line.partition(" = ")
        sources = tuple(product_of.removeprefix("−(").removesuffix(")").split(" x "))
        sign = -1 if product_of.startswith("−") else 1
        assert found[(name,)] == tuple(sign * value for value in found[sources])


@pytest.mark.parametrize(
    ("factors", "resolution", "arms", "reached", "of_least_length"),
    [
        # Fractions of least aberration as Fries and Hunter 1980 and Chen, Sun and Wu 1993 count them.
        (3, 3, 4, 3, 1),
        (4, 4, 8, 4, 1),
        (5, 3, 8, 3, 2),
        (5, 4, 16, 5, 1),
        (6, 4, 16, 4, 3),
        (7, 3, 8, 3, 7),
        (7, 4, 16, 4, 7),
        (8, 4, 16, 4, 14),
        (8, 5, 64, 5, 2),
        (9, 4, 32, 4, 6),
        (10, 4, 32, 4, 10),
        (11, 4, 32, 4, 25),
    ],
)
def test_fractions_are_the_tabled_ones(factors: int, resolution: int, arms: int, reached: int, of_least_length: int) -> None:
    made = fraction(two_levels(factors), resolution)
    assert (len(made.arms), made.resolution) == (arms, reached)
    lengths = [word.bit_count() for word in fractions.words(fractions.columns(factors, resolution))]
    assert lengths.count(min(lengths)) == of_least_length


def test_pydoe3_finds_the_same_aliases() -> None:
    from pyDOE3 import fracfact_aliasing

    factors = [Factor(letter, ("on", "off")) for letter in "abcdefg"]
    made = fraction(factors)
    matrix = np.array([[1.0 if level == "off" else -1.0 for _, level in arm.levels] for arm in made.arms])
    # It compares columns with their sign; effects of the same order have the same sign here.
    readable, _ = fracfact_aliasing(matrix)
    groups = [tuple(tuple(effect) for effect in line.split(" = ") if len(effect) <= 2) for line in readable]
    assert sorted(group for group in groups if len(group) > 1) == sorted(made.aliases)


def test_the_missions_six_factors_in_sixteen_arms() -> None:
    names = ("augment", "ema", "lrn", "fc", "init", "weight_decay")
    made = fraction([Factor(name, ("on", "off")) for name in names])
    assert SweepFraction(made.resolution, made.generators, made.aliases).to_json() == {
        "resolution": 4,
        "generators": ["init = augment x ema x lrn", "weight_decay = augment x ema x fc"],
        "aliases": [
            [["augment", "ema"], ["lrn", "init"], ["fc", "weight_decay"]],
            [["augment", "lrn"], ["ema", "init"]],
            [["augment", "fc"], ["ema", "weight_decay"]],
            [["augment", "init"], ["ema", "lrn"]],
            [["augment", "weight_decay"], ["ema", "fc"]],
            [["lrn", "fc"], ["init", "weight_decay"]],
            [["lrn", "weight_decay"], ["fc", "init"]],
        ],
    }
    assert designs.differences("fractional", made.arms) == []
    assert designs.label("fractional", made.arms, 1) == "fc: on → off, weight_decay: on → off"


def test_a_fraction_that_does_not_exist_is_the_full_factorial() -> None:
    factors = two_levels(3)
    made = fraction(factors)
    assert (made.resolution, made.generators, made.aliases) == (None, (), ())
    assert list(made.arms) == designs.arms("factorial", factors)
    assert len(designs.effects("fractional", factors)) == 6


def test_refusals() -> None:
    with pytest.raises(
        AblateError, match=r"^Unknown design 'full'\. Choose from factorial, one_factor, ladder, together, fractional\."
    ):
        designs.arms("full", [])
    with pytest.raises(AblateError, match=r"needs two levels for each factor, got lr=1 fc=two,one,none"):
        designs.arms("fractional", [Factor("lr", ("1",)), *two_levels(3), Factor("fc", ("two", "one", "none"))])
    for count in (0, 1, 13):
        with pytest.raises(AblateError, match=f"needs 2 to 12 factors, got {count}"):
            designs.arms("fractional", two_levels(count))
    for resolution, told in ((2, "2"), (True, "true"), ("4", "'4'"), (4.5, "4.5"), (None, "null")):
        with pytest.raises(AblateError, match=f"resolution must be a whole number of at least 3, got {told}"):
            designs.arms("factorial", two_levels(3), resolution)  # type: ignore[arg-type]
    with pytest.raises(AblateError, match="more than once"):
        Factor("lr", ("0.1", "0.1"))


def test_long_numbers_are_rounded_in_labels_where_arms_can_still_be_told_apart() -> None:
    arms = designs.arms("together", [Factor("lr", ("0.1", "0.1494721289289189")), Factor("steps", ("1000", "12345678"))])
    assert designs.label("together", arms, 1) == "lr: 0.1 → 0.1495, steps: 1000 → 12345678"
    close = designs.arms("one_factor", [Factor("lr", ("0.1", "0.14947212", "0.14947213", "on"))])
    assert [designs.label("one_factor", close, number) for number in (1, 2, 3)] == [
        "lr: 0.1 → 0.14947212",
        "lr: 0.1 → 0.14947213",
        "lr: 0.1 → on",
    ]
