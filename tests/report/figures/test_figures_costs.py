import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies
from matplotlib.figure import Figure
from matplotlib.markers import CARETDOWN, CARETUP

from ablate import stats
from ablate.errors import AblateError
from ablate.report import figures
from ablate.report.figures import bars, costs
from ablate.stats.costs import differing
from ablate.stats.outcomes import SHOWN, Outcome

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


def drawn(frame: pd.DataFrame, cost: str = "operations", **said):
    labels = {arm: f"no factor{arm}" if arm else "baseline" for arm in frame["arm"]}
    ax = figures.against_cost(frame, labels, figures.single(), cost, **said)
    figures.fit(ax, costs.height(frame), "What was found", "What is drawn.")
    return ax


def dots(ax) -> list:
    return [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_marker() not in (CARETUP, CARETDOWN)]


def names(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text() != "Pareto front"]


def front(ax):
    return next(line for line in ax.lines if line.get_drawstyle() == "steps-post")


def test_one_panel_with_a_point_and_a_name_an_arm():
    frame = arms()
    ax = drawn(frame)
    assert len(ax.figure.axes) == 1
    assert ax.get_xlabel() == "FLOPs per image (millions)"
    assert ax.get_ylabel() == "accuracy on the test set, %"
    assert [dot.get_ydata()[0] for dot in dots(ax)] == frame["mean"].tolist()
    assert [dot.get_xdata()[0] for dot in dots(ax)] == frame["operations"].tolist()
    assert sorted(names(ax)) == ["baseline 80.0", "no factor1 81.0", "no factor2 79.0", "no factor3 82.0"]
    assert drawn(frame, "seconds").get_xlabel() == "minutes of training, mean over seeds"
    assert drawn(frame, "parameters").get_xlabel() == "parameters (thousands)"


def test_arms_have_the_color_and_mark_of_their_verdict():
    ax = drawn(arms(), outcomes={1: Outcome.HELPS, 2: Outcome.HURTS})
    assert [dot.get_marker() for dot in dots(ax)][:3] == ["o", SHOWN[Outcome.HELPS].marker, SHOWN[Outcome.HURTS].marker]


COST = strategies.sampled_from([20, 20, 21, 40]).map(lambda cost: cost * MILLION)
MEAN = strategies.one_of(strategies.sampled_from([78.4, 81.7, 81.72]), strategies.floats(10, 100))


@settings(max_examples=6)
@given(strategies.lists(strategies.tuples(COST, MEAN), min_size=2, max_size=20))
def test_every_point_is_at_its_measured_cost_and_mean_however_many_overlap(places):
    cost, mean = map(list, zip(*places, strict=True))
    frame = arms(len(places), mean=mean, low=np.array(mean) - 1, high=np.array(mean) + 1, operations=cost)
    labels = {arm: f"arm {arm}" for arm in frame["arm"]}
    for name in differing(frame):
        ax = figures.against_cost(frame, labels, Figure().add_subplot(), name)
        assert [dot.get_xdata()[0] for dot in dots(ax)] == frame[name].tolist()
        assert [dot.get_ydata()[0] for dot in dots(ax)] == mean
        low, high = ax.get_ylim()
        assert 0 <= low < high <= 100
        for bar, arm in zip(ax.collections, frame.to_dict("records"), strict=False):
            assert bar.get_segments()[0][:, 0].tolist() == [arm[name]] * 2


def test_the_front_is_a_step_line_through_the_arms_that_none_beats():
    line = front(drawn(arms()))
    assert line.get_ydata().tolist() == [80.0, 81.0, 82.0, 82.0]
    assert "Pareto front" in [text.get_text() for text in drawn(arms()).texts]


def test_ticks_are_in_the_unit_of_the_label():
    ax = drawn(arms())
    assert [float(text.get_text()) * MILLION for text in ax.get_xticklabels()] == ax.get_xticks().tolist()
    assert len(ax.get_xticks()) >= 4


def test_ticks_have_the_digits_that_they_need():
    ax = drawn(arms(seconds=[100.0, 100.01, 100.02, 100.07]), "seconds")
    assert [float(text.get_text()) for text in ax.get_xticklabels()] == pytest.approx(ax.get_xticks().tolist(), abs=1e-9)


def test_a_cost_that_all_arms_share_is_not_drawn():
    assert differing(arms(parameters=pd.array([5] * 4, dtype="Int64"))) == ["seconds", "operations"]


def test_an_arm_without_a_value_has_no_point():
    ax = drawn(arms(mean=[80.0, 81.0, np.nan, 82.0], low=np.nan, high=np.nan))
    assert len(dots(ax)) == 3
    assert not any("factor2" in name for name in names(ax))


@pytest.mark.parametrize("width", [3.25, 6.75])
@pytest.mark.parametrize(("count", "name"), [(4, "no augmentation"), (8, "weight decay scaled, no EMA"), (30, "lr 0.1 → 0.2")])
def test_names_stay_inside_and_off_each_other(count, name, width, tmp_path):
    style = tmp_path / "one.mplstyle"
    style.write_text(f"figure.figsize: {width}, 4")
    draw = np.random.default_rng(count)
    mean = draw.uniform(60, 90, count)
    frame = arms(count, mean=mean, low=mean - 1, high=mean + 1, operations=draw.uniform(20, 60, count) * MILLION)
    with figures.chosen(style):
        ax = figures.against_cost(frame, dict.fromkeys(range(count), name), figures.single(), "operations")
        figures.fit(ax, costs.height(frame), "What was found", "What is drawn.")
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == min(count, costs.NAMED) + 1
    for one in boxes:
        assert one.x0 >= 0
        assert one.x1 <= ax.figure.bbox.x1 + 2
    inner = [one.shrunk(0.95, 0.7) for one in boxes]
    assert sum(one.overlaps(other) for at, one in enumerate(inner) for other in inner[:at]) <= count // 8
    assert ax.get_window_extent().height >= 0.66 * ax.figure.bbox.height


def test_a_bar_that_leaves_the_panel_ends_in_an_arrow():
    frame = arms(operations=[20, 30, 40, 60])
    frame.loc[2, ["low", "high"]] = [-50, 200]
    ax = drawn(frame)
    ends = [line for line in ax.lines if line.get_marker() in (CARETUP, CARETDOWN)]
    assert [line.get_ydata()[0] for line in ends] == list(ax.get_ylim())
    assert bars.cut(ax) == ["Arrow: goes on beyond the axis."]


def test_an_arm_of_which_a_seed_diverged_is_not_on_the_front():
    assert front(drawn(arms(diverged=[0, 0, 0, 1]))).get_ydata().tolist() == [80.0, 81.0, 81.0]
    assert not any(line.get_drawstyle() == "steps-post" for line in drawn(arms(diverged=1)).lines)


def test_of_many_arms_the_first_the_front_and_those_that_differ_most_are_named():
    frame = arms(30, operations=(np.arange(30) % 7 + 1) * MILLION, mean=80 + np.arange(30) * 7 % 11 + np.arange(30) / 100)
    ax = drawn(frame)
    assert len(names(ax)) == costs.NAMED
    there = {name.replace("\n", " ").rpartition(" ")[0] for name in names(ax)}
    assert {"baseline", *(f"no factor{arm}" for arm in frame.loc[frame["front_operations"], "arm"] if arm)} <= there
    assert len(ax.collections) == 0
    assert len(drawn(arms()).collections) == 4


def test_a_pointer_is_told_value_and_cost():
    texts = [text for _, _, text in figures.points(drawn(arms()).figure)]
    assert texts[0] == "baseline: 80.00%, 20,000,000 FLOPs"
    assert len(texts) == 4


def test_the_title_says_what_the_best_arm_costs_and_a_cost_can_be_chosen(study):
    found = study([[0.7, 0.71, 0.72], [0.8, 0.81, 0.83]], "augment=on,off", design="one_factor")
    finding, about = (" ".join(text.get_text().split()) for text in found.fill(costs.part).figure.texts)
    assert finding == "No augmentation has the highest test accuracy, at 1.8 times the baseline's FLOPs"
    assert about == "Test accuracy at step 10, with 95% CI."
    by_size = found.fill(costs.part, cost="parameters").figure.axes[0]
    assert by_size.get_xlabel().startswith("parameters")
    with pytest.raises(AblateError, match=r"Unknown cost 'money'\. Choose from"):
        found.fill(costs.part, cost="money")
