import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.markers import CARETDOWN, CARETUP

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
        "diverged": 0,
    }
    made = pd.DataFrame(frame | columns)
    return pd.concat([made, stats.fronts(made, 1)], axis="columns")


def drawn(frame: pd.DataFrame, **said):
    labels = {arm: f"factor{arm}: on → off" if arm else "baseline (factor1: on)" for arm in frame["arm"]}
    return plots.fit(plots.against_costs(frame, labels, plots.blank(), **said), costs.height(frame))


def dots(ax) -> list:
    return [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_clip_on()]


def told(figure) -> str:
    return figure.axes[-1].get_legend().get_title().get_text().replace("\n", " ")


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
        assert [dot.get_ydata()[0] for dot in dots(ax)] == frame["mean"].tolist()
        assert [dot.get_xdata()[0] for dot in dots(ax)] == frame[cost].tolist()


def test_points_of_one_cost_are_at_it_unless_they_would_cover_each_other():
    ax = drawn(arms(mean=[72.6, 78.4, 81.7, 81.75], low=72.0, high=83.0, operations=[40 * MILLION] * 3 + [60 * MILLION])).axes[
        0
    ]
    assert [dot.get_xdata()[0] for dot in dots(ax)] == [40 * MILLION] * 3 + [60 * MILLION]
    frame = arms(5, mean=[72.6, 78.4, 81.7, 81.7, 72.6], operations=[40 * MILLION] * 4 + [60 * MILLION])
    figure = drawn(frame)
    x = [dot.get_xdata()[0] for dot in dots(figure.axes[0])]
    assert x[:3] == [40 * MILLION] * 3
    assert x[3] != 40 * MILLION
    assert "points that would cover each other stand up to" in told(figure)
    assert "cover" not in told(drawn(arms()))


def test_bars_of_one_cost_that_would_cover_each_other_stand_side_by_side_and_at_their_points():
    frame = arms(mean=[78.0, 78.4, 78.8, 72.0], low=[77.5, 77.9, 78.5, 71.9], high=[78.4, 78.9, 79.0, 72.1])
    ax = drawn(frame.assign(operations=[40 * MILLION] * 3 + [60 * MILLION])).axes[0]
    bars = [bar.get_segments()[0][0][0] for bar in ax.collections]
    assert bars[0] == bars[2] < 40 * MILLION < bars[1]
    assert bars[3] == 60 * MILLION


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
    legend = figure.axes[-1].get_legend()
    assert "interval" not in legend.get_title().get_text()
    assert [text.get_text() for text in legend.get_texts()] == [
        "baseline (factor1: on)",
        "factor1: on → off",
        "factor3: on → off",
    ]


@pytest.mark.parametrize(("count", "size"), [(8, 4), (12, 3), (60, 3)])
def test_no_dots_of_one_cost_cover_each_other_and_numbers_stay_inside(count, size):
    frame = arms(count, operations=[20 * MILLION] * (count - 1) + [40 * MILLION])
    figure = drawn(frame)
    ax = figure.axes[0]
    places = np.array([ax.transData.transform(dot.get_xydata()[0]) for dot in dots(ax)]) * 72 / figure.dpi
    assert len(places) == count
    apart = np.abs(places - places[:, None]).max(axis=-1)
    assert apart[~np.eye(count, dtype=bool)].min() >= size
    box = ax.get_window_extent()
    for text in ax.texts:
        one = text.get_window_extent()
        assert box.x0 - 3 < one.x0 < one.x1 < box.x1 + 3
        assert box.y0 - 3 < one.y0 < one.y1 < box.y1 + 3


def test_a_bar_that_leaves_its_panel_ends_in_an_arrow_and_the_legend_does_not_leave_the_figure(tmp_path):
    frame = arms()
    frame.loc[2, ["low", "high"]] = [-50, 200]
    figure = drawn(frame, fewer=["factor2: on → off (1 diverged)"], left_out=["factor9: on → off (3 diverged)"])
    for ax in figure.axes:
        ends = [line for line in ax.lines if line.get_marker() in (CARETUP, CARETDOWN)]
        assert [line.get_ydata()[0] for line in ends] == list(ax.get_ylim())
    title = figure.axes[-1].get_legend().get_title().get_text()
    assert "arrow: more lies beyond the edge" in title
    assert "mean of fewer seeds than planned: factor2: on → off (1 diverged)" in title
    assert "not drawn: factor9: on → off (3 diverged)" in title
    (path,) = plots.save(figure, tmp_path / "costs", ["png"])
    assert imread(path)[:, -2:, :3].min() == 1


def test_an_arm_of_which_a_seed_diverged_is_not_on_the_front_and_the_legend_says_so():
    figure = drawn(arms(diverged=[0, 0, 0, 1]))
    assert front(figure.axes[0]).get_ydata().tolist() == [80.0, 81.0, 81.0]
    assert "without those of which a seed diverged" in figure.axes[-1].get_legend().get_title().get_text().replace("\n", " ")
    assert front(drawn(arms(diverged=1)).axes[0]).get_ydata().tolist() == []


def test_the_legend_says_what_a_bar_and_the_dashed_line_are():
    title = drawn(arms()).axes[-1].get_legend().get_title().get_text().replace("\n", " ")
    assert "point: mean over seeds; bar: 95 % interval over seeds" in title
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
        assert shared <= 2
        assert len(ax.collections) == 0  # bars would hide the points
    assert "intervals over seeds: in the table of arms" in told(figure)
    few = drawn(arms(8))
    assert few.axes[0].texts[:] == []
    assert len(few.axes[0].collections) == 8


def test_a_pointer_is_told_value_and_cost():
    texts = [text for _, _, text in plots.points(drawn(arms()))]
    assert texts[0] == "baseline: 80.00 %, 20,000,000 operations"
    assert len(texts) == 12
