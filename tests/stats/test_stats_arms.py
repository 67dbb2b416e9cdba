"""Arms one by one, and the noise floor."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW

from ablate.stats import arms, noise

NAN = float("nan")


def make(*rows: list[float], seeds: list[int] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=seeds or range(len(rows[0])))
    return frame.rename_axis(index="arm", columns="seed")


def test_an_arm_has_the_mean_deviation_and_interval_of_statsmodels() -> None:
    values = [78.1, 79.3, 78.8, 77.9]
    row = arms(make([75.0, 75.5, 76.1, 75.2], values)).loc[1]
    described = DescrStatsW(np.array(values))
    assert (row["arm"], row["n"]) == (1, 4)
    assert row["mean"] == pytest.approx(described.mean)
    assert row["sd"] == pytest.approx(np.sqrt(described.var_ddof(1)))
    assert (row["low"], row["high"]) == pytest.approx(described.tconfint_mean())


def test_the_worst_seed_is_the_lowest_unless_less_is_better() -> None:
    wide = make([2.0, 1.0, 3.0])
    assert arms(wide)["worst"].tolist() == [1]
    assert arms(wide, better=-1)["worst"].tolist() == [3]


def test_seeds_without_a_value_are_left_out() -> None:
    whole, holes = arms(make([1.0, 2.0, 4.0])), arms(make([NAN, 1.0, 2.0, NAN, 4.0]))
    pd.testing.assert_frame_equal(whole, holes)


def test_one_seed_has_no_deviation_and_none_has_nothing() -> None:
    frame = arms(make([5.0, NAN], [NAN, NAN]))
    assert frame["n"].tolist() == [1, 0]
    assert frame.loc[0, ["mean", "worst"]].tolist() == [5, 5]
    assert frame.loc[0, ["sd", "low", "high"]].isna().all()
    assert frame.loc[1, ["mean", "sd", "worst", "low", "high"]].isna().all()


def test_arms_are_in_the_order_of_the_frame() -> None:
    wide = make([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]).loc[[2, 0, 1]]
    assert arms(wide)["arm"].tolist() == [2, 0, 1]


def test_the_noise_of_one_arm_is_its_deviation_with_the_interval_of_chi_square() -> None:
    values = [1.0, 2.5, 2.0, 4.0]
    run = noise(make(values), make([NAN] * 4)).loc[0]
    variance, freedom = np.var(values, ddof=1), 3
    low, high = (np.sqrt(variance * freedom / scipy_stats.chi2.ppf(p, freedom)) for p in (0.975, 0.025))
    assert run["what"] == "a run"
    assert run[["sd", "low", "high"]].tolist() == pytest.approx([np.sqrt(variance), low, high])
    assert run[["n", "freedom"]].tolist() == [4, 3]


def test_variances_are_averaged_and_arms_that_move_together_count_once() -> None:
    values = np.array([1.0, 2.5, 2.0, 4.0])
    run, pair = (noise(make(list(values), list(2 * values)), make(list(values), list(-values))).loc[i] for i in range(2))
    assert run["sd"] == pytest.approx(np.sqrt(2.5 * values.var(ddof=1)))
    assert run["freedom"] == pytest.approx(3)
    assert pair["what"] == "a paired difference"
    assert pair["sd"] == pytest.approx(values.std(ddof=1))
    assert pair["freedom"] == pytest.approx(3)


def test_arms_that_move_on_their_own_count_each() -> None:
    sines = [[1.0, -1, 0, 0], [0.0, 0, 1, -1], [0.5, 0.5, -0.5, -0.5]]  # no two have any correlation
    frame = noise(make(*sines[:2]), make(*sines))
    assert frame["freedom"].tolist()[0] == pytest.approx(2 * 3)
    variances = np.var(sines, axis=1, ddof=1)
    assert frame["freedom"].tolist()[1] == pytest.approx(3 * variances.sum() ** 2 / (variances**2).sum())


@pytest.mark.parametrize("shared", [0.0, 0.8])
@pytest.mark.parametrize("most", [1.0, 4.0])
@pytest.mark.parametrize("seeds", [3, 8])
def test_the_interval_of_the_noise_holds_the_true_one_about_as_often_as_said(shared: float, most: float, seeds: int) -> None:
    generator = np.random.default_rng(0)
    deviations = np.array([[1.0], [1.0], [1.0], [most]])
    true, held, studies = np.sqrt((deviations**2).mean()), 0, 400
    for _ in range(studies):
        together = generator.normal(size=(1, seeds))
        values = deviations * (np.sqrt(shared) * together + np.sqrt(1 - shared) * generator.normal(size=(4, seeds)))
        run = noise(make(*values), make([NAN] * seeds)).loc[0]
        held += run["low"] < true < run["high"]
    assert held / studies > 0.9  # 0.94, less three standard errors


def test_the_freedom_is_that_of_the_arms_with_the_most_seeds() -> None:
    run = noise(make([1.0, 2.0, 4.0, NAN, NAN], [NAN, NAN, NAN, 1.0, 3.0]), make([NAN] * 5)).loc[0]
    assert run["sd"] == pytest.approx(np.sqrt((np.var([1, 2, 4], ddof=1) + 2) / 2))
    assert run[["n", "freedom"]].tolist() == [3, 2]


def test_where_these_have_no_seeds_in_common_it_is_that_of_one_arm() -> None:
    run = noise(make([1.0, 2.0, NAN, NAN], [NAN, NAN, 1.0, 3.0]), make([NAN] * 4)).loc[0]
    assert run[["n", "freedom"]].tolist() == [2, 1]


def test_an_arm_of_one_seed_does_not_count() -> None:
    values = [1.0, 2.0, 4.0]
    pd.testing.assert_frame_equal(
        noise(make(values, [7.0, NAN, NAN]), make(values)), noise(make(values), make(values, [NAN] * 3))
    )


def test_runs_that_are_read_otherwise_are_not_pooled() -> None:
    values, calm = [1.0, 4.0, 2.0], [1.1, 1.2, 1.4]
    frame = noise(make(values, calm, values), make(values, calm), ["raw", "EMA", "raw"], ["raw", "EMA against raw"])
    assert frame["what"].tolist() == [
        "a run (raw)",
        "a run (EMA)",
        "a paired difference (raw)",
        "a paired difference (EMA against raw)",
    ]
    alone = noise(make(values, values), make(values)), noise(make(calm), make(calm))
    assert frame["sd"].tolist() == pytest.approx([alone[row % 2]["sd"][row // 2] for row in range(4)])
    assert frame["low"].tolist() == pytest.approx([alone[row % 2]["low"][row // 2] for row in range(4)])


def test_without_two_seeds_nothing_is_known_of_the_noise() -> None:
    frame = noise(make([1.0]), make([NAN]))
    assert frame[["sd", "low", "high", "freedom"]].isna().all(axis=None)
    assert frame["n"].tolist() == [0, 0]
    nothing = pd.DataFrame(columns=[0, 1], dtype="float64")
    assert noise(nothing, nothing)["sd"].isna().all()


def test_what_does_not_vary_has_a_deviation_of_nothing_and_no_interval() -> None:
    frame = noise(make([1.0, 1.0, 1.0]), make([0.0, 0.0, 0.0]))
    assert frame["sd"].tolist() == [0, 0]
    assert frame[["low", "high", "freedom"]].isna().all(axis=None)
