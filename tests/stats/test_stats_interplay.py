from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import designs
from ablate.designs import Factor
from ablate.errors import AblateError
from ablate.stats.interplay import Side, interplay, interplay_verdicts
from ablate.stats.intervals import family_level
from ablate.stats.paired import estimates

FULL = {"augment": ("on", "off"), "ema": ("on", "off"), "fc": ("two", "one")}
BARE = {"augment": ("off", "on"), "ema": ("off", "on"), "fc": ("one", "two")}


def side(name: str, factors: dict[str, tuple[str, ...]], wide: dict[int, list[float]], design: str = "one_factor") -> Side:
    arms = designs.arms(design, [Factor(factor, levels) for factor, levels in factors.items()])
    levels = pd.DataFrame([dict(arm.levels) for arm in arms])
    return Side(name, levels, pd.DataFrame(wide, index=levels.index), designs.differences(design, arms))


def test_the_effects_of_a_change_are_those_in_its_direction_in_the_second_sweep():
    first = side("one_factor", FULL, {0: [81.0, 78.0, 79.0, 80.5], 1: [82.0, 78.0, 81.0, 82.0]})
    second = side("add_one_in", BARE, {0: [70.0, 76.0, 72.0, 70.5], 1: [71.0, 75.0, 72.0, 71.5]})
    frame, samples = interplay(first, second)
    assert frame["factor"].tolist() == ["augment", "ema", "fc"]
    assert frame["change"].tolist() == ["with augmentation", "with EMA", "hidden dense layers one → two"]
    assert frame["first"].tolist() == [3.5, 1.5, 0.25]
    assert frame["second"].tolist() == [5.0, 1.5, 0.5]
    assert set(frame["first_name"]) == {"one_factor"}
    assert set(frame["second_name"]) == {"add_one_in"}
    assert samples.to_numpy().tolist() == [[3.0, 0.0], [0.0, 0.0], [0.0, 0.5]]


numbers = st.floats(0, 100)


@given(st.lists(numbers, min_size=8, max_size=8))
def test_in_a_factorial_of_two_the_difference_is_twice_the_interaction(values):
    two = {name: FULL[name] for name in ("augment", "ema")}
    full = dict(zip([("on", "on"), ("off", "on"), ("on", "off"), ("off", "off")], values, strict=False))
    again = dict(zip(full, values[4:], strict=True))
    first = side("full", two, {seed: [v["on", "on"], v["off", "on"], v["on", "off"]] for seed, v in enumerate((full, again))})
    bare = {name: BARE[name] for name in two}
    second = side(
        "bare", bare, {seed: [v["off", "off"], v["on", "off"], v["off", "on"]] for seed, v in enumerate((full, again))}
    )
    frame, samples = interplay(first, second)
    for seed, v in enumerate((full, again)):
        expected = v["on", "off"] - v["off", "off"] - v["on", "on"] + v["off", "on"]
        assert samples[seed].tolist() == pytest.approx([expected, expected], abs=1e-9)
    assert (frame["second"] - frame["first"]).tolist() == pytest.approx(samples.mean(axis="columns").tolist(), abs=1e-9)


def test_the_same_sweep_twice_differs_in_nothing():
    first = side("A", FULL, {0: [81.0, 78.0, 79.0, 80.5], 1: [82.0, 78.0, 81.0, 82.0]})
    frame, samples = interplay(first, first)
    assert frame["change"].tolist() == ["no augmentation", "no EMA", "one hidden dense layer"]
    assert (samples == 0).all(axis=None)
    assert frame["first"].tolist() == frame["second"].tolist()


def test_only_seeds_of_which_all_four_runs_have_a_value_count():
    first = side("A", FULL, {0: [81.0, 78.0, np.nan, 80.0], 1: [82.0, 78.0, 81.0, 82.0], 2: [80.0, 79.0, 78.0, 77.0]})
    second = side("B", BARE, {1: [70.0, 76.0, 72.0, np.nan], 0: [71.0, 75.0, 72.0, 71.5], 9: [0.0, 1.0, 2.0, 3.0]})
    frame, samples = interplay(first, second)
    assert sorted(samples) == [0, 1]
    assert samples.loc[:, [0, 1]].isna().to_numpy().tolist() == [[False, False], [True, False], [False, True]]
    assert frame["first"].tolist() == [3.5, 1.0, 1.0]
    assert frame["second"].tolist() == [5.0, 2.0, 0.5]


def test_changes_of_several_factors_and_of_other_levels_are_left_out():
    three = {"augment": ("on", "center", "off"), "ema": ("on", "off")}
    first = side("A", three, {0: [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]}, "factorial")
    second = side("B", {"ema": ("off", "on"), "augment": ("off", "center")}, {0: [0.0, 5.0, 7.0]})
    frame, samples = interplay(first, second)
    assert frame["change"].tolist() == ["with EMA"]
    assert samples[0].tolist() == [6.0]


def test_the_rungs_of_a_ladder_are_compared_as_they_are_judged():
    first = side("ladder", {"augment": ("off", "center", "on"), "ema": ("off", "on")}, {0: [75.0, 76.0, 79.0, 81.0]}, "ladder")
    second = side("B", {"augment": ("center", "on"), "ema": ("off", "on")}, {0: [70.0, 74.0, 70.5]})
    frame, samples = interplay(first, second)
    assert frame["change"].tolist() == ["full augmentation", "with EMA"]
    assert frame["first"].tolist() == [3.0, 2.0]
    assert samples[0].tolist() == [1.0, -1.5]


def test_sweeps_without_a_common_change_are_refused_with_what_each_has():
    first = side("A", {"augment": ("on", "off")}, {0: [81.0, 78.0]})
    second = side("B", {"ema": ("on", "off"), "fc": ("two", "one")}, {0: [81.0, 78.0, 80.0]})
    with pytest.raises(AblateError) as refused:
        interplay(first, second)
    assert "A with no augmentation; B with no EMA, one hidden dense layer" in str(refused.value)
    with pytest.raises(AblateError, match="B with none"):
        interplay(first, side("B", {"ema": ("on",)}, {0: [81.0]}))


def test_sweeps_without_a_common_seed_are_refused_with_what_each_has():
    first, second = (side(name, {"ema": ("on", "off")}, {seed: [81.0, 78.0]}) for name, seed in (("A", 0), ("B", 5)))
    with pytest.raises(AblateError, match=r"A with 0; B with 5\."):
        interplay(first, second)


def judged(*differences: list[float], margin: float | None = 0.5) -> pd.DataFrame:
    samples = pd.DataFrame(list(differences))
    return interplay_verdicts(estimates(samples, family_level(len(samples))), margin)


def test_the_verdict_is_that_of_the_family_interval():
    frame = judged(
        [0.01, -0.02, 0.02, 0.0, -0.01],
        [3.0, 3.1, 2.9, 3.0, 3.2],
        [-3.0, -3.1, -2.9, -3.0, -3.2],
        [0.2, 0.21, 0.19, 0.2, 0.22],
        [3.0, -3.1, 2.9, 0.0, -2.0],
        [3.0, np.nan, np.nan, np.nan, np.nan],
        [np.nan] * 5,
        [0.4, 0.4, 0.4, 0.4, 0.4],
    )
    assert frame["verdict"].tolist() == [
        "same effect",
        "differs",
        "differs",
        "differs",
        "inconclusive",
        "no verdict",
        "no verdict",
        "inconclusive",  # without any scatter there is no interval
    ]
    assert frame["under_margin"].tolist() == [False, False, False, True, False, False, False, False]
    assert (frame["low"][:5] < frame["points"][:5]).all()


def test_without_a_margin_nothing_adds_up():
    frame = judged([0.01, -0.02, 0.02, 0.0, -0.01], [0.2, 0.21, 0.19, 0.2, 0.22], margin=None)
    assert frame["verdict"].tolist() == ["inconclusive", "differs"]
    assert not frame["under_margin"].any()


def test_what_is_left_of_a_diverged_arm_says_nothing():
    samples = pd.DataFrame([[3.0, 3.1, 2.9], [3.0, 3.1, 2.9], [0.01, -0.02, 0.02], [3.0, np.nan, np.nan]])
    frame = interplay_verdicts(estimates(samples, 0.95), 0.5, [True, False, True, True])
    assert frame["verdict"].tolist() == ["inconclusive", "differs", "inconclusive", "no verdict"]
    assert not frame["under_margin"].any()


@pytest.mark.parametrize(
    ("first_gone", "second_gone", "diverged"),
    [((), (), [False] * 3), ((0,), (), [True] * 3), ((), (2,), [False, True, False]), ((3,), (), [False, False, True])],
)
def test_a_change_knows_of_a_seed_that_diverged_in_any_of_its_arms(first_gone, second_gone, diverged):
    first, second = (side(name, FULL, {0: [81.0, 78.0, 79.0, 80.5], 1: [82.0, 78.0, 81.0, 82.0]}) for name in "AB")
    frame, _ = interplay(replace(first, diverged=first_gone), replace(second, diverged=second_gone))
    assert frame["diverged"].tolist() == diverged
