"""Figures of rows: published values, and Shapley values."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETLEFT

from ablate.report import figures
from ablate.report.figures import bars, rows

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
    figures.fit(ax, rows.height(ax), "What was found", "What is drawn.")
    return ax


def marks(ax, marker: str | int) -> list[float]:
    return [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == marker]


def intervals(ax) -> list[list[float]]:
    """The ends of what lies across the axes."""
    across = [line for line in ax.lines if len(line.get_ydata()) == 2 and np.ptp(line.get_ydata()) == 0]
    return [[float(end) for end in line.get_xdata()] for line in across]


def written(ax) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in ax.texts]


def test_a_published_value_stands_beside_ours_and_the_prediction_interval():
    frame = published()
    ax = fitted(figures.published_beside_ours(frame, LABELS, figures.single()))
    assert marks(ax, "D") == frame["published"].tolist()
    assert marks(ax, "o") == frame["mean"].tolist()
    assert intervals(ax) == frame[["low", "high"]].to_numpy().tolist()
    assert {"baseline", "81.4", "inside", "too wide to tell", "outside"} <= set(written(ax))
    assert ax.get_xlabel() == "accuracy on the test set, %"


def test_one_seed_has_no_prediction_interval_and_no_answer():
    frame = published(n=1, low=np.nan, high=np.nan, told="no interval")
    ax = fitted(figures.published_beside_ours(frame, LABELS, figures.single()))
    assert intervals(ax) == []
    assert written(ax).count("no interval") == 3


def test_no_prediction_interval_reaches_beyond_what_accuracy_can_be():
    ax = fitted(figures.published_beside_ours(published(low=-9.0, high=108.0, mean=99.0), LABELS, figures.single()))
    low, high = ax.get_xlim()
    assert 0 <= low < high <= 100
    assert all(0 <= end <= 100 for ends in intervals(ax) for end in ends)


def test_a_bar_a_factor_with_its_interval_the_largest_first():
    frame = shapley()
    ax = fitted(figures.shapley_bars(frame, figures.single()))
    assert [patch.get_width() for patch in ax.patches] == [0.4, -2.8]
    assert intervals(ax) == [[-0.1, 0.9], [-3.1, -2.5]]
    assert {frame["change"][0], "−2.80", "+0.40", "−3.10 to −2.50"} <= set(written(ax))
    assert ax.get_xlabel() == "Shapley value of accuracy on the test set, pp"


def test_a_shapley_bar_is_never_longer_than_its_axis():
    ax = fitted(figures.shapley_bars(shapley(low=[-30.0, -0.1], high=[25.0, 0.9]), figures.single()))
    low, high = ax.get_xlim()
    assert low < -30 < 25 < high


def test_a_prediction_interval_that_is_cut_ends_in_an_arrow():
    ax = fitted(figures.published_beside_ours(published(low=[80.2, 77.1, 10.0]), LABELS, figures.single()))
    assert marks(ax, CARETLEFT) == [ax.get_xlim()[0]]
    assert bars.cut(ax) == ["Arrow: goes on beyond the axis."]


def test_bars_of_one_seed_have_no_interval():
    ax = fitted(figures.shapley_bars(shapley(low=np.nan, high=np.nan), figures.single()))
    assert intervals(ax) == []


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


def test_a_long_name_is_wrapped_and_its_row_higher():
    ax = figures.single()
    name = "model tuto → alex4, no LRN, one hidden dense layer, weight decay scaled → decoupled"
    middles = rows.lay(ax, [name, "short", "short"], [rows.Column(["1", "2", "3"])])
    assert "\n" in ax.texts[0].get_text()
    assert ax.texts[0].get_text().replace("\n", " ") == name
    assert middles[1] - middles[0] > middles[2] - middles[1]
