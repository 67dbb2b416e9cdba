from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import designs
from ablate.designs import Factor
from ablate.errors import AblateError

FACTORS = st.lists(st.integers(1, 4), min_size=0, max_size=4).map(
    lambda counts: [Factor(f"f{n}", tuple(f"l{i}" for i in range(count))) for n, count in enumerate(counts)]
)


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


def test_labels_are_changes() -> None:
    arms = designs.arms("factorial", [Factor("augment", ("on", "off")), Factor("ema", ("on", "off"))])
    assert [arm.label(arms[0]) for arm in arms] == [
        "baseline",
        "ema: on → off",
        "augment: on → off",
        "augment: on → off, ema: on → off",
    ]


def test_refusals() -> None:
    with pytest.raises(AblateError, match="Expected one of: factorial, one_factor, ladder"):
        designs.arms("full", [])
    with pytest.raises(AblateError, match="more than once"):
        Factor("lr", ("0.1", "0.1"))
