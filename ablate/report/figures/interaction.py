"""How factors play together: for each pair of them the mean at each combination of their levels."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate import numbers
from ablate.report.figures import bars as intervals
from ablate.report.figures.save import Drawn, blank, fit
from ablate.report.figures.style import COLORS, LINES, MARKERS, SMALL, WIDTH, apart, drawing, fitted, headline, limits, tell
from ablate.results.question import METRICS, Metric, Question

MOST_PAIRS = 8  # panels
MOST_STACKED = 3  # panels that stand one below the other, each as wide as the figure
PANEL = 1.15  # inches that a panel is high
APART = 0.13  # of a panel's height, between the names at the lines' ends
NAME_WIDTH = 72  # points that the name of a line may be wide
ROUND_PANEL = 80  # points that the names of lines and the values of the axis take beside a panel
ASIDE = 0.05  # of the distance between two levels, by which lines stand beside each other so that intervals do not hide
NARROW = 9  # letters of a level's name that fit where two panels stand side by side
PLACE = 70  # among the figures of a report


def part(question: Question, pair_means: pd.DataFrame, places: int) -> Drawn | None:
    """How factors play together; None where there are no two."""
    if pair_means.empty:
        return None
    figure = interaction(pair_means, blank(), question.evaluation_set, question.metric, places)
    return Drawn("interactions", "How factors play together", fit(figure, height(pair_means)))


def interaction(
    means: pd.DataFrame,
    figure: Figure,
    evaluation_set: str = "test",
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
) -> Figure:
    """Draw a panel for each pair of factors: lines that are parallel add up.

    Where there are more than `MOST_PAIRS` pairs, those are drawn whose lines are least parallel, and the figure says so.

    Args:
        means: as `stats.pair_means` gives it.
        figure: an empty one.
    """
    every = means.groupby(["first", "second"], sort=False)
    skewness = every[means.columns.tolist()].apply(_skewness).sort_values(ascending=False, kind="stable")
    shown = set(skewness.index[:MOST_PAIRS])
    panels = [(str(first), str(second), rows) for (first, second), rows in every if (first, second) in shown]
    with drawing():
        columns = _columns(means, len(panels))
        axes = figure.subplots(math.ceil(len(panels) / columns), columns, sharey=True, squeeze=False)
        low, high = limits(means["mean"], means["low"], means["high"], cut=0.5)
        axes[0, 0].set_ylim(low, high)
        for (first, second, rows), ax in zip(panels, axes.flat, strict=False):
            _panel(ax, first, second, rows, metric, places, columns)
        for ax in axes.flat[len(panels) :]:
            ax.remove()
        headline(figure, f"{metric.name} on the {evaluation_set} set ({metric.unit})")
        figure.supxlabel("\n".join(_meaning(means, len(panels), len(every), low, high)), fontsize=SMALL, x=0.02, ha="left")
    return figure


def height(means: pd.DataFrame) -> float:
    """How high the axes of all panels are to be, in inches."""
    pairs = min(MOST_PAIRS, len(means[["first", "second"]].drop_duplicates()))
    return max(1.9, PANEL * math.ceil(pairs / _columns(means, pairs)))


def _columns(means: pd.DataFrame, pairs: int) -> int:
    names = pd.concat([means["first_level"], means["second_level"]])
    most = means.groupby(["first", "second"])["first_level"].nunique().max()
    return 1 if pairs <= MOST_STACKED or most > 3 or names.str.len().max() > NARROW else 2


def _skewness(rows: pd.DataFrame) -> float:
    """How far the lines of a pair are from parallel: the largest departure from the sum of both factors' means."""
    table = rows.pivot_table(index="first_level", columns="second_level", values="mean", dropna=False).to_numpy(dtype=float)
    sums = table.mean(axis=1, keepdims=True) + table.mean(axis=0, keepdims=True) - table.mean()
    departures = np.abs(table - sums)
    return float(departures.max()) if np.isfinite(departures).all() else 0.0


def _panel(ax: Axes, first: str, second: str, rows: pd.DataFrame, metric: Metric, places: int, columns: int) -> None:
    """The first factor's levels from left to right, and a line for each level of the second, named at its end.

    Side by side, panels have no room for the second factor at each line, so that stands above them.
    """
    width = 72 * WIDTH / columns - ROUND_PANEL
    if columns > 1:
        ax.set_title("\n".join(fitted(f"lines: {second}", width)), pad=3)
    levels = rows["first_level"].unique().tolist()
    lines = rows["second_level"].unique().tolist()
    ends = []
    for place, level in enumerate(lines):
        line = rows[rows["second_level"] == level]
        at = np.arange(len(levels)) + ASIDE * (place - (len(lines) - 1) / 2)
        color = "black" if place == 0 else COLORS[(place - 1) % len(COLORS)]
        for x, low, high in zip(at, line["low"], line["high"], strict=True):
            intervals.upright(ax, x, low, high, color=color, linewidth=0.9)
        (drawn,) = ax.plot(
            at,
            line["mean"],
            color=color,
            linestyle=LINES[place % len(LINES)],
            marker=MARKERS[place],
            markersize=4,
            linewidth=1.2,
        )
        tell(drawn, [_told(first, second, row, metric, places) for row in line.to_dict("records")])
        name = level if columns > 1 else f"{second}: {level}"
        ends.append((float(line["mean"].iloc[-1]), "\n".join(fitted(name, NAME_WIDTH)), color, float(at[-1])))
    ax.set_xticks(range(len(levels)), ["\n".join(fitted(level, width / len(levels))) for level in levels])
    ax.set_xlim(-0.25, len(levels) - 0.75)
    ax.set_xlabel("\n".join(fitted(first, width)), labelpad=1)
    ax.tick_params(labelsize=SMALL)
    ax.grid(False, axis="x")
    ax.spines["top"].set_visible(False)
    _name(ax, [end for end in ends if np.isfinite(end[0])])


def _name(ax: Axes, ends: list[tuple[float, str, str, float]]) -> None:
    """The names of lines right of their ends, moved apart where lines end close to each other."""
    bottom, top = ax.get_ylim()
    ends = sorted(ends)
    distance = APART * max((end[1].count("\n") + 1 for end in ends), default=1)
    places = apart([(end[0] - bottom) / (top - bottom) for end in ends], min(distance, 1 / max(len(ends), 1)))
    for (mean, text, color, at), place in zip(ends, places, strict=True):
        ax.annotate(
            text,
            (at, mean),
            xytext=(1.04, place),
            textcoords="axes fraction",
            va="center",
            fontsize=SMALL,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": color, "relpos": (0, 0.5), "shrinkA": 0, "shrinkB": 3},
        )


def _told(first: str, second: str, row: Mapping[Any, Any], metric: Metric, places: int) -> str:
    within = numbers.interval(row["low"], row["high"], places, signs=False)
    value = f"{numbers.number(row['mean'], places)} {metric.unit} ({within})"
    return f"{first}: {row['first_level']}, {second}: {row['second_level']}: {value}"


def _meaning(means: pd.DataFrame, shown: int, pairs: int, low: float, high: float) -> list[str]:
    arms = "mean over the arms with both levels"
    bars = "bar: 95% interval over seeds" if means["low"].notna().any() else "one seed"
    lines = [f"point: {arms}; {bars}; parallel lines: the two factors add up"]
    lines += intervals.cut([*means["low"], *means["high"]], (low, high))
    if shown < pairs:
        lines.append(f"{shown} of {pairs} pairs of factors: those whose lines are least parallel")
    return [part for line in lines for part in fitted(line, 72 * WIDTH - 16)]
