"""How factors interact: for each pair of them the mean at each combination of their levels."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.designs import phrases
from ablate.report.figures import bars as intervals
from ablate.report.figures import ends, findings
from ablate.report.figures.save import Drawn, fit, panels, single
from ablate.report.figures.style import LINES, drawing, fitted, is_wide, limits, look, round_ticks, small, tell, width_of
from ablate.results.question import METRICS, Metric, Question
from ablate.text import capital

MOST_PAIRS = 9  # panels
PANEL = 1.2  # inches that a panel is high
ROUND_PANEL = 80  # points that the names of lines and the values of the axis take beside a panel
ASIDE = 0.05  # of the distance between two levels, by which lines stand beside each other so that intervals do not hide
NARROW = 9  # letters of a level's name that fit where panels stand side by side
PLACE = 70  # among the figures of a report


def part(question: Question, pair_means: pd.DataFrame, places: int, ax: Axes | None = None) -> Drawn | None:
    """How factors interact; None where there are no two."""
    if pair_means.empty:
        return None
    ax = ax or single()
    tall = height(pair_means, ax)
    drawn = interaction(pair_means, ax, question.evaluation_set, question.metric, places)
    count = len(pair_means[["first", "second"]].drop_duplicates())
    bar = "; bar: 95% CI over seeds" if pair_means["low"].notna().any() else "; one seed"
    about = [f"Mean over the arms with both levels{bar}. Parallel lines: the two factors add up."]
    about += [f"The {len(drawn)} of {count} pairs whose lines are least parallel."] if count > len(drawn) else []
    about += list(dict.fromkeys(said for each in drawn for said in intervals.cut(each)))
    finding = _finding(pair_means, question.metric)
    return Drawn("interactions", "How factors interact", fit(drawn[0], tall, finding, " ".join(about)))


def interaction(
    means: pd.DataFrame, ax: Axes, evaluation_set: str = "test", metric: Metric = METRICS["accuracy"], places: int = 2
) -> list[Axes]:
    """Draw a panel for each pair of factors, in place of the axes: lines that are parallel add up.

    Where there are more than `MOST_PAIRS` pairs, those are drawn whose lines are least parallel.

    Args:
        means: as `stats.pair_means` gives it.
    """
    every = means.groupby(["first", "second"], sort=False)
    shown = set(_by_skewness(means).index[:MOST_PAIRS])
    pairs = [(str(first), str(second), rows) for (first, second), rows in every if (first, second) in shown]
    columns = _columns(means, len(pairs), ax)
    tall = height(means, ax) / math.ceil(len(pairs) / columns)
    with drawing():
        grid = panels(ax, math.ceil(len(pairs) / columns), columns, share=False)
        low, high = limits(means["mean"], means["low"], means["high"], cut=0.5, bounds=metric.bounds)
        for number, ((first, second, rows), panel) in enumerate(zip(pairs, grid.flat, strict=False)):
            panel.set_ylim(low, high)
            panel.yaxis.set_major_locator(round_ticks(4))
            _panel(panel, first, second, rows, metric, places, columns, tall)
            if number % columns:
                panel.tick_params(labelleft=False)
            else:
                panel.set_ylabel(f"{metric.name} on the\n{evaluation_set} set, {metric.unit}")
        for panel in grid.flat[len(pairs) :]:
            panel.remove()
    return list(grid.flat[: len(pairs)])


def height(means: pd.DataFrame, ax: Axes) -> float:
    """How high the axes of all panels are to be, in inches."""
    pairs = min(MOST_PAIRS, len(means[["first", "second"]].drop_duplicates()))
    return max(1.6, PANEL * math.ceil(pairs / _columns(means, pairs, ax)))


def _columns(means: pd.DataFrame, pairs: int, ax: Axes) -> int:
    names = pd.concat([means["first_level"], means["second_level"]])
    most = means.groupby(["first", "second"])["first_level"].nunique().max()
    room = 3 if is_wide(ax) else 2
    if most > 3 or names.str.len().max() > NARROW:
        room -= 1
    return max(1, min(room, pairs))


def _by_skewness(means: pd.DataFrame) -> "pd.Series[float]":
    """How far the lines of each pair of factors are from parallel, the farthest first."""
    every = means.groupby(["first", "second"], sort=False)
    found: pd.Series[float] = every[means.columns.tolist()].apply(_skewness)
    return found.sort_values(ascending=False, kind="stable")


def _skewness(rows: pd.DataFrame) -> float:
    """How far the lines of a pair are from parallel: the largest departure from the sum of both factors' means."""
    table = rows.pivot_table(index="first_level", columns="second_level", values="mean", dropna=False).to_numpy(dtype=float)
    sums = table.mean(axis=1, keepdims=True) + table.mean(axis=0, keepdims=True) - table.mean()
    departures = np.abs(table - sums)
    return float(departures.max()) if np.isfinite(departures).all() else 0.0


def _panel(
    ax: Axes, first: str, second: str, rows: pd.DataFrame, metric: Metric, places: int, columns: int, inches: float
) -> None:
    """The first factor's levels from left to right, and a line for each level of the second, named at its end.

    Side by side, panels have no room for the second factor at each line, so that stands above them.
    """
    width = 72 * width_of(ax) / columns - ROUND_PANEL
    if columns > 1:
        ax.set_title("\n".join(fitted(f"lines: {second}", width)))
    levels = rows["first_level"].unique().tolist()
    lines = rows["second_level"].unique().tolist()
    named = []
    for place, level in enumerate(lines):
        line = rows[rows["second_level"] == level]
        at = np.arange(len(levels)) + ASIDE * (place - (len(lines) - 1) / 2)
        style = look(place) | {"linestyle": LINES[place % len(LINES)]}
        for x, low, high in zip(at, line["low"], line["high"], strict=True):
            intervals.upright(ax, x, low, high, color=style["color"], linewidth=0.8)
        (drawn,) = ax.plot(at, line["mean"], **style, linewidth=1.2, zorder=3)
        tell(drawn, [_told(first, second, row, metric, places) for row in line.to_dict("records")])
        name = level if columns > 1 else f"{second}: {level}"
        named.append(ends.End(float(at[-1]), float(line["mean"].iloc[-1]), name, findings.darker(style["color"])))
    ax.set_xticks(range(len(levels)), ["\n".join(fitted(level, width / len(levels), small())) for level in levels])
    ax.set_xlim(-0.25, len(levels) - 0.75)
    ax.set_xlabel("\n".join(fitted(first, width)))
    ends.name(ax, named, inches)


def _told(first: str, second: str, row: Mapping[Any, Any], metric: Metric, places: int) -> str:
    within = numbers.interval(row["low"], row["high"], places, signs=False)
    value = f"{findings.value(row['mean'], metric, places)} ({within})"
    return f"{first}: {row['first_level']}, {second}: {row['second_level']}: {value}"


def _finding(means: pd.DataFrame, metric: Metric) -> str:
    """The pair whose effects depend most on each other, and by how much."""
    found = _by_skewness(means)
    (first, second), most = found.index[0], float(found.iloc[0])
    points = metric.points
    size = numbers.number(most, 1 if metric.unit == "%" else 3)
    which = "" if len(found) == 1 else " most"
    one, other = (phrases.ingredient(str(factor)).name for factor in (first, second))
    return capital(f"{one} and {other} deviate{which} from additivity, by {size} {points}")
