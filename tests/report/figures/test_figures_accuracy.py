import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.text import Text

from ablate.report import figures
from ablate.report.figures import accuracy
from ablate.results.question import METRICS
from ablate.stats.outcomes import SHOWN, Outcome

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
            "loss": 2 - step / 10000,
            "accuracy": 0.5 + step / 10000 - arm / 100 + seed / 1000,
        }
        for seed in range(seeds)
        for arm in range(arms)
        for step in steps
        if step < 3000 or (arm, seed) not in (status or {})
    ]
    columns = ["number", "arm", "label", "seed", "status", "step", "epoch", "loss", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


def drawn(frame: pd.DataFrame, **said):
    return figures.accuracy_vs_step(frame, Figure(layout="constrained").add_subplot(), **said)


def bands(ax) -> list:
    return [artist for artist in ax.collections if isinstance(artist, PolyCollection)]


def names(ax) -> list[str]:
    """What stands at the ends of lines, from the top down."""
    ends = [text for text in ax.texts if text.get_annotation_clip() is False]
    return [text.get_text().replace("\n", " ") for text in sorted(ends, key=lambda text: -text.xyann[1])]


def said(ax) -> list[str]:
    """What is written inside the axes."""
    return [text.get_text().replace("\n", " ") for text in ax.texts if text.get_annotation_clip() is not False]


def test_curves_are_the_mean_and_range_over_done_seeds():
    curves = figures.curves(evaluations(status={(1, 2): "diverged"}))
    assert list(curves.columns) == ["arm", "step", "mean", "lowest", "highest", "seeds", "epoch"]
    assert len(curves) == 6
    first = curves[curves["arm"] == 0].iloc[0]
    assert first[["mean", "lowest", "highest", "seeds"]].tolist() == pytest.approx([60.1, 60.0, 60.2, 3])
    assert set(curves.loc[curves["arm"] == 1, "seeds"]) == {2}


def test_a_line_and_a_band_an_arm_and_each_is_named_where_it_ends():
    ax = drawn(evaluations())
    assert len(ax.lines) == 2
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([60.1, 70.1, 80.1])
    assert ax.lines[0].get_xdata().tolist() == list(STEPS)
    assert len(bands(ax)) == 2
    low, high = bands(ax)[0].get_paths()[0].get_extents().intervaly
    assert (low, high) == pytest.approx((60.0, 80.2))
    assert names(ax) == ["baseline 80.1", "factor on → level1 79.1"]
    assert ax.get_legend() is None
    assert ax.get_ylabel() == "accuracy on the test set, %"
    assert accuracy.meaning(evaluations(), METRICS["accuracy"]) == ["Mean of 3 seeds; band: range of seeds."]


def test_there_is_a_tick_where_accuracy_was_evaluated():
    ax = drawn(evaluations(steps=range(250, 3001, 250)))
    ticks = {*ax.xaxis.get_majorticklocs(), *ax.xaxis.get_minorticklocs()}
    assert ticks == {float(step) for step in range(250, 3001, 250)}
    assert 3 <= len(ax.xaxis.get_majorticklocs()) <= 7
    assert "3,000 are 6 epochs" in ax.get_xlabel()


def test_arms_have_the_color_and_mark_of_their_verdict_and_the_baseline_that_of_text():
    outcomes = {1: Outcome.HELPS, 2: Outcome.HURTS, 3: Outcome.INCONCLUSIVE}
    ax = drawn(evaluations(4), outcomes=outcomes)
    assert [line.get_marker() for line in ax.lines] == ["o", *(SHOWN[outcomes[arm]].marker for arm in (1, 2, 3))]
    assert [line.get_color() for line in ax.lines[1:3]] == [SHOWN[outcomes[arm]].color for arm in (1, 2)]
    assert ax.lines[0].get_color() == "#15181c"
    assert ax.lines[3].get_markerfacecolor() == "white"


def test_arms_whose_steps_are_not_as_many_examples_are_drawn_against_epochs():
    frame = evaluations()
    frame.loc[frame["arm"] == 1, "epoch"] /= 4
    ax = drawn(frame)
    assert ax.get_xlabel().startswith("epoch")
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([step / 500 for step in STEPS])
    assert ax.lines[1].get_xdata().tolist() == pytest.approx([step / 2000 for step in STEPS])
    assert bands(ax)[1].get_paths()[0].get_extents().intervalx == pytest.approx([STEPS[0] / 2000, STEPS[-1] / 2000])


def test_the_axis_names_the_evaluation_set():
    ax = figures.accuracy_vs_step(evaluations(), Figure().add_subplot(), "validation")
    assert ax.get_ylabel() == "accuracy on the validation set, %"


def test_one_seed_has_no_band():
    assert bands(drawn(evaluations(seeds=1))) == []
    assert accuracy.meaning(evaluations(seeds=1), METRICS["accuracy"]) == ["One seed."]


def test_one_evaluation_shows_its_range_as_a_bar():
    ax = drawn(evaluations(steps=(1000,)))
    assert sum(isinstance(artist, LineCollection) for artist in ax.collections) == 2


def test_no_axis_goes_beyond_what_accuracy_can_be():
    frame = evaluations()
    frame["accuracy"] = (frame["accuracy"] * 1.3).clip(0.0, 1.0)
    low, high = drawn(frame).get_ylim()
    assert 0 <= low < high == 100
    low, _ = drawn(evaluations().assign(accuracy=lambda each: each["accuracy"] - 0.58)).get_ylim()
    assert low >= 0


def test_runs_without_a_result_are_dashed_outside_the_mean_and_named_where_they_end():
    frame = evaluations(status={(1, 0): "diverged", (1, 1): "failed"})
    ax = drawn(frame)
    dashed = [line for line in ax.lines if line.get_linestyle() == "--" and line.get_marker() == "None"]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert len(dashed) == len(crosses) == 2
    assert crosses[0].get_xdata() == [2000]
    assert said(ax) == ["factor on → level1: 2 of 3 seeds without a result"]
    assert accuracy.meaning(frame, METRICS["accuracy"]) == [
        "Mean of 1 to 3 seeds; band: range of seeds.",
        "Dashed: runs without a result, in no mean.",
    ]


def test_a_run_that_is_lost_leaves_at_the_edge_and_says_so_and_flattens_no_other():
    frame = evaluations(status={(1, 0): "diverged"})
    whole = drawn(evaluations()).get_ylim()
    frame.loc[(frame["status"] == "diverged") & (frame["step"] == 2000), "accuracy"] = 0.1
    ax = drawn(frame, reached={1: 2345})
    bottom, top = ax.get_ylim()
    assert (bottom, top) == pytest.approx(whole, abs=2)
    (arrow,) = [line for line in ax.lines if line.get_marker() == CARETDOWN]
    assert arrow.get_ydata().tolist() == [bottom]
    before = 100 * frame.loc[(frame["status"] == "diverged") & (frame["step"] == 1000), "accuracy"].item()
    assert arrow.get_xdata().tolist() == pytest.approx([1000 + 1000 * (before - bottom) / (before - 10)])
    assert said(ax) == ["factor on → level1: 1 of 3 seeds diverged, step 2,345"]


@pytest.mark.parametrize("loss", [1e6, float("inf")])
def test_a_loss_that_exploded_leaves_at_the_upper_edge_even_where_it_is_infinite(loss):
    frame = evaluations(status={(1, 0): "diverged"})
    frame.loc[(frame["status"] == "diverged") & (frame["step"] == 2000), "loss"] = loss
    ax = drawn(frame, metric=METRICS["loss"])
    assert ax.get_ylim()[1] < 2
    (arrow,) = [line for line in ax.lines if line.get_marker() == CARETUP]
    assert arrow.get_ydata().tolist() == [ax.get_ylim()[1]]
    assert arrow.get_xdata().tolist() == pytest.approx([1000], abs=1)


def test_where_no_run_is_done_all_of_them_are_held():
    frame = evaluations(arms=1, seeds=2, status={(0, 0): "diverged", (0, 1): "missing"})
    ax = drawn(frame)
    assert ax.get_ylim()[0] < 60 < 70.1 < ax.get_ylim()[1]
    assert [line for line in ax.lines if line.get_marker() in (CARETDOWN, CARETUP)] == []
    assert accuracy.meaning(frame, METRICS["accuracy"]) == ["Dashed: runs without a result, in no mean."]
    one = drawn(evaluations(arms=1, seeds=1, status={(0, 0): "missing"}))
    assert said(one) == ["baseline: seed not finished, step 2,000"]


def test_of_many_arms_the_baseline_alone_has_a_band_and_it_is_said():
    frame = evaluations(arms=9, steps=(1000, 3000))
    ax = drawn(frame, baseline=1)
    assert [band.get_facecolor()[0][:3] for band in bands(ax)] == [pytest.approx(to_rgb(ax.lines[1].get_color()))]
    assert accuracy.meaning(frame, METRICS["accuracy"]) == ["Mean of 3 seeds; band: range of seeds of the baseline."]


def test_arms_that_are_not_drawn_are_named_and_of_many_the_first():
    assert accuracy.left_out([]) == []
    assert accuracy.left_out(["lr 0.1 → 1e+30 (3 diverged)"]) == ["Not drawn: lr 0.1 → 1e+30 (3 diverged)."]
    assert accuracy.left_out([f"arm{arm}" for arm in range(9)]) == ["Not drawn: arm0, arm1, arm2 and 6 more."]


def test_every_arm_without_a_verdict_looks_unlike_the_others_even_in_gray():
    ax = drawn(evaluations(arms=28, seeds=1))
    assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines}) == 28
    assert len({(line.get_linestyle(), line.get_marker()) for line in ax.lines}) == 28


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("width", [3.25, 6.75])
@pytest.mark.parametrize("arms", [1, 4, 30])
def test_names_neither_overlap_nor_leave_the_figure_which_is_mostly_data(arms, width, long, tmp_path):
    change = "weight decay: scaled → decoupled, model: tuto → alex4"
    labels = {arm: f"{change}, lr 0.1 → 0.{arm}" for arm in range(1, arms)} if long else None
    style = tmp_path / "one.mplstyle"
    style.write_text(f"figure.figsize: {width}, 4\nfont.size: 7.5")
    with figures.chosen(style):
        frame = evaluations(arms, 2, labels=labels)
        ax = figures.accuracy_vs_step(frame, figures.single())
        figure = figures.fit(ax, accuracy.height(frame, ax), "What was found", "What is drawn.")
    boxes = [Text.get_window_extent(text) for text in (*ax.texts, *figure.texts)]
    slack = figure.dpi / 72
    for one in boxes:
        assert -slack <= one.x0 < one.x1 <= figure.bbox.x1 + slack
        assert -slack <= one.y0 < one.y1 <= figure.bbox.y1 + slack
        assert sum(one.shrunk(0.98, 0.8).overlaps(other.shrunk(0.98, 0.8)) for other in boxes) == 1
    assert ax.get_window_extent().height >= 0.66 * figure.bbox.height


def test_another_metric_has_its_own_column_and_unit():
    ax = figures.accuracy_vs_step(evaluations(), Figure().add_subplot(), metric=METRICS["loss"])
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([1.9, 1.8, 1.7])
    assert ax.get_ylabel() == "loss on the test set, nats"


def test_a_pointer_is_told_each_value():
    figure = figures.fit(figures.accuracy_vs_step(evaluations(), figures.single()), 2.0)
    texts = [text for _, _, text in figures.points(figure)]
    assert len(texts) == 6
    assert texts[0] == "baseline, step 1,000: 60.10% (60.00 to 60.20, 3 seeds)"
