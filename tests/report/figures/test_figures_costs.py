import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.markers import CARETDOWN, CARETUP

from ablate import stats
from ablate.report import figures
from ablate.report.figures import costs

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
    return figures.fit(figures.against_costs(frame, labels, figures.blank(), **said), costs.height(frame))


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


COST = strategies.sampled_from([20, 20, 21, 40]).map(lambda cost: cost * MILLION)
MEAN = strategies.one_of(strategies.sampled_from([78.4, 81.7, 81.72]), strategies.floats(10, 100))


@settings(max_examples=6)
@given(strategies.lists(strategies.tuples(COST, MEAN), min_size=2, max_size=20))
def test_every_point_is_at_its_measured_cost_and_mean_however_many_overlap(places):
    cost, mean = map(list, zip(*places, strict=True))
    frame = arms(len(places), mean=mean, low=np.array(mean) - 1, high=np.array(mean) + 1, operations=cost)
    figure = figures.against_costs(frame, {arm: f"arm {arm}" for arm in frame["arm"]}, Figure())
    for ax, name in zip(figure.axes, costs.drawable(frame), strict=True):
        assert [dot.get_xdata()[0] for dot in dots(ax)] == frame[name].tolist()
        assert [dot.get_ydata()[0] for dot in dots(ax)] == mean
        for bar, arm in zip(ax.collections, frame.to_dict("records"), strict=False):
            assert bar.get_segments()[0][:, 0].tolist() == [arm[name]] * 2


def test_points_that_overlap_are_open_and_numbered_and_the_legend_says_so():
    frame = arms(5, mean=[72.6, 78.4, 81.7, 81.7, 72.6], operations=[40 * MILLION] * 4 + [60 * MILLION])
    figure = drawn(frame)
    faces = [dot.get_markerfacecolor() for dot in dots(figure.axes[0])]
    assert [face == "none" for face in faces] == [False, False, True, True, False]
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["0", "1", "2", "3", "4"]
    assert "open points overlap; each is at its own cost and mean" in told(figure)
    assert figure.axes[-1].get_legend().get_texts()[2].get_text().split() == ["2", "factor2:", "on", "→", "off"]
    apart = drawn(arms())
    assert "overlap" not in told(apart)
    assert not any(dot.get_markerfacecolor() == "none" for ax in apart.axes for dot in dots(ax))


def test_bars_that_would_hide_each_other_are_left_out_of_their_panel_alone():
    frame = arms(mean=[78.0, 78.4, 78.8, 72.0], low=[77.5, 77.9, 78.5, 71.9], high=[78.4, 78.9, 79.0, 72.1])
    figure = drawn(frame.assign(operations=[40 * MILLION] * 3 + [60 * MILLION], parameters=5))
    assert [len(ax.collections) for ax in figure.axes] == [0, 4]
    assert "bars that would overlap: in the table of arms" in told(figure)
    none = drawn(frame.assign(operations=[40 * MILLION] * 3 + [60 * MILLION], parameters=5, seconds=1.0))
    assert "intervals over seeds: in the table of arms" in told(none)
    assert "bar:" not in told(none)
    assert none.axes[0].get_ylim()[1] < 79.1


def test_the_front_is_a_step_line_through_the_arms_that_none_beats():
    line = front(drawn(arms()).axes[0])
    assert line.get_ydata().tolist() == [80.0, 81.0, 82.0, 82.0]


def test_ticks_are_in_the_unit_of_the_label():
    ax = drawn(arms()).axes[0]
    assert [float(text.get_text()) * MILLION for text in ax.get_xticklabels()] == ax.get_xticks().tolist()
    assert len(ax.get_xticks()) >= 4


def test_ticks_have_the_digits_that_they_need():
    ax = drawn(arms(seconds=[100.0, 100.01, 100.02, 100.07])).axes[2]
    assert [float(text.get_text()) for text in ax.get_xticklabels()] == pytest.approx(ax.get_xticks().tolist(), abs=1e-9)


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
        "no factor1",
        "no factor3",
    ]


@pytest.mark.parametrize("count", [8, 60])
def test_numbers_stay_inside_and_apart_however_many_points_overlap(count):
    figure = drawn(arms(count, operations=[20 * MILLION] * (count - 1) + [40 * MILLION]))
    ax = figure.axes[0]
    box = ax.get_window_extent()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == count
    for one in boxes:
        assert box.x0 - 3 < one.x0 < one.x1 < box.x1 + 3
        assert box.y0 - 3 < one.y0 < one.y1 < box.y1 + 3
    middles = np.array([[box.x0 + box.width / 2, box.y0 + box.height / 2] for box in boxes])
    apart = np.abs(middles - middles[:, None]) * 72 / figure.dpi
    assert not ((apart[..., 0] < 4) & (apart[..., 1] < 4) & ~np.eye(count, dtype=bool)).any()


def test_a_bar_that_leaves_its_panel_ends_in_an_arrow_and_the_legend_stays_within(tmp_path):
    frame = arms(operations=[20, 30, 40, 60], parameters=[5, 6, 7, 8])
    frame.loc[2, ["low", "high"]] = [-50, 200]
    figure = drawn(frame, fewer=["no factor2 (1 diverged)"], left_out=["no factor9 (3 diverged)"])
    for ax in figure.axes:
        ends = [line for line in ax.lines if line.get_marker() in (CARETUP, CARETDOWN)]
        assert [line.get_ydata()[0] for line in ends] == list(ax.get_ylim())
    title = figure.axes[-1].get_legend().get_title().get_text()
    assert "arrow: more lies beyond the edge" in title
    assert "mean of fewer seeds than planned: no factor2 (1 diverged)" in title
    assert "not drawn: no factor9 (3 diverged)" in title
    (path,) = figures.save(figure, tmp_path / "costs", ["png"])
    assert imread(path)[:, -2:, :3].min() == 1


def test_an_arm_of_which_a_seed_diverged_is_not_on_the_front_and_the_legend_says_so():
    figure = drawn(arms(diverged=[0, 0, 0, 1]))
    assert front(figure.axes[0]).get_ydata().tolist() == [80.0, 81.0, 81.0]
    assert "without those of which a seed diverged" in figure.axes[-1].get_legend().get_title().get_text().replace("\n", " ")
    assert front(drawn(arms(diverged=1)).axes[0]).get_ydata().tolist() == []


def test_the_legend_says_what_a_bar_and_the_dashed_line_are():
    title = drawn(arms()).axes[-1].get_legend().get_title().get_text().replace("\n", " ")
    assert "point: mean over seeds; bar: 95% interval over seeds" in title
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
    few = drawn(arms())
    assert few.axes[0].texts[:] == []
    assert len(few.axes[0].collections) == 4


def test_a_pointer_is_told_value_and_cost():
    texts = [text for _, _, text in figures.points(drawn(arms()))]
    assert texts[0] == "baseline: 80.00%, 20,000,000 operations"
    assert len(texts) == 12
