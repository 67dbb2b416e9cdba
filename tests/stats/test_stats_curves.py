import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from ablate.stats.curves import over_training, reach


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
