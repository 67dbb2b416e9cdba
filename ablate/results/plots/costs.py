"""What accuracy costs: a panel a cost, with the front of the arms that nothing else beats on both."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ablate.results import numbers
from ablate.results.plots.legend import arm_handles, below
from ablate.results.plots.style import FAINT, FEW, SMALL, STYLE, WIDTH, apart, headline, limits, look, short, tell
from ablate.results.question import METRICS, Metric

PANEL = 1.6  # inches that a panel is high
AXES_WIDTH = 72 * (WIDTH - 0.7)  # points, about
BESIDE = (6.0, 5.0)  # points that points are moved apart, if few and if many
DOT = 2.0  # points from the middle of a marker to its edge
NUMBER_SIZE, NUMBER = 7.5, (4.8, 6.5)  # of the letters, and how wide a digit and how high a number is, in points
INDENT = 12  # points that the legend begins left of the axes
# What each cost is called, with the unit for {}.
COSTS = {
    "operations": "operations for one image{}",
    "parameters": "parameters{}",
    "seconds": "time of training, mean over seeds{}",
}
# From which amount on a unit is used, what it is, and its name.
UNITS = ((2e9, 1e9, " (billions)"), (2e6, 1e6, " (millions)"), (2e4, 1e3, " (thousands)"), (0, 1, ""))
TIMES = ((7200, 3600, " (hours)"), (120, 60, " (minutes)"), (0, 1, " (seconds)"))
Box = tuple[float, float, float, float]
FRONT: dict[str, Any] = {"color": FAINT, "linewidth": 1.2, "linestyle": (0, (4, 2)), "drawstyle": "steps-post"}


def drawable(arms: pd.DataFrame) -> list[str]:
    """The costs in which arms with a value differ: what there is a panel for."""
    known = arms[arms["mean"].notna()]
    return [cost for cost in COSTS if len(known[cost].dropna().unique()) > 1]


def against_costs(
    arms: pd.DataFrame,
    labels: Mapping[int, str],
    figure: Figure,
    evaluation_set: str = "test",
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
) -> Figure:
    """Draw what each arm reaches against what it costs, a panel for each cost in which arms differ.

    Points that would cover each other are moved apart sideways, by points of print, so that each keeps its value.

    Args:
        arms: columns arm, mean, low, high, operations, parameters, seconds and front_operations and so on.
        labels: the names of the arms, by number.
        figure: an empty one.
    """
    costs = drawable(arms)
    known = arms[arms["mean"].notna()]
    many = len(arms) > FEW
    with matplotlib.rc_context(STYLE):
        panels = figure.subplots(len(costs), 1, sharey=True, squeeze=False)[:, 0]
        low, high = limits(known["mean"], [*known["low"], *known["high"]], cut=2.0)
        room = 0.08 * (high - low) if many else 0.0  # for the numbers
        panels[0].set_ylim(low - room, high + room)
        for cost, ax in zip(costs, panels, strict=True):
            _panel(ax, known[known[cost].notna()], cost, labels, many, metric, places)
        headline(figure, f"{metric.name} on the {evaluation_set} set ({metric.unit})")
        handles, lines, columns = arm_handles(labels, _meaning(arms, costs, low, high), connected=False)
        below(panels[-1], handles, lines, columns, indent=INDENT)
    return figure


def height(arms: pd.DataFrame) -> float:
    """How high the axes of all panels are to be, in inches."""
    return PANEL * len(drawable(arms))


def _panel(ax: Axes, arms: pd.DataFrame, cost: str, labels: Mapping[int, str], many: bool, metric: Metric, places: int) -> None:
    amounts = arms[cost].to_numpy(dtype=float)
    pad = 0.08 * (amounts.max() - amounts.min())
    left, right = amounts.min() - pad, amounts.max() + pad
    ax.set_xlim(left, right)
    order = np.argsort(amounts, kind="stable")
    arms, amounts = arms.iloc[order], amounts[order]
    moved = apart(((amounts - left) / (right - left)).tolist(), BESIDE[many] / AXES_WIDTH)
    arms = arms.assign(x=left + (right - left) * np.array(moved))
    front = arms[arms[f"front_{cost}"].astype(bool)].sort_values([cost, "mean"])
    ax.plot([*front["x"], right], [*front["mean"], front["mean"].iloc[-1]], **FRONT, zorder=1)
    for arm in arms.to_dict("records"):
        style = look(arm["arm"]) | {"linestyle": "none"}
        if np.isfinite(arm["low"]):
            ax.vlines(arm["x"], arm["low"], arm["high"], color=style["color"], linewidth=0.8, zorder=2)
        (dot,) = ax.plot(arm["x"], arm["mean"], **style, markeredgecolor="white", markeredgewidth=0.3)
        value = f"{numbers.number(arm['mean'], places)} {metric.unit}"
        tell(dot, [f"{short(labels[arm['arm']])}: {value}, {arm[cost]:,.0f} {cost}"])
    if many:
        _number(ax, arms)
    _, size, unit = next(unit for unit in (TIMES if cost == "seconds" else UNITS) if amounts.max() >= unit[0])
    ax.set_xlabel(COSTS[cost].format(unit), labelpad=2)
    ticks = MaxNLocator(5).tick_values(amounts.min() / size, amounts.max() / size)
    ax.set_xticks([size * tick for tick in ticks if left <= size * tick <= right])
    ax.xaxis.set_major_formatter(lambda amount, _: f"{amount / size:,.4g}")
    ax.tick_params(labelsize=SMALL)
    ax.spines["top"].set_visible(False)


def _number(ax: Axes, arms: pd.DataFrame) -> None:
    """The number of each arm beside its point, where it covers as little as can be of other points, bars and numbers."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    tall = 72 * PANEL
    x = AXES_WIDTH * (arms["x"].to_numpy() - left) / (right - left)
    mean, low, high = (tall * (arms[name].to_numpy() - bottom) / (top - bottom) for name in ("mean", "low", "high"))
    low, high = np.fmin(low, mean - DOT).clip(0), np.fmax(high, mean + DOT).clip(None, tall)
    taken = [(at - DOT / 2, at + DOT / 2, *ends) for at, *ends in zip(x, low, high, strict=True)]
    taken += [(at - DOT, at + DOT, middle - DOT, middle + DOT) for at, middle in zip(x, mean, strict=True)]
    for at, middle, lowest, highest, arm in zip(x, mean, low, high, arms["arm"], strict=True):
        wide = NUMBER[0] * len(str(arm))
        aside = wide / 2 + DOT
        places = [
            (at, lowest - NUMBER[1] / 2 - 1),
            (at, highest + NUMBER[1] / 2 + 1),
            (at + aside, middle),
            (at - aside, middle),
        ]
        places += [(at + way, middle + rise) for rise in (-NUMBER[1], NUMBER[1]) for way in (aside, -aside)]
        boxes = [(px - wide / 2, px + wide / 2, py - NUMBER[1] / 2, py + NUMBER[1] / 2) for px, py in places]
        covered = [sum(_overlap(box, other) for other in taken) for box in boxes]
        best = int(np.argmin(covered))
        taken.append(boxes[best])
        ax.text(
            places[best][0] / AXES_WIDTH,
            places[best][1] / tall,
            str(arm),
            transform=ax.transAxes,
            ha="center",
            va="center_baseline",
            fontsize=NUMBER_SIZE,
            color=look(arm)["color"],
        )


def _overlap(one: Box, other: Box) -> float:
    """The area that two boxes share: left, right, bottom, top."""
    wide = min(one[1], other[1]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[2], other[2])
    return max(wide, 0.0) * max(high, 0.0)


def _meaning(arms: pd.DataFrame, costs: list[str], low: float, high: float) -> list[str]:
    """What a point and a bar are, and the costs that are left out."""
    cut = ", cut where it leaves the panel" if (arms["low"] < low).any() or (arms["high"] > high).any() else ""
    bars = f"; bar: 95 % interval over seeds{cut}" if arms["low"].notna().any() else ""
    lines = [
        "dashed line: the front of the arms that none beats on both",
        f"point: mean over seeds{bars}; where points would cover each other they stand side by side",
    ]
    for cost in COSTS:
        if cost not in costs and arms[cost].notna().any():
            lines.append(f"{cost}: the same in all arms")
    return lines
