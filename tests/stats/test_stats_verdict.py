"""Verdicts, how many seeds would tell, and the rule under the table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from ablate.stats import MOST_SEEDS, estimates, family_level, percent, rule, verdicts

NAN = float("nan")
MARGIN = 0.5
MIRROR = {"helps": "hurts", "hurts": "helps"}


def judge(*samples: list[float], margin: float | None = MARGIN, judged: int = 1, **words) -> pd.DataFrame:
    return verdicts(estimates(pd.DataFrame(samples), family_level(judged)), margin, **words)


def around(mean: float, sd: float, n: int) -> list[float]:
    """Values of exactly this mean and deviation."""
    values = np.arange(n) - (n - 1) / 2
    return list(mean + sd * values / values.std(ddof=1))


@pytest.mark.parametrize(
    ("mean", "sd", "verdict", "under_margin"),
    [
        (2, 0.1, "helps", False),
        (0.3, 0.1, "helps", True),  # 0.3 ± 0.12
        (0.45, 0.1, "helps", False),  # 0.45 ± 0.12
        (-2, 0.1, "hurts", False),
        (-0.3, 0.1, "hurts", True),
        (0.4, 0.1, "helps", True),  # 0.4 ± 0.12, but ± 0.0953 for the margin
        (0.1, 0.1, "no effect", False),
        (0.2, 0.3, "no effect", False),  # 0.2 ± 0.37 and ± 0.286
        (0.1, 0.5, "inconclusive", False),
        (2, 3, "inconclusive", False),
    ],
)
def test_the_intervals_alone_decide(mean: float, sd: float, verdict: str, under_margin: bool) -> None:
    found = judge(around(mean, sd, 5)).loc[0]
    assert found[["verdict", "under_margin", "limit"]].tolist() == [verdict, under_margin, ""]
    assert pd.isna(found["seeds_needed"]) == (verdict != "inconclusive")


def test_more_differences_take_more_to_tell() -> None:
    samples = around(0.3, 0.15, 5)  # p is 0.011
    assert judge(samples, judged=1).loc[0, "verdict"] == "helps"
    assert judge(samples, judged=6).loc[0, "verdict"] == "inconclusive"


def test_where_less_is_better_a_fall_helps() -> None:
    assert judge(around(2, 0.1, 5), around(-2, 0.1, 5), better=-1)["verdict"].tolist() == ["hurts", "helps"]


def test_without_a_margin_nothing_is_no_effect() -> None:
    found = judge(around(0.1, 0.1, 5), around(0.3, 0.1, 5), margin=None)
    assert found["verdict"].tolist() == ["inconclusive", "helps"]
    assert not found["under_margin"].any()


def test_one_seed_gives_no_verdict() -> None:
    found = judge([5.0, NAN, NAN], [NAN, NAN, NAN])
    assert found["verdict"].tolist() == ["no verdict"] * 2
    assert found["limit"].tolist() == ["one seed", ""]
    assert found["seeds_needed"].isna().all()


@pytest.mark.parametrize("points", [0.0, 0.3, -2.0])
def test_seeds_that_are_all_alike_are_inconclusive(points: float) -> None:
    found = judge([points] * 4).loc[0]
    assert found[["verdict", "limit"]].tolist() == ["inconclusive", "alike"]
    assert pd.isna(found["seeds_needed"])


def test_what_is_left_of_a_diverged_arm_may_only_hurt() -> None:
    samples = [around(mean, 0.1, 4) for mean in (2, 0.3, -2, 0.1)]
    found = judge(*samples, diverged=[True] * 4)
    assert found["verdict"].tolist() == ["inconclusive", "inconclusive", "hurts", "inconclusive"]
    assert found["limit"].tolist() == ["diverged", "diverged", "", "diverged"]
    other = judge(*samples, against_diverged=[True] * 4)
    assert other["verdict"].tolist() == ["helps", "helps", "inconclusive", "inconclusive"]
    assert other["limit"].tolist() == ["", "", "diverged", "diverged"]
    assert not found["under_margin"].any()
    assert found["seeds_needed"].isna().all()
    assert judge(*samples, diverged=[False] * 4)["limit"].eq("").all()
    assert judge(*samples, diverged=[True] * 4, better=-1)["verdict"].tolist()[0] == "hurts"


def test_after_a_diverged_seed_more_seeds_can_only_show_that_it_hurts() -> None:
    found = judge(around(2, 3, 4), around(0.3, 0.6, 4), around(-2, 3, 4), diverged=[True] * 3)
    free = judge(around(-2, 3, 4))
    assert found["limit"].tolist() == ["diverged", "diverged", ""]
    assert found.loc[:1, "seeds_needed"].isna().all()
    assert found.loc[2, "seeds_needed"] == free.loc[0, "seeds_needed"]


def test_more_seeds_than_there_are_even_where_fewer_might_have_told() -> None:
    found = judge(around(2, 1.7, 5)).loc[0]  # 2 ± 2.1
    assert found["verdict"] == "inconclusive"
    assert found["seeds_needed"] == 8
    lucky = judge(around(0.45, 0.2, 5)).loc[0]  # 0.45 ± 0.25: helps
    assert pd.isna(lucky["seeds_needed"])


def test_more_seeds_than_anyone_trains_are_not_counted() -> None:
    found = judge(around(0.4, 4, 5), around(0.1, 40, 5), around(0.0, 1, 5), margin=None)
    assert found["verdict"].tolist() == ["inconclusive"] * 3
    assert found.loc[0, "seeds_needed"] <= MOST_SEEDS
    assert found.loc[1:, "seeds_needed"].isna().all()
    many = judge(list(np.random.default_rng(0).normal(0, 1, MOST_SEEDS)), margin=None).loc[0]
    assert pd.isna(many["seeds_needed"])


def test_where_the_images_alone_are_too_few_no_number_of_seeds_would_tell() -> None:
    samples = [around(0.2, 0.6, 5)] * 3
    z = scipy_stats.norm.ppf(family_level(3))  # of the equivalence interval
    images = pd.DataFrame({"sd_img": [0.31 / z, 0.29 / z, 0.31 / z], "low_new": [-1.0, -1.0, NAN]})  # it is 0.3 from the margin
    found = judge(*samples, judged=3, images=images)
    assert found["limit"].tolist() == ["images", "", ""]
    assert found["seeds_needed"].notna().all()  # of this test set
    sure = judge(around(2, 0.1, 5), images=pd.DataFrame({"sd_img": [100.0], "low_new": [-1.0]}))
    assert sure.loc[0, ["verdict", "limit"]].tolist() == ["helps", ""]  # it is decided on this test set


@given(
    st.lists(st.integers(-300, 300), min_size=2, max_size=8),
    st.sampled_from([None, 0.1, 0.5, 2.0]),
    st.integers(1, 12),
)
def test_to_swap_arm_and_baseline_swaps_helps_and_hurts(hundredths: list[int], margin: float | None, judged: int) -> None:
    samples = [number / 100 for number in hundredths]
    one = judge(samples, margin=margin, judged=judged).loc[0]
    other = judge([-number for number in samples], margin=margin, judged=judged).loc[0]
    same = judge([-number for number in samples], margin=margin, judged=judged, better=-1).loc[0]
    kept = ["under_margin", "seeds_needed", "limit"]
    assert other["verdict"] == MIRROR.get(one["verdict"], one["verdict"])
    assert same["verdict"] == one["verdict"]
    assert other[kept].fillna(-1).tolist() == one[kept].fillna(-1).tolist() == same[kept].fillna(-1).tolist()


def test_verdicts_keep_the_estimates_and_their_names() -> None:
    before = estimates(pd.DataFrame([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]], index=[4, 2]), 0.95)
    after = verdicts(before, MARGIN)
    pd.testing.assert_frame_equal(after[list(before.columns)], before)
    empty = verdicts(before.iloc[:0], MARGIN)
    assert empty.empty
    assert empty.dtypes.to_dict() == after.dtypes.to_dict()


@pytest.mark.parametrize(
    ("judged", "text"), [(1, "95%"), (2, "97.5%"), (3, "98.3%"), (5, "99%"), (6, "99.17%"), (124, "99.96%")]
)
def test_a_level_has_as_many_digits_as_it_needs(judged: int, text: str) -> None:
    assert percent(family_level(judged)) == text


def test_the_rule_names_the_level_of_each_interval() -> None:
    _, differs, same, *_ = rule(6, 1, 0.5)
    assert '99.17% adjusted CI excludes 0; "by less than 0.5" if the 98.3% equivalence CI' in differs
    assert "narrower 98.3% equivalence CI (two one-sided tests) lies within ± 0.5" in same


def test_the_rule_states_what_decides() -> None:
    text = "\n".join(rule(6, 2, 0.5))
    for part in ("99.58%", "6 comparisons × 2 looks", "no effect (within ± 0.5)", "at most 5%", "the same images", "†"):
        assert part in text
    without = "\n".join(rule(1, 1, None, "nats"))
    assert "95%" in without
    assert "shared" not in without
    assert "no effect" not in without
    assert "look" not in without
    assert "1 comparison × 2 looks" in rule(1, 2, None)[0]


def test_the_rule_says_when_the_margin_was_fixed_and_of_new_images_only_where_known() -> None:
    bare, full = ("\n".join(rule(2, 1, 0.5, **more)) for more in ({"new_images": False}, {"fixed": "before training"}))
    assert "± 0.5 pp, fixed before training." in full
    assert "fixed" not in bare
    assert "new images" in full
    assert not {"new images", "†"} & {part for part in ("new images", "†") if part in bare}


def test_the_rule_says_what_is_not_said_after_a_seed_diverged() -> None:
    assert "If a seed diverged, the comparisons it touches get no favorable verdict." in rule(6, 1, 0.5)
    assert not any("no effect" in line for line in rule(6, 1, None))
    of_effects = "\n".join(rule(6, 1, 0.5, what="effect"))
    assert "the effects it touches get no favorable verdict, and its interactions get none" in of_effects


def test_an_arm_of_which_every_seed_diverged_is_told_from_one_without_runs() -> None:
    found = judge([NAN, NAN], [NAN, NAN], [1.0, NAN], all_diverged=[True, False, True])
    assert found["verdict"].tolist() == ["no verdict"] * 3
    assert found["limit"].tolist() == ["every seed diverged", "", "one seed"]


def test_an_unstable_run_bars_no_effect_and_nothing_else() -> None:
    samples = [around(2, 0.1, 5), around(-2, 0.1, 5), around(0.1, 0.1, 5), around(0.1, 0.5, 5)]
    found = judge(*samples, unstable=[True] * 4)
    assert found["verdict"].tolist() == ["helps", "hurts", "inconclusive", "inconclusive"]
    assert found["limit"].tolist() == ["", "", "unstable", ""]
    both = judge(samples[2], unstable=[True], diverged=[True])
    assert both["limit"].tolist() == ["diverged"]
