"""The axes of a search's figures: what lies on them, where they end, and that their labels can be read."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes

from ablate.report.figures import bars, fit, points, single
from ablate.report.search import figures
from ablate.report.search.figures import curves
from ablate.report.search.figures.marks import FEW, Scale, edges, scale
from ablate.results.search import load
from ablate.stats import searches
from ablate.store.trials import Trial

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(SCORES, SCORES, st.sampled_from((1, -1)))
def test_an_axis_holds_what_must_be_seen_and_cuts_few(values: list[float], inside: list[float], better: int) -> None:
    low, high = edges(values, better, inside)
    assert low < high
    assert all(low <= value <= high for value in inside)
    assert sum(not low <= value <= high for value in values) <= FEW * len(values)
    assert low <= max(values, key=lambda value: better * value) <= high


def of_scores(*scores: float | None) -> list[Trial]:
    """Trials with these scores, pruned where there is none; the first is of the default setting."""
    rates = [0.1, *np.geomspace(0.02, 0.09, len(scores) - 1)]
    states = ["pruned" if score is None else "done" for score in scores]
    settings = [{"lr": float(rate), "batch_size": "128"} for rate in rates]
    return [
        Trial(number, state, settings[number], None if score is None else (score,), ended=number + 1.0)  # type: ignore[arg-type]
        for number, (state, score) in enumerate(zip(states, scores, strict=True))
    ]


def history(folder: Path) -> Axes:
    found = load(folder)
    return figures.history_of_trials(searches.history(found.trials, found.objective), single(), found.objective)


def slices(folder: Path) -> Axes:
    found = load(folder)
    frame = searches.slices(found.trials, ["lr"], found.objective)
    return figures.scores_by_key(frame, single(), [scale("lr", found.space["lr"])], found.objective)[0]


def ring(ax: Axes, marker: str) -> tuple[float, float]:
    """Where the empty mark of a trial that is set apart lies."""
    [found] = [line for line in ax.lines if line.get_marker() == marker and line.get_markerfacecolor() == "none"]
    [[x, y]] = found.get_xydata()  # type: ignore[misc]
    return float(x), float(y)


@pytest.mark.parametrize("draw", [history, slices])
def test_the_default_is_seen_however_far_below_it_lies(made: Callable[..., Path], draw: Callable[[Path], Axes]) -> None:
    scores = (0.50, 0.80, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, None)
    ax = draw(made(of_scores(*scores)))
    low, high = ax.get_ylim()
    assert ring(ax, "s")[1] == pytest.approx(50.0)
    assert low < 50 < high
    assert "default" in [text.get_text() for text in ax.texts]


def test_where_scores_end_there_are_no_more_ticks_but_a_word(made: Callable[..., Path]) -> None:
    ax = history(made(of_scores(0.70, 0.80, 0.81, 0.85, None, None)))
    [edge] = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1 and line.get_color() == "#7b848e"]
    assert min(ax.get_yticks()) > edge
    [rail] = ax.get_yticks(minor=True)
    assert ax.get_ylim()[0] < rail < edge
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_yticklabels(minor=True)] == ["no score"]
    assert len(ax.get_yticks()) >= 2


def test_the_best_so_far_does_not_come_from_beyond_the_edge(made: Callable[..., Path]) -> None:
    scores = (0.84, 0.10, 0.85, 0.86, 0.87, 0.88, 0.89, 0.90)
    trials = of_scores(*scores)
    order = [1, 0, *range(2, len(trials))]  # the bad one is the first to finish
    trials = [Trial(t.number, t.state, t.params, t.values, ended=float(order.index(t.number))) for t in trials]
    ax = history(made(trials))
    [line] = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    low, _ = ax.get_ylim()
    best = np.asarray(line.get_ydata(), dtype=float)
    assert np.isnan(best[0])
    assert (best[1:] > low).all()
    assert bars.cut(ax) == ["Arrow: goes on beyond the axis."]


@pytest.mark.parametrize("high", [0.05, 0.1, 0.3, 1.5, 3.0, 30.0, 1000.0])
def test_labels_of_a_logarithmic_axis_stand_apart(high: float) -> None:
    ax = single()
    low = 1e-4 if high < 1000 else 1e-6
    Scale("lr", log=True).on(ax, True, [low, high])
    ax.inset_axes((1.03, 0.0, 0.035, 1.0)).set_ylabel("accuracy on the validation set (%)")  # the room that colors take
    figure = fit(ax, 2.6)
    figure.canvas.draw()
    left, right = ax.get_xlim()
    boxes = [
        label.get_window_extent()
        for label, place in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)
        if left <= place <= right and label.get_text()
    ]
    assert len(boxes) >= 3
    assert all(after.x0 - before.x1 > 3 for before, after in pairwise(boxes))


def test_trials_that_no_curve_is_of_are_told_by_their_state(made: Callable[..., Path]) -> None:
    found = load(made())
    ax = figures.learning_curves(found.curves, single(), found.objective, best=1, default=0)
    assert sorted(text.get_text().split()[0] for text in ax.texts) == ["best", "default"]
    assert curves.meaning(found.curves, found.counts) == [
        "A line a trial, with rings where they were pruned, crosses where they diverged.",
        "Not drawn: 1 abandoned, 1 duplicate, 1 failed without a recorded score.",
    ]


def test_a_trial_is_drawn_at_its_setting_and_score_and_at_a_level_beside_the_others(made: Callable[..., Path]) -> None:
    found = load(made())
    frame = searches.slices(found.trials, list(found.space), found.objective)
    scales = [scale(key, one) for key, one in found.space.items()]
    rates, sizes = figures.scores_by_key(frame, single(), scales, found.objective)
    done = frame[frame["state"] == "done"]
    for ax, key in ((rates, "lr"), (sizes, "batch_size")):
        [dots] = [line for line in ax.lines if len(line.get_xdata()) == (done["parameter"] == key).sum()]
        x, y = np.asarray(dots.get_xydata()).T
        part = done[done["parameter"] == key]
        assert y.tolist() == (found.objective.scale * part["value"]).tolist()
        if key == "lr":
            assert x.tolist() == part["setting"].tolist()
        else:
            assert x.round().tolist() == [["64", "128", "256"].index(str(size)) for size in part["setting"]]
            assert np.abs(x - x.round()).max() < 0.11
    assert [label.get_text() for label in sizes.get_xticklabels()] == ["64", "128", "256"]


def test_pruned_trials_are_rings_at_their_last_score(made: Callable[..., Path]) -> None:
    found = load(made())
    pruned = found.trials[found.trials["state"] == "pruned"]
    ax = figures.history_of_trials(searches.history(found.trials, found.objective), single(), found.objective)
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "white" and line.get_linestyle() == "None"]
    low, high = ax.get_ylim()
    heights = sorted(float(y) for line in rings for y in line.get_ydata() if np.isfinite(y))
    last = sorted(100 * value for value in pruned["last_value"] if low <= 100 * value <= high)
    assert heights == pytest.approx(last)
    texts = [text for _, _, text in points(fit(ax, 2.0))]
    assert any("pruned: last " in text for text in texts)


def test_over_two_keys_rings_have_the_color_of_their_last_score(made: Callable[..., Path]) -> None:
    found = load(made())
    across, up = (scale(key, found.space[key]) for key in ("lr", "batch_size"))
    ax = figures.scores_over_keys(found.trials, single(), across, up, found.objective, best=1)
    pruned = found.trials[found.trials["state"] == "pruned"].set_index("lr")
    dots = {float(line.get_xdata()[0]): line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_marker() == "o"}
    shades = [(value, sum(dots[lr].get_markeredgecolor()[:3])) for lr, value in pruned["last_value"].items()]
    assert all(dots[lr].get_markerfacecolor() == "white" for lr in pruned.index)
    ordered = [shade for _, shade in sorted(shades)]
    assert ordered == sorted(ordered, reverse=True), "the better, the darker"
    assert {"best 80.0", f"default {100 * found.trials.loc[0, found.objective.column]:.1f}"} == {t.get_text() for t in ax.texts}
    ticks = [label.get_text() for label in ax.get_yticklabels()]
    assert ticks == ["64", "128", "256"]
    assert len(ax.child_axes) == 1, "the color bar"


def test_no_axis_of_scores_goes_beyond_what_accuracy_can_be(made: Callable[..., Path]) -> None:
    folder = made(of_scores(0.01, 0.99, 1.0, 0.98, 0.97, 0.5))
    for ax in (history(folder), slices(folder)):
        low, high = ax.get_ylim()
        assert 0 <= low < high <= 100
