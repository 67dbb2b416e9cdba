import numpy as np
import pandas as pd
import pytest

from ablate.results import plots, stats
from ablate.results.plots import costs

MILLION = 1_000_000


def arms(count: int = 4, **columns) -> pd.DataFrame:
    numbers = np.arange(count)
    mean = 80 + np.resize([0.0, 1.0, -1.0, 2.0, 0.3], count)
    frame = {
        "arm": numbers,
        "mean": mean,
        "low": mean - 0.3,
        "high": mean + 0.3,
        "operations": pd.array(np.resize([20, 40, 40, 60], count) * MILLION, dtype="Int64"),
        "parameters": pd.array(np.resize([900_000, 900_000, 400_000, 500_000], count), dtype="Int64"),
        "seconds": 1000.0 + 7 * numbers,
    }
    made = pd.DataFrame(frame | columns)
    return pd.concat([made, stats.fronts(made, 1)], axis="columns")


def drawn(frame: pd.DataFrame):
    labels = {arm: f"factor{arm}: on → off" if arm else "baseline (factor1: on)" for arm in frame["arm"]}
    return plots.fit(plots.against_costs(frame, labels, plots.blank()), costs.height(frame))


def dots(ax) -> list:
    return [line for line in ax.lines if len(line.get_xdata()) == 1]


def front(ax):
    return next(line for line in ax.lines if line.get_drawstyle() == "steps-post")


def test_a_panel_a_cost_with_a_point_an_arm():
    frame = arms()
    figure = drawn(frame)
    assert [ax.get_xlabel() for ax in figure.axes] == [
        "operations for one image (millions)",
        "parameters (thousands)",
        "time of training, mean over seeds (minutes)",
    ]
    assert figure.get_suptitle() == "accuracy on the test set (%)"
    for ax, cost in zip(figure.axes, ("operations", "parameters", "seconds"), strict=True):
        order = np.argsort(frame[cost].to_numpy(dtype=float), kind="stable")
        assert [dot.get_ydata()[0] for dot in dots(ax)] == frame["mean"].iloc[order].tolist()
        left, right = ax.get_xlim()
        moved = [dot.get_xdata()[0] for dot in dots(ax)] - frame[cost].to_numpy(dtype=float)[order]
        assert np.abs(moved).max() < 0.03 * (right - left)


def test_points_of_one_cost_stand_side_by_side():
    x = [dot.get_xdata()[0] for dot in dots(drawn(arms()).axes[0])]
    assert x[0] == pytest.approx(20 * MILLION)
    assert x[1] < 40 * MILLION < x[2]
    assert x[1] + x[2] == pytest.approx(80 * MILLION)


def test_the_front_is_a_step_line_through_the_arms_that_none_beats():
    line = front(drawn(arms()).axes[0])
    assert line.get_ydata().tolist() == [80.0, 81.0, 82.0, 82.0]


def test_ticks_are_in_the_unit_of_the_label():
    ax = drawn(arms()).axes[0]
    assert [float(text.get_text()) * MILLION for text in ax.get_xticklabels()] == ax.get_xticks().tolist()
    assert len(ax.get_xticks()) >= 4


def test_a_cost_that_all_arms_share_has_no_panel_and_is_said():
    figure = drawn(arms(parameters=pd.array([5] * 4, dtype="Int64")))
    assert len(figure.axes) == 2
    assert "parameters: the same in all arms" in figure.axes[-1].get_legend().get_title().get_text()


def test_an_arm_without_a_value_has_no_point():
    frame = arms(mean=[80.0, 81.0, np.nan, 82.0], low=np.nan, high=np.nan)
    figure = drawn(frame)
    assert len(dots(figure.axes[0])) == 3
    assert "interval" not in figure.axes[-1].get_legend().get_title().get_text()


def test_the_legend_says_what_a_bar_and_the_dashed_line_are():
    title = drawn(arms()).axes[-1].get_legend().get_title().get_text().replace("\n", " ")
    assert "bar: 95 % interval over seeds;" in title
    assert "dashed line: the front of the arms that none beats on both" in title


def test_many_arms_are_numbered_inside_the_axes_and_numbers_do_not_overlap():
    figure = drawn(arms(20))
    for ax in figure.axes:
        assert sorted(int(text.get_text()) for text in ax.texts) == list(range(20))
        boxes = [text.get_window_extent() for text in ax.texts]
        for one in boxes:
            assert one.x0 >= 0
            assert one.x1 <= figure.bbox.x1
        shared = sum(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
        assert shared <= 1
    assert drawn(arms(8)).axes[0].texts[:] == []


def test_a_pointer_is_told_value_and_cost():
    texts = [text for _, _, text in plots.points(drawn(arms()))]
    assert texts[0] == "baseline: 80.00 %, 20,000,000 operations"
    assert len(texts) == 12
