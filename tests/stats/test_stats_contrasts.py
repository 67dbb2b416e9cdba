import math
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from ablate import designs
from ablate.designs import Factor
from ablate.designs.phrases import ingredient
from ablate.errors import AblateError
from ablate.stats.contrasts import contrast_weights, contrasts, shapley

TWO = {"augment": ["on", "off"], "ema": ["on", "off"]}
MIXED = {"augment": ["on", "center", "off"], "ema": ["on", "off"], "lrn": ["on", "off"]}
SIX = {name: ["on", "off"] for name in ("augment", "ema", "lrn", "fc", "init", "weight_decay")}


def levels_of(design: str, factors: dict[str, list[str]], resolution: int = 4) -> pd.DataFrame:
    arms = designs.arms(design, [Factor(name, tuple(levels)) for name, levels in factors.items()], resolution)
    return pd.DataFrame([dict(arm.levels) for arm in arms]).rename_axis("arm")


def values_of(levels: pd.DataFrame, seeds: int = 3, number: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(number)
    return pd.DataFrame(generator.normal(80, 2, (len(levels), seeds)), index=levels.index, columns=range(seeds))


def named(frame: pd.DataFrame, samples: pd.DataFrame) -> dict[str, list[float]]:
    return dict(zip(frame.iloc[:, 0], samples.to_numpy().tolist(), strict=True))


def test_two_factors_give_the_effects_of_the_textbook():
    levels = levels_of("factorial", TWO)
    wide = pd.DataFrame({0: [81.0, 79.0, 78.0, 75.0], 3: [80.0, 80.0, 76.0, 77.0]})
    frame, samples = contrasts(wide, levels, TWO)
    assert frame["effect"].tolist() == ["no augmentation", "no EMA", "augmentation × EMA"]
    assert frame["kind"].tolist() == ["main", "main", "interaction"]
    assert frame["factors"].tolist() == [("augment",), ("ema",), ("augment", "ema")]
    assert frame["aliases"].tolist() == ["", "", ""]
    assert samples.columns.tolist() == [0, 3]
    assert samples[0].tolist() == [-3.5, -2.5, -0.5]
    assert samples[3].tolist() == [-3.5, 0.5, 0.5]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_effects_of_two_level_factorials_are_twice_those_of_least_squares(count):
    factors = {f"f{number}": ["a", "b"] for number in range(count)}
    levels = levels_of("factorial", factors)
    wide = values_of(levels)
    frame, samples = contrasts(wide, levels, factors)
    assert len(frame) == count + math.comb(count, 2)
    coded = {name: np.where(levels[name] == "b", 1, -1) for name in factors}
    design = np.column_stack([np.prod([coded[name] for name in effect], axis=0) for effect in frame["factors"]])
    for seed in wide:
        fitted = sm.OLS(wide[seed], sm.add_constant(design)).fit()
        assert samples[seed].tolist() == pytest.approx(2 * fitted.params.to_numpy()[1:])


def test_effects_of_a_fraction_are_twice_the_coefficients_of_least_squares():
    levels = levels_of("fractional", SIX)
    wide = values_of(levels)
    frame, samples = contrasts(wide, levels, SIX)
    coded = {name: np.where(levels[name] == "off", 1, -1) for name in SIX}
    design = np.column_stack([np.prod([coded[name] for name in effect], axis=0) for effect in frame["factors"]])
    for seed in wide:
        fitted = sm.OLS(wide[seed], sm.add_constant(design)).fit()
        assert samples[seed].tolist() == pytest.approx(2 * fitted.params.to_numpy()[1:])


def test_each_further_level_is_compared_with_the_first_over_all_other_factors():
    levels = levels_of("factorial", MIXED)
    wide = values_of(levels)
    frame, samples = contrasts(wide, levels, MIXED)
    assert frame["effect"].tolist() == [
        "center crop only",
        "no augmentation",
        "no EMA",
        "no LRN",
        "center crop only × no EMA",
        "no augmentation × no EMA",
        "center crop only × no LRN",
        "no augmentation × no LRN",
        "EMA × LRN",
    ]
    for seed in wide:
        # Treatment coding of a model with all main effects and two-factor interactions, as an independent way.
        center, off = ((levels["augment"] == level).to_numpy(float) for level in ("center", "off"))
        ema, lrn = ((levels[name] == "off").to_numpy(float) - 0.5 for name in ("ema", "lrn"))
        terms = [center, off, ema, lrn, center * ema, off * ema, center * lrn, off * lrn, ema * lrn]
        fitted = sm.OLS(wide[seed], sm.add_constant(np.column_stack(terms))).fit().params.to_numpy()[1:]
        assert samples.loc[[0, 1], seed].tolist() == pytest.approx(fitted[:2])
        # With all factors but augment centered, the coefficients of ema and lrn are those at augment=on.
        assert samples.loc[2, seed] == pytest.approx(fitted[2] + (fitted[4] + fitted[5]) / 3)
        assert samples.loc[3, seed] == pytest.approx(fitted[3] + (fitted[6] + fitted[7]) / 3)
        assert samples.loc[4:8, seed].tolist() == pytest.approx((fitted[4:] / 2).tolist())


@pytest.mark.parametrize("names", [list(SIX)[:4], list(SIX)[:5], list(SIX)])
@pytest.mark.parametrize("resolution", [3, 4, 5])
def test_a_fraction_has_the_effects_and_aliases_that_were_planned(names, resolution):
    factors = {name: SIX[name] for name in names}
    made = [Factor(name, tuple(levels)) for name, levels in factors.items()]
    levels = levels_of("fractional", factors, resolution)
    wide = values_of(levels)
    frame, _ = contrasts(wide, levels, factors)
    planned = designs.effects("fractional", made, resolution)
    assert frame["factors"].tolist() == planned
    groups = designs.fraction("fractional", made, resolution).aliases
    for effect, aliases in zip(planned, frame["aliases"], strict=True):
        others = [other for group in groups if effect in group for other in group if other != effect]
        expected = {designs.interaction([ingredient(name).name for name in other]) for other in others}
        assert {
            alias.lstrip("+− ") for alias in aliases.replace(" −", "\n−").replace(" +", "\n+").split("\n") if alias
        } == expected
    given_effects, _ = contrasts(wide, levels, factors, planned)
    pd.testing.assert_frame_equal(given_effects, frame)


def test_an_alias_enters_with_its_sign():
    factors = {name: SIX[name] for name in ("augment", "ema", "lrn")}
    levels = levels_of("fractional", factors, 3)
    assert len(levels) == 4
    frame, samples = contrasts(values_of(levels), levels, factors)
    aliases = dict(zip(frame["effect"], frame["aliases"], strict=True))
    lrn = np.where(levels["lrn"] == "off", 1, -1)
    both = np.where(levels["augment"] == "off", 1, -1) * np.where(levels["ema"] == "off", 1, -1)
    assert (lrn == -both).all()
    assert aliases["no LRN"] == "− augmentation × EMA"
    wide = pd.DataFrame({0: 3.0 * both})  # nothing but the interaction, whose effect is 6
    assert named(*contrasts(wide, levels, factors))["no LRN"] == [-6.0]
    assert len(samples) == 3


def test_a_seed_that_an_arm_is_without_has_no_effect():
    levels = levels_of("factorial", MIXED)
    wide = values_of(levels)
    wide.loc[5, 1] = np.nan
    _, samples = contrasts(wide, levels, MIXED)
    assert samples.isna().all().tolist() == [False, True, False]
    assert samples[[0, 2]].notna().all(axis=None)
    _, samples = contrasts(wide.drop(index=3), levels, MIXED)
    assert samples.isna().all(axis=None)


def test_arms_without_a_switched_factor_have_no_effects():
    frame, samples = contrasts(pd.DataFrame({0: [80.0]}), pd.DataFrame({"ema": ["on"]}), {"ema": ["on"]})
    assert frame.empty
    assert samples.shape == (0, 1)


@pytest.mark.parametrize(
    ("design", "factors"),
    [
        ("one_factor", TWO),
        ("one_factor", SIX),
        ("ladder", TWO),
        ("one_factor", MIXED),
        ("ladder", {"augment": ["off", "center", "on"], "ema": ["off", "on"]}),
    ],
)
def test_effects_over_all_arms_are_refused_where_the_arms_do_not_give_them(design, factors):
    levels = levels_of(design, factors)
    with pytest.raises(AblateError, match="Effects over all arms need a factorial design"):
        contrasts(values_of(levels), levels, factors)


def test_arms_that_are_balanced_by_no_regular_fraction_are_refused():
    factors = {name: ["on", "off"] for name in "abcdefghijk"}
    first = "++-+++---+-"  # Plackett and Burman's twelve arms: main effects overlap with interactions by a third
    rows = [first[number:] + first[:number] for number in range(11)] + ["-" * 11]
    levels = pd.DataFrame([["on" if sign == "-" else "off" for sign in row] for row in rows], columns=list(factors))
    assert (levels == "on").sum().eq(6).all()
    with pytest.raises(AblateError, match="12 arms"):
        contrasts(values_of(levels), levels, factors)


@pytest.mark.parametrize(("design", "factors"), [("factorial", MIXED), ("fractional", SIX), ("factorial", TWO)])
def test_weights_give_the_effects_and_compare_one_mean_with_another(design, factors):
    levels = levels_of(design, factors)
    wide = values_of(levels)
    weights = contrast_weights(levels, factors)
    _, samples = contrasts(wide, levels, factors)
    np.testing.assert_allclose(weights @ wide, samples)
    np.testing.assert_allclose(weights.where(weights > 0, 0).sum(axis="columns"), 1)
    np.testing.assert_allclose(weights.sum(axis="columns"), 0, atol=1e-12)


def by_definition(values: dict[frozenset[str], float], names: list[str]) -> list[float]:
    """Shapley values as the mean over all orders of what each factor adds when it is switched."""
    added = dict.fromkeys(names, 0.0)
    orders = list(permutations(names))
    for order in orders:
        for number, name in enumerate(order):
            added[name] += values[frozenset(order[: number + 1])] - values[frozenset(order[:number])]
    return [added[name] / len(orders) for name in names]


def subsets(levels: pd.DataFrame, wide: pd.Series) -> dict[frozenset[str], float]:
    return {frozenset(name for name in levels if levels.loc[arm, name] == "off"): float(wide.loc[arm]) for arm in levels.index}


numbers = st.floats(0, 100)


@given(st.integers(1, 4).flatmap(lambda count: st.lists(numbers, min_size=2**count, max_size=2**count)))
def test_shapley_values_are_those_of_the_definition_and_sum_to_the_whole_difference(values):
    count = int(math.log2(len(values)))
    factors = {name: ["on", "off"] for name in "abcd"[:count]}
    levels = levels_of("factorial", factors)
    wide = pd.DataFrame({7: values})
    frame, samples = shapley(wide, levels, factors)
    assert frame["factor"].tolist() == list(factors)
    assert frame["change"].tolist() == [f"no {name}" for name in factors]
    assert samples[7].tolist() == pytest.approx(by_definition(subsets(levels, wide[7]), list(factors)), abs=1e-9)
    assert samples[7].sum() == pytest.approx(values[-1] - values[0], abs=1e-9)


@given(numbers, numbers, numbers, numbers)
def test_of_two_factors_each_has_half_of_its_effects_with_and_without_the_other(none, second, first, both):
    _, samples = shapley(pd.DataFrame({0: [none, second, first, both]}), levels_of("factorial", TWO), TWO)
    assert samples[0].tolist() == pytest.approx(
        [(first - none + both - second) / 2, (second - none + both - first) / 2], abs=1e-9
    )


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3), numbers)
def test_where_effects_add_up_the_shapley_values_are_the_main_effects(adds, start):
    factors = {name: ["on", "off"] for name in "abc"}
    levels = levels_of("factorial", factors)
    wide = pd.DataFrame({0: start + (levels == "off").to_numpy() @ np.array(adds)})
    _, samples = shapley(wide, levels, factors)
    effects = named(*contrasts(wide, levels, factors))
    assert samples[0].tolist() == pytest.approx(adds, abs=1e-9)
    assert [effects[f"no {name}"][0] for name in factors] == pytest.approx(adds, abs=1e-9)
    assert [effects[f"{a} × {b}"][0] for a, b in combinations("abc", 2)] == pytest.approx([0, 0, 0], abs=1e-9)


@given(st.lists(numbers, min_size=4, max_size=4))
def test_factors_that_do_the_same_in_every_company_have_the_same_value(by_size):
    factors = {name: ["on", "off"] for name in "abc"}
    levels = levels_of("factorial", factors)
    wide = pd.DataFrame({0: [by_size[size] for size in (levels == "off").sum(axis="columns")]})
    _, samples = shapley(wide, levels, factors)
    assert samples[0].tolist() == pytest.approx([(by_size[3] - by_size[0]) / 3] * 3, abs=1e-9)


def test_eight_factors_are_no_trouble():
    factors = {name: ["on", "off"] for name in "abcdefgh"}
    levels = levels_of("factorial", factors)
    wide = values_of(levels, 5)
    wide.loc[200, 3] = np.nan
    _, samples = shapley(wide, levels, factors)
    whole = wide.iloc[-1] - wide.iloc[0]
    np.testing.assert_allclose(samples.drop(columns=3).sum(), whole.drop(3))
    assert samples[3].isna().all()


@pytest.mark.parametrize(
    ("levels", "factors", "received"),
    [
        (levels_of("factorial", MIXED), MIXED, "augment=on,center,off"),
        (levels_of("one_factor", TWO), TWO, "3 arms, with 4 combinations of augment=on,off ema=on,off"),
        (levels_of("fractional", SIX), SIX, "16 arms, with 64 combinations"),
        (levels_of("factorial", TWO).iloc[[0, 1, 2, 2]], TWO, "4 arms, with 4 combinations"),
        (pd.DataFrame(index=[0]), {}, "1 arm"),
    ],
)
def test_shapley_values_are_refused_for_other_designs(levels, factors, received):
    with pytest.raises(AblateError, match="Shapley values need") as refused:
        shapley(values_of(levels), levels, factors)
    assert received in str(refused.value)


def test_arms_may_come_in_any_order():
    levels = levels_of("factorial", MIXED)
    wide = values_of(levels)
    _, samples = contrasts(wide, levels, MIXED)
    shuffled = levels.sample(frac=1, random_state=0)
    _, again = contrasts(wide, shuffled, MIXED)
    np.testing.assert_allclose(again, samples)
