import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.stats.costs import costs, equal_compute, fronts, in_turns


def run(arm: int, seed: int = 0, status: str = "done", **values: object) -> dict[str, object]:
    usual = {"label": "baseline" if arm == 0 else f"lrn: on → {arm}", "step": 100, "batch_size": 128}
    return {"arm": arm, "seed": seed, "status": status, **usual, "parameters": 1000, "operations": 50_000, **values}


def runs(*rows: dict[str, object]) -> pd.DataFrame:
    columns = ["seconds", "examples_per_second"]
    frame = pd.DataFrame(list(rows)).reindex(columns=[*rows[0], *[name for name in columns if name not in rows[0]]])
    whole = dict.fromkeys(("parameters", "operations", "step", "batch_size"), "Int64")
    return frame.astype(whole | dict.fromkeys(columns, "float64"))


def test_costs_stand_beside_their_difference_to_the_compared_arm():
    frame = costs(
        runs(
            run(0, 0, seconds=10.0, examples_per_second=1000.0),
            run(1, 0, seconds=20.0, examples_per_second=500.0, parameters=1500, operations=80_000),
            run(2, 0, seconds=8.0, examples_per_second=1300.0, parameters=900, operations=50_000),
            run(0, 1, seconds=12.0, examples_per_second=900.0),
            run(1, 1, seconds=26.0, examples_per_second=400.0, parameters=1500, operations=80_000),
        ),
        {1: 0, 2: 1},
    ).set_index("arm")
    assert frame.columns.tolist() == [
        *("parameters", "operations", "bytes", "seconds", "examples_per_second"),
        *("parameters_against", "operations_against", "bytes_against", "seconds_against", "examples_per_second_against"),
        *("parameters_difference", "operations_difference", "bytes_difference"),
        *("seconds_difference", "examples_per_second_difference"),
    ]
    assert frame.loc[0, ["parameters", "bytes", "seconds", "examples_per_second"]].tolist() == [1000, 4000, 11, 950]
    assert frame["bytes"].tolist() == [4000, 6000, 3600]
    assert frame.loc[0].filter(like="_difference").isna().all()
    assert frame.loc[1].filter(like="_difference").tolist() == [500, 30_000, 2000, 12, -500]
    assert frame.loc[2].filter(like="_difference").tolist() == [-600, -30_000, -2400, -12, 800]  # of seed 0, which both have
    assert frame.loc[2].filter(like="_against").tolist() == [1500, 80_000, 6000, 20, 500]
    assert frame.loc[1, "seconds"] == 23
    assert str(frame["bytes"].dtype) == str(frame["operations_difference"].dtype) == "Int64"


def test_a_time_is_compared_over_the_seeds_that_both_have():
    slow = [run(0, seed, seconds=10.0 * seed, examples_per_second=100.0) for seed in (1, 2, 3)]
    other = [run(1, seed, seconds=10.0 * seed + 1, examples_per_second=90.0) for seed in (2, 3, 4)]
    alone = [run(2, 9, seconds=5.0, examples_per_second=90.0)]
    frame = costs(runs(*slow, *other, *alone), {1: 0, 2: 0}).set_index("arm")
    assert frame["seconds"].tolist() == [20, 31, 5]
    assert frame.loc[1, ["seconds_against", "seconds_difference", "examples_per_second_difference"]].tolist() == [25, 1, -10]
    assert frame.loc[2, ["seconds_against", "seconds_difference", "examples_per_second_difference"]].isna().all()


def test_only_runs_that_ended_well_tell_the_time_but_any_tells_the_size():
    frame = costs(
        runs(
            run(0, 0, seconds=10.0, examples_per_second=1000.0),
            run(0, 1, "diverged", seconds=2.0, examples_per_second=100.0),
            run(1, 0, "failed", seconds=3.0, examples_per_second=100.0),
            run(2, 0, "missing", parameters=None, operations=None),
        ),
        {1: 0, 2: 0},
    ).set_index("arm")
    assert frame.loc[0, "seconds"] == 10
    assert frame.loc[1, "parameters"] == 1000
    assert frame.loc[1, ["seconds", "seconds_difference"]].isna().all()
    assert frame.loc[1, "operations_difference"] == 0
    assert frame.loc[2, [name for name in frame if not name.endswith("_against")]].isna().all()


def test_the_front_is_made_of_the_arms_that_no_other_beats():
    arms = pd.DataFrame(
        {
            "mean": [80.0, 81.0, 79.0, 80.0, np.nan, 99.0],
            "operations": [100, 200, 150, 100, 1, None],
            "parameters": [100, 100, 50, 100, 1, None],
            "seconds": [1.0, 1.0, 1.0, 2.0, 0.1, np.nan],
            "diverged": 0,
        },
        index=[3, 4, 5, 6, 7, 8],
    ).astype({"operations": "Int64", "parameters": "Int64"})
    frame = fronts(arms)
    assert frame.index.tolist() == [3, 4, 5, 6, 7, 8]
    assert frame["front_operations"].tolist() == [True, True, False, True, False, False]
    assert frame["front_parameters"].tolist() == [False, True, True, False, False, False]
    assert frame["front_seconds"].tolist() == [False, True, False, False, False, False]


def test_an_arm_of_which_a_seed_diverged_is_on_no_front_and_beats_nothing():
    cost = {"operations": [1, 2, 3], "parameters": [1, 2, 3], "seconds": [1.0, 2.0, 3.0]}
    arms = pd.DataFrame({"mean": [90.0, 80.0, 79.0], **cost, "diverged": [1, 0, 0]})
    assert fronts(arms)["front_seconds"].tolist() == [False, True, False]
    assert fronts(arms.assign(diverged=0))["front_seconds"].tolist() == [True, False, False]


values = st.integers(0, 5)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=12), st.sampled_from([1, -1]))
def test_an_arm_is_on_the_front_unless_another_beats_it(points, better):
    arms = pd.DataFrame(points, columns=["mean", "operations"]).astype("float64")
    arms = arms.assign(parameters=arms["operations"], seconds=arms["operations"], diverged=0)
    expected = [
        not any(better * a >= better * mean and c <= cost and (better * a > better * mean or c < cost) for a, c in points)
        for mean, cost in points
    ]
    found = fronts(arms, better)
    assert found["front_operations"].tolist() == expected
    assert found["front_seconds"].tolist() == found["front_parameters"].tolist() == expected
    assert any(expected)


def test_equal_compute_needs_no_word():
    assert equal_compute(runs(run(0), run(1), run(0, 1))) is None
    assert equal_compute(runs(run(0, 0, "failed"))) is None


@pytest.mark.parametrize(
    ("dear", "told"),
    [
        ({"operations": 90_000}, "lrn: on → 2 takes 1.8 times as many FLOPs per step as baseline."),
        ({"operations": 52_000}, "lrn: on → 2 takes 4% more FLOPs per step than baseline."),
        ({"operations": 50_100}, "lrn: on → 2 takes 0.2% more FLOPs per step than baseline."),
        ({"batch_size": 512}, "lrn: on → 2 takes 4.0 times as many FLOPs per step as baseline."),
        ({"operations": 25_000}, "baseline takes 2.0 times as many FLOPs per step as lrn: on → 2."),
        ({"operations": 25_000, "batch_size": 256}, None),
    ],
)
def test_unequal_compute_at_equal_steps_is_said(dear, told):
    said = equal_compute(runs(run(0), run(1), run(2, **dear), run(0, 1)))
    assert said == (told and f"Equal steps, not equal compute: of the arms evaluated at step 100, {told}")


def test_arms_of_different_steps_are_not_set_against_each_other():
    assert equal_compute(runs(run(0), run(1, step=200, operations=90_000))) is None
    said = equal_compute(runs(run(0), run(1, step=2000, operations=90_000), run(2, step=2000)))
    assert said == (
        "Equal steps, not equal compute: of the arms evaluated at step 2,000, lrn: on → 1 takes 1.8 times as many FLOPs "
        "per step as lrn: on → 2."
    )


def test_where_batch_sizes_are_not_known_images_are_compared():
    said = equal_compute(runs(run(0, batch_size=None), run(1, operations=90_000)))
    assert said is not None
    assert "takes 1.8 times as many FLOPs per image" in said


def test_the_batch_size_may_be_the_level_of_a_factor():
    frame = runs(run(0), run(1, batch_size=256))
    said = equal_compute(frame.assign(batch_size=frame["batch_size"].astype("str")))
    assert said is not None
    assert "lrn: on → 1 takes 2.0 times as many FLOPs per step" in said


def trainings(order: str, place: str = "here") -> pd.DataFrame:
    """Trainings of arms a, b and so on, begun one after another; brackets hold those of one moment."""
    rows, at, together = [], 0, False
    for letter in order:
        together = {"(": True, ")": False}.get(letter, together)
        if letter.isalpha():
            rows.append(("abcdef".index(letter), at, place))
        at += letter == ")" or (letter.isalpha() and not together)
    return pd.DataFrame(rows, columns=["arm", "begun", "place"])


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        *((order, True) for order in ("abab", "abba", "abcabc", "(ab)(ab)", "(aab)(bab)")),
        *((order, False) for order in ("aabb", "abbbaa", "abcabccc", "ab", "a", "")),
    ],
)
def test_arms_are_trained_in_turns_where_none_is_two_ahead(order: str, expected: bool) -> None:
    assert in_turns(trainings(order)) is expected


def test_times_of_two_machines_or_of_no_known_one_are_not_compared() -> None:
    known = trainings("abab")
    for change in ({"place": ["here", "there"] * 2}, {"place": None}, {"begun": None}, {"begun": [0, 1, 2, None]}):
        assert not in_turns(known.assign(**change))


def test_without_turns_no_arm_is_on_the_front_of_time() -> None:
    arms = pd.DataFrame(
        {"mean": [80.0, 81.0], "operations": [1, 2], "parameters": [1, 2], "seconds": [1.0, 2.0], "diverged": 0}
    )
    apart, together = fronts(arms, in_turns=False), fronts(arms)
    assert together["front_seconds"].all()
    assert not apart["front_seconds"].any()
    assert apart.drop(columns="front_seconds").equals(together.drop(columns="front_seconds"))
