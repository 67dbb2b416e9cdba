import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from ablate.stats.curves import crossings, over_training, reach
from ablate.stats.intervals import student


def evaluations(curves: dict[tuple[int, int], dict[int, float]], **status: str) -> pd.DataFrame:
    """Rows for {(arm, seed): {step: accuracy in %}}; status by `arm_seed`, done unless given."""
    rows = [
        {"arm": arm, "seed": seed, "status": status.get(f"run{arm}_{seed}", "done"), "step": step, "value": value}
        for (arm, seed), curve in curves.items()
        for step, value in curve.items()
    ]
    frame = pd.DataFrame(rows, columns=["arm", "seed", "status", "step", "value"])
    return frame.assign(accuracy=frame["value"] / 100)


def test_the_difference_at_each_step_is_that_of_a_paired_test():
    generator = np.random.default_rng(0)
    steps = list(range(100, 600, 100))
    table = generator.normal(70, 3, (3, 6, len(steps)))  # (arms, seeds, steps)
    curves = {(arm, seed): dict(zip(steps, table[arm, seed], strict=True)) for arm in range(3) for seed in range(6)}
    frame = over_training(evaluations(curves), [(1, 0), (2, 1)])
    assert frame.columns.tolist() == ["arm", "against", "step", "n", "points", "low", "high"]
    assert frame["arm"].tolist() == [1] * 5 + [2] * 5
    assert frame["against"].tolist() == [0] * 5 + [1] * 5
    assert frame["step"].tolist() == steps * 2
    assert set(frame["n"]) == {6}
    for row in frame.itertuples():
        number = steps.index(row.step)
        tested = scipy_stats.ttest_rel(table[row.arm, :, number], table[row.against, :, number])
        interval = tested.confidence_interval(0.95)
        assert (row.points, row.low, row.high) == pytest.approx(
            (np.mean(table[row.arm, :, number] - table[row.against, :, number]), interval.low, interval.high)
        )


def test_only_steps_and_seeds_that_both_have_count():
    curves = {
        (0, 0): {10: 50.0, 20: 60.0, 30: 70.0},
        (0, 1): {10: 51.0, 20: 61.0},
        (0, 2): {10: 52.0, 20: 62.0, 30: 72.0},
        (1, 0): {10: 50.5, 20: 62.0, 25: 64.0},
        (1, 1): {10: 53.0, 25: 66.0},
        (1, 3): {10: 99.0, 20: 99.0, 30: 99.0},
    }
    frame = over_training(evaluations(curves), [(1, 0)])
    assert frame["step"].tolist() == [10, 20]
    assert frame["n"].tolist() == [2, 1]
    assert frame["points"].tolist() == [1.25, 2.0]
    assert frame["low"].isna().tolist() == frame["high"].isna().tolist() == [False, True]


def test_runs_that_did_not_end_well_are_left_out_at_every_step():
    curves = {(arm, seed): {10: 50.0 + arm + seed * arm, 20: 60.0} for arm in (0, 1) for seed in range(3)}
    whole = over_training(evaluations(curves), [(1, 0)])
    less = over_training(evaluations(curves, run1_2="diverged"), [(1, 0)])
    assert whole["n"].tolist() == [3, 3]
    assert less["n"].tolist() == [2, 2]
    assert less["points"].tolist() == [1.5, 0.0]
    none = over_training(evaluations(curves, run1_0="failed", run1_1="diverged", run1_2="missing"), [(1, 0)])
    assert none.empty


def test_without_evaluations_or_pairs_there_are_no_rows_but_the_columns():
    for frame in (over_training(evaluations({}), [(1, 0)]), over_training(evaluations({(0, 0): {10: 1.0}}), [])):
        assert frame.empty
        types = {name: str(kind) for name, kind in frame.dtypes.items()}
        assert types == dict.fromkeys(("arm", "against", "step", "n"), "int64") | dict.fromkeys(
            ("points", "low", "high"), "float64"
        )


def test_an_accuracy_is_reached_at_the_first_evaluation_that_has_it():
    curves = {
        (0, 0): {10: 50.0, 20: 57.0, 30: 56.0, 40: 60.0},
        (0, 1): {10: 50.0, 20: 55.0, 30: 58.0, 40: 50.0},
        (0, 2): {10: 50.0, 20: 52.0, 30: 53.0, 40: 56.9},
        (1, 0): {10: 40.0, 20: 41.0},
        (2, 0): {10: 90.0},
        (2, 1): {10: 20.0, 20: 90.0},
        (3, 0): {10: 90.0},
    }
    planned = pd.DataFrame([(arm, seed) for arm in range(5) for seed in range(3)], columns=["arm", "seed"])
    found = evaluations(curves, run2_1="diverged", run3_0="failed")
    frame = reach(planned, found, 57.0)  # 100 * 0.57 is a little less
    assert frame.columns.tolist() == ["arm", "seeds", "reached", "step", "first", "last"]
    assert frame["arm"].tolist() == [0, 1, 2, 3, 4]
    assert frame["seeds"].tolist() == [3, 3, 3, 3, 3], "of those planned, whatever became of them"
    assert frame["reached"].tolist() == [2, 0, 1, 0, 0]
    assert frame["step"].tolist() == pytest.approx([25, np.nan, 10, np.nan, np.nan], nan_ok=True)
    assert frame["first"].tolist() == [20, pd.NA, 10, pd.NA, pd.NA]
    assert frame["last"].tolist() == [30, pd.NA, 10, pd.NA, pd.NA]


def test_nothing_is_reached_where_there_are_no_evaluations():
    frame = reach(pd.DataFrame({"arm": [0, 0], "seed": [0, 1]}), evaluations({}), 50.0)
    assert frame[["seeds", "reached"]].to_numpy().tolist() == [[2, 0]]
    assert frame.columns.tolist() == ["arm", "seeds", "reached", "step", "first", "last"]


def curve(*points: float, half: float = 1.0) -> pd.DataFrame:
    steps = [10 * place for place in range(1, len(points) + 1)]
    frame = pd.DataFrame({"arm": 1, "against": 0, "step": steps, "n": 5, "points": points})
    return frame.assign(low=frame["points"] - half, high=frame["points"] + half)


def test_curves_cross_where_their_difference_changes_its_sign_for_good():
    [found] = crossings(curve(-4, -2, 0.5, -0.5, 1.5, 3)).to_dict("records")
    assert (found["rises"], found["step"]) == (True, 42.5)
    assert (found["low"], found["high"]) == (20, 50), "the nearest at which the difference excludes 0"
    assert crossings(curve(1, 2, 3)).empty
    assert crossings(curve(-1, -2, 0)).empty, "it ends on neither side"
    [wide] = crossings(curve(-0.5, 0.5, 5)).to_dict("records")
    assert pd.isna(wide["low"])
    assert wide["high"] == 30
    [alone] = crossings(curve(-3, 3, half=np.nan)).to_dict("records")
    assert pd.isna([alone["low"], alone["high"]]).all()


@given(st.lists(st.floats(-9, 9).map(lambda value: round(value, 3)), min_size=2, max_size=8))
def test_seen_from_the_other_arm_curves_cross_at_the_same_step(points):
    one = crossings(curve(*points))
    other = crossings(curve(*(-point for point in points)))
    columns = ["step", "low", "high"]
    pd.testing.assert_frame_equal(one[columns], other[columns])
    assert one["rises"].tolist() == [not rises for rises in other["rises"]]
    for row in one.to_dict("records"):
        assert 10 <= row["step"] <= 10 * len(points)
        assert pd.isna(row["low"]) or row["low"] < row["step"]
        assert pd.isna(row["high"]) or row["high"] > row["step"]


def test_the_interval_of_a_crossing_misses_it_in_5_percent_of_studies():
    """Five seeds whose jitter has no memory, around a difference that is about 0 at step 50."""
    generator = np.random.default_rng(20260817)
    missed = seen = 0
    for _ in range(400):
        differences = np.linspace(-4, 4.1, 9) + generator.normal(0, 0.8, (5, 9))
        low, high = student(differences.T, 0.95)[1:]
        frame = curve(*differences.mean(axis=0)).assign(low=low, high=high)
        for row in crossings(frame).to_dict("records"):
            seen += 1
            low_end = -np.inf if pd.isna(row["low"]) else row["low"]
            high_end = np.inf if pd.isna(row["high"]) else row["high"]
            missed += not low_end < 50 < high_end
    assert seen > 390
    assert missed / seen < 0.05 + 2 * np.sqrt(0.05 * 0.95 / seen)
