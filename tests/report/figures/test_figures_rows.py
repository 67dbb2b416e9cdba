"""Figures of rows: published values, and Shapley values."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETLEFT

from ablate.report import figures
from ablate.report.figures import rows

LABELS = {0: "baseline", 1: "no EMA", 2: "no augmentation, no EMA"}


def published(**columns) -> pd.DataFrame:
    frame = {
        "arm": [0, 1, 2],
        "published": [81.4, 78.8, 75.3],
        "n": 3,
        "mean": [81.3, 78.5, 77.5],
        "low": [80.2, 77.1, 76.5],
        "high": [82.4, 79.9, 78.5],
        "told": ["inside", "too wide to tell", "outside"],
    }
    return pd.DataFrame(frame | columns)


def shapley(**columns) -> pd.DataFrame:
    frame = {"change": ["no augmentation", "no EMA"], "points": [-2.8, 0.4], "low": [-3.1, -0.1], "high": [-2.5, 0.9]}
    return pd.DataFrame(frame | {"level": 0.975} | columns)


def fitted(ax):
    figures.fit(ax, rows.height(ax))
    return ax


def marks(ax, marker: str | int) -> list[float]:
    return [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == marker]


def intervals(ax) -> list[list[float]]:
    """The ends of what lies across the axes without going from edge to edge."""
    across = [line for line in ax.lines if len(line.get_ydata()) == 2 and np.ptp(line.get_ydata()) == 0]
    return [ends for line in across if tuple(ends := list(line.get_xdata())) != ax.get_xlim()]


def written(ax) -> list[str]:
    legend = ax.get_legend()
    return [text.get_text() for text in (*ax.texts, legend.get_title(), *legend.get_texts())]


def test_a_published_value_stands_beside_ours_and_the_prediction_interval():
    frame = published()
    ax = fitted(figures.published_beside_ours(frame, LABELS, figures.single()))
    assert marks(ax, "D") == frame["published"].tolist()
    assert marks(ax, "o") == frame["mean"].tolist()
    assert intervals(ax) == frame[["low", "high"]].to_numpy().tolist()
    said = {"published 81.4: inside", "published 78.8: too wide to tell", "published 75.3: outside"}
    assert {"baseline", *said} <= set(written(ax))
    assert "95% prediction interval for one new run" in written(ax)
    assert ax.get_xlabel() == "accuracy on the test set (%)"


def test_one_seed_has_no_prediction_interval_and_no_answer():
    frame = published(n=1, low=np.nan, high=np.nan, told="no interval")
    ax = fitted(figures.published_beside_ours(frame, LABELS, figures.single()))
    assert intervals(ax) == []
    assert "published 81.4: no interval" in written(ax)
    assert "95% prediction interval for one new run" not in written(ax)


def test_a_bar_a_factor_with_its_interval_and_its_level():
    frame = shapley()
    ax = fitted(figures.shapley_bars(frame, figures.single()))
    assert [patch.get_width() for patch in ax.patches] == frame["points"].tolist()
    assert intervals(ax) == frame[["low", "high"]].to_numpy().tolist()
    assert {"no augmentation", "−2.80 points", "+0.40 points", "interval at 97.5%: no verdict"} <= set(written(ax))
    assert ax.get_xlabel() == "accuracy on the test set,\nShapley value (points)"


def test_a_shapley_bar_is_never_longer_than_its_axis():
    ax = fitted(figures.shapley_bars(shapley(low=[-30.0, -0.1], high=[25.0, 0.9]), figures.single()))
    low, high = ax.get_xlim()
    assert low < -30 < 25 < high


def test_a_prediction_interval_that_is_cut_ends_in_an_arrow():
    ax = fitted(figures.published_beside_ours(published(low=[80.2, 77.1, 10.0]), LABELS, figures.single()))
    assert marks(ax, CARETLEFT) == [ax.get_xlim()[0]]
    assert "arrow: more lies beyond the edge" in written(ax)


def test_bars_of_one_seed_have_no_interval():
    ax = fitted(figures.shapley_bars(shapley(low=np.nan, high=np.nan), figures.single()))
    assert intervals(ax) == []
    assert not any("interval" in text for text in written(ax))


@pytest.mark.parametrize(
    "draw", [lambda ax: figures.published_beside_ours(published(), LABELS, ax), lambda ax: figures.shapley_bars(shapley(), ax)]
)
def test_names_and_values_do_not_overlap_and_stay_inside(draw):
    ax = fitted(draw(figures.single()))
    left, right = ax.get_xlim()
    ticks = [text for text in ax.get_xticklabels() if left <= text.get_position()[0] <= right]
    boxes = [text.get_window_extent() for text in (*ax.texts, *ticks)]
    for one in boxes:
        assert one.x0 >= -1
        assert sum(one.overlaps(other) for other in boxes) == 1


def test_a_long_text_at_the_right_moves_below_a_long_name():
    ax = figures.single()
    name, text = "model tuto → alex4, no LRN, one hidden dense layer", "inconclusive: about 23 seeds would tell"
    rows.lay(ax, [name, "short"], [text, text])
    heights = {each.get_text(): each.get_position()[1] for each in ax.texts[:2]}
    assert heights[text] == heights[name] + 1
    assert ax.texts[2].get_position()[1] == ax.texts[3].get_position()[1]
