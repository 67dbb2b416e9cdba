from itertools import pairwise

import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.markers import CARETDOWN, CARETUP

from ablate.report import figures
from ablate.report.figures.accuracy import APART
from ablate.report.figures.style import BASELINE
from ablate.results.question import METRICS

STEPS = (1000, 2000, 3000)


def evaluations(arms: int = 2, seeds: int = 3, steps=STEPS, status=None, labels=None) -> pd.DataFrame:
    """A frame as `load` gives it; the accuracy tells step, arm and seed. status: of (arm, seed), where not done."""
    rows = [
        {
            "number": seed * arms + arm,
            "arm": arm,
            "label": (labels or {}).get(arm, f"factor on → level{arm}" if arm else "baseline"),
            "seed": seed,
            "status": (status or {}).get((arm, seed), "done"),
            "step": step,
            "epoch": step / 500,
            "eval_loss": 2 - step / 10000,
            "accuracy": 0.5 + step / 10000 - arm / 100 + seed / 1000,
        }
        for seed in range(seeds)
        for arm in range(arms)
        for step in steps
        if step < 3000 or (arm, seed) not in (status or {})
    ]
    columns = ["number", "arm", "label", "seed", "status", "step", "epoch", "eval_loss", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


def drawn(frame: pd.DataFrame, **said):
    return figures.accuracy_vs_step(frame, Figure(layout="constrained").add_subplot(), **said)


def bands(ax) -> list:
    return [artist for artist in ax.collections if isinstance(artist, PolyCollection)]


def legend_texts(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_are_the_mean_and_range_over_done_seeds():
    curves = figures.curves(evaluations(status={(1, 2): "diverged"}))
    assert list(curves.columns) == ["arm", "step", "mean", "lowest", "highest", "seeds", "epoch"]
    assert len(curves) == 6
    first = curves[curves["arm"] == 0].iloc[0]
    assert first[["mean", "lowest", "highest", "seeds"]].tolist() == pytest.approx([60.1, 60.0, 60.2, 3])
    assert set(curves.loc[curves["arm"] == 1, "seeds"]) == {2}


def test_a_line_and_a_band_an_arm():
    ax = drawn(evaluations())
    assert len(ax.lines) == 2
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([60.1, 70.1, 80.1])
    assert ax.lines[0].get_xdata().tolist() == list(STEPS)
    assert len(bands(ax)) == 2
    low, high = bands(ax)[0].get_paths()[0].get_extents().intervaly
    assert (low, high) == pytest.approx((60.0, 80.2))
    assert legend_texts(ax) == ["baseline", "factor on → level1"]
    assert ax.get_legend().get_title().get_text() == "line: mean of 3 seeds, band: lowest to highest seed"
    assert ax.get_xlabel() == "step"
    assert ax.get_ylabel() == "accuracy on the test set (%)"


def test_arms_whose_steps_are_not_as_many_examples_are_drawn_against_epochs():
    frame = evaluations()
    frame.loc[frame["arm"] == 1, "epoch"] /= 4
    ax = drawn(frame)
    assert ax.get_xlabel().startswith("epoch")
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([step / 500 for step in STEPS])
    assert ax.lines[1].get_xdata().tolist() == pytest.approx([step / 2000 for step in STEPS])
    assert bands(ax)[1].get_paths()[0].get_extents().intervalx == pytest.approx([STEPS[0] / 2000, STEPS[-1] / 2000])
    assert not ax.child_axes


def test_the_axis_names_the_evaluation_set():
    ax = figures.accuracy_vs_step(evaluations(), Figure().add_subplot(), "validation")
    assert ax.get_ylabel() == "accuracy on the validation set (%)"


def test_one_seed_has_no_band():
    ax = drawn(evaluations(seeds=1))
    assert bands(ax) == []
    assert ax.get_legend().get_title().get_text() == "line: one seed"


def test_one_evaluation_shows_its_range_as_a_bar():
    ax = drawn(evaluations(steps=(1000,)))
    assert sum(isinstance(artist, LineCollection) for artist in ax.collections) == 2


def test_runs_without_a_result_are_thin_lines_outside_the_mean():
    ax = drawn(evaluations(status={(1, 0): "diverged", (1, 1): "failed"}))
    untold = [line for line in ax.lines if str(line.get_label()).startswith("_child")]  # means say their values
    thin = [line for line in untold if line.get_marker() == "None"]
    crosses = [line for line in ax.lines if line.get_marker() == "X"]
    assert len(thin) == len(crosses) == 2
    assert crosses[0].get_xdata().tolist() == [2000]
    title = ax.get_legend().get_title().get_text()
    assert "mean of 1 to 3 seeds" in title
    assert title.replace("\n", " ").endswith("thin line: a run without a result, in no mean; ×: its end")


def test_a_run_that_is_lost_leaves_at_the_edge_with_an_arrow_and_flattens_no_other():
    frame = evaluations(status={(1, 0): "diverged", (1, 1): "failed"})
    whole = drawn(evaluations()).get_ylim()
    frame.loc[(frame["status"] == "diverged") & (frame["step"] == 2000), "accuracy"] = 0.1
    ax = drawn(frame)
    bottom, top = ax.get_ylim()
    assert (bottom, top) == pytest.approx(whole, abs=2)
    (arrow,) = [line for line in ax.lines if line.get_marker() == CARETDOWN]
    assert arrow.get_ydata().tolist() == [bottom]
    before = 100 * frame.loc[(frame["status"] == "diverged") & (frame["step"] == 1000), "accuracy"].item()
    assert arrow.get_xdata().tolist() == pytest.approx([1000 + 1000 * (before - bottom) / (before - 10)])
    assert [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "X"] == [[2000]]  # of the failed one
    title = ax.get_legend().get_title().get_text().replace("\n", " ")
    assert "thin line: a run without a result, in no mean; ×: its end; arrow: it leaves the axis" in title


@pytest.mark.parametrize("loss", [1e6, float("inf")])
def test_a_loss_that_exploded_leaves_at_the_upper_edge_even_where_it_is_infinite(loss):
    frame = evaluations(status={(1, 0): "diverged"})
    frame.loc[(frame["status"] == "diverged") & (frame["step"] == 2000), "eval_loss"] = loss
    ax = drawn(frame, metric=METRICS["loss"])
    assert ax.get_ylim()[1] < 2
    (arrow,) = [line for line in ax.lines if line.get_marker() == CARETUP]
    assert arrow.get_ydata().tolist() == [ax.get_ylim()[1]]
    assert arrow.get_xdata().tolist() == pytest.approx([1000], abs=1)


def test_where_no_run_is_done_all_of_them_are_held():
    ax = drawn(evaluations(arms=1, seeds=2, status={(0, 0): "diverged", (0, 1): "missing"}))
    assert ax.get_ylim()[0] < 60 < 70.1 < ax.get_ylim()[1]
    assert [line for line in ax.lines if line.get_marker() in (CARETDOWN, CARETUP)] == []


def test_when_no_run_is_done_the_legend_speaks_of_no_mean():
    ax = drawn(evaluations(arms=1, seeds=1, status={(0, 0): "missing"}))
    assert ax.get_legend().get_title().get_text().startswith("thin line")


def test_of_many_arms_the_baseline_alone_has_a_band_and_the_legend_says_so():
    ax = drawn(evaluations(arms=9, steps=(1000, 3000)), baseline=1)
    assert [band.get_facecolor()[0][:3] for band in bands(ax)] == [pytest.approx(to_rgb(ax.lines[1].get_color()))]
    title = ax.get_legend().get_title().get_text().replace("\n", " ")
    assert "band: lowest to highest seed, of factor on → level1 alone" in title
    assert "alone" not in drawn(evaluations(arms=8)).get_legend().get_title().get_text()


def test_arms_that_are_not_drawn_are_named_and_of_many_the_first():
    title = drawn(evaluations(), left_out=["lr 0.1 → 1e+30 (3 diverged)"]).get_legend().get_title().get_text()
    assert "not drawn: lr 0.1 → 1e+30 (3 diverged)" in title
    many = drawn(evaluations(), left_out=[f"arm{arm}" for arm in range(9)]).get_legend().get_title().get_text()
    assert many.endswith("not drawn: arm0, arm1, arm2, arm3, arm4, and 4 more")


def test_every_arm_looks_unlike_the_others_even_in_grey():
    ax = drawn(evaluations(arms=28, seeds=1))
    handles = ax.get_legend().legend_handles
    assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in handles}) == 28
    assert len({(line.get_linestyle(), line.get_marker()) for line in handles}) == 28
    assert [line.get_color() for line in handles].count(BASELINE) == 1


def test_many_arms_are_numbered_at_their_ends_without_overlap():
    ax = drawn(evaluations(arms=20, seeds=1))
    assert sorted(int(text.get_text()) for text in ax.texts) == list(range(20))
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert heights[-1] <= 1
    assert min(high - low for low, high in pairwise(heights)) >= APART - 1e-9
    assert legend_texts(ax)[7].split() == ["7", "factor:", "on", "→", "level7"]
    assert drawn(evaluations(arms=8)).texts[:] == []


def test_long_names_wrap_between_changes_and_a_long_baseline_moves_above_the_arms():
    change = "weight decay scaled → decoupled"
    labels = {0: "baseline (" + ", ".join(f"factor{n}: level" for n in range(9)) + ")", 1: ", ".join([change] * 3)}
    ax = drawn(evaluations(labels=labels))
    assert legend_texts(ax) == ["baseline", f"{change},\n{change},\n{change}"]
    assert "baseline: factor0: level, factor1: level" in ax.get_legend().get_title().get_text()


def test_another_metric_has_its_own_column_and_unit():
    ax = figures.accuracy_vs_step(evaluations(), Figure().add_subplot(), metric=METRICS["loss"])
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([1.9, 1.8, 1.7])
    assert ax.get_ylabel() == "loss on the test set (nats)"


def test_a_pointer_is_told_each_value():
    figure = figures.fit(figures.accuracy_vs_step(evaluations(), figures.single()), 2.0)
    texts = [text for _, _, text in figures.points(figure)]
    assert len(texts) == 6
    assert texts[0] == "baseline, step 1,000: 60.10% (60.00 to 60.20, 3 seeds)"


@pytest.mark.parametrize(("arms", "seeds"), [(1, 1), (4, 3), (8, 3), (20, 3)])
def test_the_figure_keeps_its_text_inside_and_its_legend_off_the_curves(arms, seeds):
    figure = figures.fit(figures.accuracy_vs_step(evaluations(arms, seeds), figures.single()), 2.5)
    (ax,) = figure.axes
    legend, axes = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert legend.y1 < ax.xaxis.label.get_window_extent().y0 < axes.y0
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.x1
    assert legend.y0 >= 0
    assert axes.height / figure.dpi == pytest.approx(2.5, abs=0.02)
