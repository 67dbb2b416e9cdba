"""What accuracy costs: a panel a cost, with the front of the arms that nothing else beats on both."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ablate import numbers
from ablate.report import naming
from ablate.report.figures import bars, point_labels
from ablate.report.figures.legend import arm_handles, below, named
from ablate.report.figures.save import Drawn, blank, fit
from ablate.report.figures.style import FAINT, FEW, SMALL, WIDTH, drawing, headline, limits, look, tell
from ablate.report.naming import short
from ablate.results.question import METRICS, Metric, Question

PANEL = 1.6  # inches that a panel is high
AXES_WIDTH = 72 * (WIDTH - 0.7)  # points, about
BAR = 1.6  # points from one bar to the next that do not hide each other
DIGITS = 4  # of the numbers of an axis, at least
# What each cost is called, with the unit for {}.
COSTS = {
    "operations": "operations for one image{}",
    "parameters": "parameters{}",
    "seconds": "time of training, mean over seeds{}",
}
# From which amount on a unit is used, what it is, and its name.
UNITS = ((2e9, 1e9, " (billions)"), (2e6, 1e6, " (millions)"), (2e4, 1e3, " (thousands)"), (0, 1, ""))
TIMES = ((7200, 3600, " (hours)"), (120, 60, " (minutes)"), (0, 1, " (seconds)"))
FRONT: dict[str, Any] = {"color": FAINT, "linewidth": 1.2, "linestyle": (0, (4, 2)), "drawstyle": "steps-post"}
OPEN: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.9}
NO_TIME = "time has no front: not trained in turns on one machine"
PLACE = 60  # among the figures of a report


def part(question: Question, arms: pd.DataFrame, labels: dict[int, str], places: int, in_turns: bool) -> Drawn | None:
    """The metric against costs; None where arms with a value differ in none."""
    if not drawable(arms):
        return None
    known, metric = arms[arms["mean"].notna()], question.metric
    left_out = naming.left_out(arms, labels, known["arm"])
    incomplete = known.loc[known[list(naming.TROUBLES)].any(axis="columns"), "arm"]
    fewer = [naming.troubled(arms, arm, labels[arm]) for arm in incomplete]
    figure = against_costs(arms, labels, blank(), question.evaluation_set, metric, places, left_out, fewer, in_turns)
    return Drawn("costs", f"{metric.name.capitalize()} and what it costs", fit(figure, height(arms)))


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
    in_turns: bool = True,
) -> Figure:
    """Draw what each arm reaches against what it costs, a panel for each cost in which arms differ.

    Every point stands at its cost and its mean. Points that overlap are open, so that all of them are seen, and then arms have
    numbers, as more than FEW have. Bars that would hide each other or so many points are left out of their panel.

    Args:
        arms: columns arm, mean, low, high, operations, parameters, seconds, front_operations and so on, diverged.
        labels: the names of the arms, by number.
        figure: an empty one.
        left_out: arms without a value, for the legend.
        fewer: arms that lack some of their seeds, for the legend.
        in_turns: whether times can be compared, so that they have a front.
    """
    costs = drawable(arms)
    known = arms[arms["mean"].notna()]
    many = len(arms) > FEW
    with drawing():
        panels = figure.subplots(len(costs), 1, sharey=True, squeeze=False)[:, 0]
        barred = [cost for cost in costs if not many and not _hiding(known[known[cost].notna()], cost)]
        ends = known if barred else known[:0]
        low, high = limits(known["mean"], ends["low"], ends["high"], cut=2.0)
        room = 0.08 * (high - low) if many else 0.0  # for the numbers
        panels[0].set_ylim(low - room, high + room)
        numbered = [
            _panel(ax, known[known[cost].notna()], cost, labels, cost in barred, many, metric, places)
            for cost, ax in zip(costs, panels, strict=True)
        ]
        headline(figure, f"{metric.name} on the {evaluation_set} set ({metric.unit})")
        said = _meaning(known, costs, panels[0].get_ylim(), barred, any(numbered))
        said += [NO_TIME] if "seconds" in costs and not in_turns else []
        said += [*named("mean of fewer seeds than planned", fewer), *named("not drawn", left_out)]
        handles, lines, columns = arm_handles({arm: labels[arm] for arm in known["arm"]}, said, False, any(numbered))
        below(panels[-1], handles, lines, columns)
    return figure


def height(arms: pd.DataFrame) -> float:
    """How high the axes of all panels are to be, in inches."""
    return PANEL * len(drawable(arms))


def _panel(
    ax: Axes,
    arms: pd.DataFrame,
    cost: str,
    labels: Mapping[int, str],
    barred: bool,
    many: bool,
    metric: Metric,
    places: int,
) -> bool:
    """Draw one cost; whether points overlap, so that arms have numbers."""
    amounts, means = (arms[name].to_numpy(dtype=float) for name in (cost, "mean"))
    left, right = _ends(amounts)
    bottom, top = ax.get_ylim()
    ax.set_xlim(left, right)
    at, up = AXES_WIDTH * (amounts - left) / (right - left), 72 * PANEL * (means - bottom) / (top - bottom)
    opened = point_labels.covering(at, up)
    front = arms[arms[f"front_{cost}"].astype(bool)].sort_values([cost, "mean"])
    ax.plot([*front[cost], *[right] * (len(front) > 0)], [*front["mean"], *front["mean"].tail(1)], **FRONT, zorder=1)
    for arm, hollow in zip(arms.to_dict("records"), opened, strict=True):
        style = look(arm["arm"]) | {"linestyle": "none"}
        if barred:
            bars.upright(ax, arm[cost], arm["low"], arm["high"], color=style["color"], linewidth=0.8)
        filled = {"markeredgecolor": "white", "markeredgewidth": 0.3}
        (dot,) = ax.plot(arm[cost], arm["mean"], **style, **(OPEN if hollow else filled))
        value = f"{numbers.number(arm['mean'], places)} {metric.unit}"
        tell(dot, [f"{short(labels[arm['arm']])}: {value}, {arm[cost]:,.0f} {cost}"])
    if many or opened.any():
        _number(ax, arms["arm"].tolist(), at, up)
    _, size, unit = next(unit for unit in (TIMES if cost == "seconds" else UNITS) if amounts.max() >= unit[0])
    ax.set_xlabel(COSTS[cost].format(unit), labelpad=2)
    ticks = MaxNLocator(5).tick_values(amounts.min() / size, amounts.max() / size)
    ticks = [tick for tick in ticks if left <= size * tick <= right]
    ax.set_xticks([size * tick for tick in ticks], _exact(ticks))
    ax.tick_params(labelsize=SMALL)
    ax.spines["top"].set_visible(False)
    return bool(opened.any())


def _ends(amounts: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of an axis of costs."""
    pad = 0.08 * (amounts.max() - amounts.min())
    return float(amounts.min() - pad), float(amounts.max() + pad)


def _hiding(arms: pd.DataFrame, cost: str) -> bool:
    """Whether bars at their costs would hide each other, at least in part."""
    amounts, low, high = (arms[name].to_numpy(dtype=float) for name in (cost, "low", "high"))
    left, right = _ends(amounts)
    near = np.abs(amounts - amounts[:, None]) < BAR * (right - left) / AXES_WIDTH
    # Where one has no bar, all comparisons with it are false.
    both = near & (low <= high[:, None]) & (low[:, None] <= high)
    return bool(both[~np.eye(len(arms), dtype=bool)].any())


def _exact(ticks: Sequence[float]) -> list[str]:
    """Numbers with all digits that they have."""
    written = ([f"{tick:,.{digits}g}" for tick in ticks] for digits in range(DIGITS, 16))
    near = 1e-6 * abs(ticks[-1] - ticks[0]) if len(ticks) > 1 else 0.0
    right = (
        each
        for each in written
        if all(abs(float(text.replace(",", "")) - tick) <= near for text, tick in zip(each, ticks, strict=True))
    )
    return next(right, [f"{tick:,}" for tick in ticks])


def _number(ax: Axes, arms: Sequence[int], x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """The number of each arm beside its point. x, y: of the points, in points from the axes' corner."""
    tall = 72 * PANEL
    for arm, at, up, (to, high, far) in zip(arms, x, y, point_labels.places(x, y, arms, AXES_WIDTH, tall), strict=True):
        color = look(arm)["color"]
        if far:
            ends = [at / AXES_WIDTH, to / AXES_WIDTH], [up / tall, high / tall]
            ax.add_line(Line2D(*ends, transform=ax.transAxes, color=color, linewidth=0.4, zorder=1.5))
        ax.text(
            to / AXES_WIDTH,
            high / tall,
            str(arm),
            transform=ax.transAxes,
            ha="center",
            va="center_baseline",
            fontsize=point_labels.SIZE,
            color=color,
        )


def _meaning(
    arms: pd.DataFrame, costs: Sequence[str], edges: tuple[float, float], barred: Sequence[str], opened: bool
) -> list[str]:
    """What a point and a bar are, and the bars and costs that are left out. opened: whether points overlap."""
    but = ", without those of which a seed diverged" if arms["diverged"].any() else ""
    known = bool(arms["low"].notna().any())
    fronts = arms[[f"front_{cost}" for cost in costs]].any(axis=None)
    lines = [
        *([f"dashed line: the front of the arms that none beats on both{but}"] if fronts else []),
        f"point: mean over seeds{'; bar: 95% interval over seeds' if known and barred else ''}",
    ]
    if opened:
        lines.append("open points overlap; each is at its own cost and mean")
    if known and len(barred) < len(costs):
        lines.append(f"{'bars that would overlap' if barred else 'intervals over seeds'}: in the table of arms")
    lines += bars.cut([*arms["low"], *arms["high"]], edges) if barred else []
    for cost in COSTS:
        if cost not in costs and arms[cost].notna().any():
            lines.append(f"{cost}: the same in all arms")
    return lines
