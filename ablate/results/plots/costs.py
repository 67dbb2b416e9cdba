"""What accuracy costs: a panel a cost, with the front of the arms that nothing else beats on both."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ablate.results import numbers
from ablate.results.plots import intervals, strips
from ablate.results.plots.legend import arm_handles, below, named
from ablate.results.plots.style import FAINT, FEW, SMALL, STYLE, WIDTH, headline, limits, look, short, tell
from ablate.results.question import METRICS, Metric

PANEL = 1.6  # inches that a panel is high
AXES_WIDTH = 72 * (WIDTH - 0.7)  # points, about
BESIDE = (6.0, 5.0)  # points from one dot to the next, if few and if many
BAR, BARS = 1.6, 4.0  # points from one bar to the next at one cost, and from the first to the last
DOT = 2.0  # points from the middle of a marker to its edge
NUMBER_SIZE, NUMBER = 7.5, (4.8, 6.5)  # of the letters, and how wide a digit and how high a number is, in points
# What each cost is called, with the unit for {}.
COSTS = {
    "operations": "operations for one image{}",
    "parameters": "parameters{}",
    "seconds": "time of training, mean over seeds{}",
}
# From which amount on a unit is used, what it is, and its name.
UNITS = ((2e9, 1e9, " (billions)"), (2e6, 1e6, " (millions)"), (2e4, 1e3, " (thousands)"), (0, 1, ""))
TIMES = ((7200, 3600, " (hours)"), (120, 60, " (minutes)"), (0, 1, " (seconds)"))
EDGE = 4.0  # how much worse it is that a number leaves the axes than that it covers something
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
    left_out: Sequence[str] = (),
    fewer: Sequence[str] = (),
) -> Figure:
    """Draw what each arm reaches against what it costs, a panel for each cost in which arms differ.

    Points that would cover each other are moved sideways, so that each keeps its value; all others are at their cost. More than
    FEW arms have numbers and no bars.

    Args:
        arms: columns arm, mean, low, high, operations, parameters, seconds, front_operations and so on, diverged.
        labels: the names of the arms, by number.
        figure: an empty one.
        left_out: arms without a value, for the legend.
        fewer: arms that lack some of their seeds, for the legend.
    """
    costs = drawable(arms)
    known = arms[arms["mean"].notna()]
    many = len(arms) > FEW
    with matplotlib.rc_context(STYLE):
        panels = figure.subplots(len(costs), 1, sharey=True, squeeze=False)[:, 0]
        barless = many and bool(known["low"].notna().any())
        if barless:  # their bars would hide their points
            known = known.assign(low=np.nan, high=np.nan)
        low, high = limits(known["mean"], known["low"], known["high"], cut=2.0)
        room = 0.08 * (high - low) if many else 0.0  # for the numbers
        panels[0].set_ylim(low - room, high + room)
        aside = max(
            _panel(ax, known[known[cost].notna()], cost, labels, many, metric, places)
            for cost, ax in zip(costs, panels, strict=True)
        )
        headline(figure, f"{metric.name} on the {evaluation_set} set ({metric.unit})")
        said = _meaning(known, costs, panels[0].get_ylim(), aside)
        said += ["intervals over seeds: in the table of arms"] if barless else []
        said += [*named("mean of fewer seeds than planned", fewer), *named("not drawn", left_out)]
        handles, lines, columns = arm_handles({arm: labels[arm] for arm in known["arm"]}, said, connected=False)
        below(panels[-1], handles, lines, columns)
    return figure


def height(arms: pd.DataFrame) -> float:
    """How high the axes of all panels are to be, in inches."""
    return PANEL * len(drawable(arms))


def _panel(
    ax: Axes, arms: pd.DataFrame, cost: str, labels: Mapping[int, str], many: bool, metric: Metric, places: int
) -> float:
    """Draw one cost; how far a point is moved from it at most, as a part of the axis."""
    amounts = arms[cost].to_numpy(dtype=float)
    pad = 0.08 * (amounts.max() - amounts.min())
    left, right = amounts.min() - pad, amounts.max() + pad
    ax.set_xlim(left, right)
    point = (right - left) / AXES_WIDTH
    arms, aside = _set_apart(arms, amounts, left, point, BESIDE[many], ax.get_ylim())
    front = arms[arms[f"front_{cost}"].astype(bool)].sort_values([cost, "mean"])
    ax.plot([*front["x"], *[right] * (len(front) > 0)], [*front["mean"], *front["mean"].tail(1)], **FRONT, zorder=1)
    for arm in arms.to_dict("records"):
        style = look(arm["arm"]) | {"linestyle": "none"}
        intervals.upright(ax, arm["bar"], arm["low"], arm["high"], color=style["color"], linewidth=0.8)
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
    return aside / AXES_WIDTH


def _set_apart(
    arms: pd.DataFrame, amounts: NDArray[np.float64], left: float, point: float, distance: float, edges: tuple[float, float]
) -> tuple[pd.DataFrame, float]:
    """The arms with the x of their dots and bars, and how far a dot is moved at most, in points.

    Args:
        amounts: the cost of each. left: where the axis begins. point: how much of the cost is one point. edges: of the y axis.
    """
    at, up = (amounts - left) / point, 72 * PANEL * (arms["mean"].to_numpy(dtype=float) - edges[0]) / (edges[1] - edges[0])
    moved = strips.beside(at, up, distance, AXES_WIDTH)
    bars = moved + strips.lanes(moved, arms["low"].to_numpy(dtype=float), arms["high"].to_numpy(dtype=float), BAR, BARS)
    placed = arms.assign(x=np.where(moved == at, amounts, left + point * moved), bar=left + point * bars)
    return placed, float(np.abs(moved - at).max())


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
        outside = [(wide * NUMBER[1] - _overlap(box, (0.0, AXES_WIDTH, 0.0, tall))) for box in boxes]
        covered = [sum(_overlap(box, other) for other in taken) for box in boxes]
        covered = [area + EDGE * beyond for area, beyond in zip(covered, outside, strict=True)]
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


def _meaning(arms: pd.DataFrame, costs: list[str], edges: tuple[float, float], aside: float) -> list[str]:
    """What a point and a bar are, and the costs that are left out. aside: how far points are moved, as a part of the axis."""
    bars = "; bar: 95 % interval over seeds" if arms["low"].notna().any() else ""
    but = ", without those of which a seed diverged" if arms["diverged"].any() else ""
    moved = f"; points that would cover each other stand up to {math.ceil(100 * aside)} % of the axis aside" if aside else ""
    lines = [
        f"dashed line: the front of the arms that none beats on both{but}",
        f"point: mean over seeds{bars}{moved}",
        *intervals.cut([*arms["low"], *arms["high"]], edges),
    ]
    for cost in COSTS:
        if cost not in costs and arms[cost].notna().any():
            lines.append(f"{cost}: the same in all arms")
    return lines
