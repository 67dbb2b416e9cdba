"""What accuracy costs: one panel with the arms where they were measured, and the Pareto front."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ablate import numbers
from ablate.errors import AblateError, one_of
from ablate.report import naming
from ablate.report.figures import bars, findings, point_labels
from ablate.report.figures.accuracy import by_arm, left_out
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import (
    drawing,
    faint,
    fitted,
    halo,
    ink,
    limits,
    look,
    round_ticks,
    soft,
    tell,
    text_width,
    width_of,
)
from ablate.results.question import METRICS, Metric, Question
from ablate.stats.costs import COSTS, differing
from ablate.stats.outcomes import Outcome
from ablate.text import capital

HEIGHT, MORE = 1.9, 0.035  # inches of the axes, and those that each arm beyond FEW adds
FEW = 8  # arms that have an interval each
NAMED = 16  # arms with their names, at most
MOST_WIDE = 0.36  # of the figure's width, for a name
AROUND = 0.55  # inches beside the axes
DIGITS = 4  # of the numbers of an axis, at least
CLOSE = 0.05  # of a cost, by which two are about the same
# From which amount on a unit is used, what it is, and its name.
UNITS = ((2e9, 1e9, " (billions)"), (2e6, 1e6, " (millions)"), (2e4, 1e3, " (thousands)"), (0, 1, ""))
TIMES = ((7200, 3600, "hours"), (120, 60, "minutes"), (0, 1, "seconds"))
FRONT: dict[str, Any] = {"linewidth": 0.8, "linestyle": (0, (4, 3)), "drawstyle": "steps-post"}
NO_TIME = "No Pareto front: arms were not trained in turns on one machine."
PLACE = 60  # among the figures of a report


def part(
    question: Question,
    arms: pd.DataFrame,
    names: dict[int, str],
    places: int,
    in_turns: bool,
    comparisons: pd.DataFrame,
    ax: Axes | None = None,
    cost: str | None = None,
) -> Drawn | None:
    """The metric against a cost; None where arms with a value differ in none.

    Args:
        cost: one of COSTS; None for the first that can be compared.

    Raises:
        AblateError: arms do not differ in that cost.
    """
    there = differing(arms)
    if not there:
        return None
    if cost is not None and cost not in there:
        raise AblateError(one_of("cost", cost, there))
    chosen = cost or next((each for each in there if each != "seconds" or in_turns), there[0])
    known, metric = arms[arms["mean"].notna()], question.metric
    ax = ax or single()
    against_cost(arms, names, ax, chosen, question.evaluation_set, metric, places, by_arm(question, comparisons))
    measured = f"{question.evaluation_set} {metric.name}"
    barred = len(known) <= FEW and known["low"].notna().any()
    about = [capital(f"{measured}{question.read_at}{', with 95% CI' if barred else ''}.")]
    about += [NO_TIME] if chosen == "seconds" and not in_turns else []
    about += ["Arms with a diverged seed are not on the front."] if known["diverged"].any() else []
    incomplete = known.loc[known[list(naming.TROUBLES)].any(axis="columns"), "arm"]
    fewer = [naming.troubled(arms, arm, names[arm]) for arm in incomplete]
    about += [f"Fewer seeds than planned: {findings.listed(fewer)}."] if fewer else []
    about += [*bars.cut(ax), *left_out(naming.left_out(arms, names, known["arm"]))]
    finding = _finding(known, names, chosen, question)
    return Drawn("costs", f"{metric.name.capitalize()} and what it costs", fit(ax, height(arms), finding, " ".join(about)))


def height(arms: pd.DataFrame) -> float:
    """How high the axes are to be, in inches."""
    return HEIGHT + MORE * max(0, int(arms["mean"].notna().sum()) - FEW)


def against_cost(
    arms: pd.DataFrame,
    labels: Mapping[int, str],
    ax: Axes,
    cost: str,
    evaluation_set: str = "test",
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    outcomes: Mapping[int, Outcome] | None = None,
) -> Axes:
    """Draw what each arm reaches against what it costs, with its interval, its name and the Pareto front.

    Every point stands at its cost and its mean; names move, points do not. Of more than NAMED arms, the first, those on the
    front, and those that differ most from it are named. Of more than FEW arms none has an interval.

    Args:
        arms: columns arm, mean, low, high, operations, parameters, seconds, front_operations and so on.
        labels: the names of the arms, by number.
        cost: one of COSTS.
        outcomes: the verdicts of arms; without one they differ in color and marker.
    """
    known = arms[arms["mean"].notna() & arms[cost].notna()]
    with drawing():
        barred = len(known) <= FEW
        ends = known if barred else known[:0]
        ax.set_ylim(*limits(known["mean"], ends["low"], ends["high"], cut=2.0, bounds=metric.bounds))
        amounts = known[cost].to_numpy(dtype=float)
        pad = 0.06 * (amounts.max() - amounts.min() or abs(amounts.max()) * 0.1 or 1.0)
        ax.set_xlim(max(amounts.min() - pad, 0.0), amounts.max() + 3 * pad)
        front = _front(ax, known, cost)
        for arm in known.to_dict("records"):
            style = _style(int(arm["arm"]), outcomes) | {"linestyle": "none"}
            if barred:
                bars.upright(ax, arm[cost], arm["low"], arm["high"], color=style["color"], linewidth=0.8)
            (dot,) = ax.plot(arm[cost], arm["mean"], **style, markersize=4.8, markeredgewidth=0.8, zorder=4, clip_on=False)
            value = f"{findings.value(arm['mean'], metric, places)}"
            tell(dot, [f"{labels[arm['arm']]}: {value}, {arm[cost]:,.0f} {COSTS[cost].unit}"])
        _name(ax, known, cost, labels, outcomes, metric, front)
        _axis(ax, amounts, cost)
        ax.set_ylabel(f"{metric.name} on the {evaluation_set} set, {metric.unit}")
        ax.yaxis.set_major_locator(round_ticks(6))
    return ax


def _style(arm: int, outcomes: Mapping[int, Outcome] | None) -> dict[str, Any]:
    return look(arm, (outcomes or {}).get(arm))


def _front(ax: Axes, known: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The Pareto front as steps; its arms."""
    front = known[known[f"front_{cost}"].astype(bool)].sort_values([cost, "mean"])
    if len(front):
        right = ax.get_xlim()[1]
        ax.plot([*front[cost], right], [*front["mean"], front["mean"].iloc[-1]], color=ink(), zorder=1, **FRONT)
        at = (1, front["mean"].iloc[-1])
        look: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 6.5, "color": soft()}
        ax.annotate("Pareto front", at, (0, 1.5), xycoords=("axes fraction", "data"), textcoords="offset points", **look)
    return front


def _name(
    ax: Axes,
    known: pd.DataFrame,
    cost: str,
    labels: Mapping[int, str],
    outcomes: Mapping[int, Outcome] | None,
    metric: Metric,
    front: pd.DataFrame,
) -> None:
    """Each arm's name and value beside its point."""
    wide, tall = 72 * (width_of(ax) - AROUND), 72 * height(known)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    first = (known["mean"] - known["mean"].iloc[0]).abs()
    order = known.assign(own=known["arm"].isin(front["arm"]), far=first).sort_values(["own", "far"], ascending=False)
    order = pd.concat([known.iloc[:1], order[order["arm"] != known["arm"].iloc[0]]])
    x = wide * (order[cost].to_numpy(dtype=float) - left) / (right - left)
    y = tall * (order["mean"].to_numpy(dtype=float) - bottom) / (top - bottom)
    digits = 1 if metric.unit == "%" else 3
    texts = [f"{labels[arm]} {numbers.number(mean, digits)}" for arm, mean in zip(order["arm"], order["mean"], strict=True)]
    named = [fitted(text, 72 * MOST_WIDE * width_of(ax), 7, "bold") for text in texts[:NAMED]]
    sizes = [(max(text_width(line, 7, "bold") for line in lines), len(lines)) for lines in named]
    steps = _taken(front, order if len(order) <= FEW else order[:0], cost, (left, right, wide), (bottom, top, tall))
    found = point_labels.places(x, y, sizes, wide, tall, steps)
    for arm, at, up, lines, (across, _), (to, high, far) in zip(order["arm"], x, y, named, sizes, found, strict=False):
        if far:
            near = to - np.clip(to - at, -across / 2, across / 2)
            ends = [at / wide, near / wide], [up / tall, high / tall]
            ax.add_line(Line2D(*ends, transform=ax.transAxes, color=faint(), linewidth=0.5, zorder=1.5))
        color = findings.darker(_style(int(arm), outcomes)["color"])
        place: dict[str, Any] = {"transform": ax.transAxes, "ha": "center", "va": "center"}
        said = ax.text(to / wide, high / tall, "\n".join(lines), fontsize=7, fontweight="bold", color=color, **place)
        said.set(path_effects=halo(), zorder=5, linespacing=1.1)
        said.set_in_layout(False)


def _taken(
    front: pd.DataFrame, barred: pd.DataFrame, cost: str, across: tuple[float, float, float], up: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Boxes along the level parts of the front and around intervals, which names are not to cover, in points."""
    (left, right, wide), (bottom, top, tall) = across, up
    at = wide * (barred[cost].to_numpy(dtype=float) - left) / (right - left)
    low, high = (tall * (barred[side].to_numpy(dtype=float) - bottom) / (top - bottom) for side in ("low", "high"))
    bars = np.nan_to_num(np.stack([at - 1, at + 1, low, high], axis=1))
    if not len(front):
        return bars
    x = wide * (np.array([*front[cost].astype(float), right]) - left) / (right - left)
    y = tall * (front["mean"].to_numpy(dtype=float) - bottom) / (top - bottom)
    level = np.stack([x[:-1], x[1:], y - 1, y + 1], axis=1)
    word = np.array([[wide - 45, wide, y[-1], y[-1] + 9]])
    return np.vstack([level, word, bars])


def _axis(ax: Axes, amounts: NDArray[np.float64], cost: str) -> None:
    left, right = ax.get_xlim()
    timed = cost == "seconds"
    _, size, unit = next(unit for unit in (TIMES if timed else UNITS) if amounts.max() >= unit[0])
    ax.set_xlabel(f"{unit} of training, mean over seeds" if timed else f"{COSTS[cost].axis}{unit}")
    ticks = round_ticks(6).tick_values(left / size, right / size)
    ticks = [tick for tick in ticks if left <= size * tick <= right]
    ax.set_xticks([size * tick for tick in ticks], _exact(ticks))


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


def _finding(known: pd.DataFrame, labels: Mapping[int, str], cost: str, question: Question) -> str:
    """The arm with the best value, and what it costs beside the baseline."""
    metric = question.metric
    here = known[known[cost].notna()]
    top = here.iloc[int((metric.better * here["mean"].to_numpy(dtype=float)).argmax())]
    base = here[here["arm"] == question.baseline]
    what = f"{findings.best(metric)} {question.evaluation_set} {metric.name}"
    name = labels[int(top["arm"])]
    own = "the baseline" if int(top["arm"]) == question.baseline else name
    if int(top["arm"]) == question.baseline or base.empty or not float(base[cost].iloc[0]):
        return capital(f"{own} has the {what}")
    ratio = float(top[cost]) / float(base[cost].iloc[0])
    if abs(ratio - 1) <= CLOSE:
        return capital(f"{own} has the {what}, at about the baseline's {COSTS[cost].name}")
    return capital(f"{own} has the {what}, at {ratio:.2g} times the baseline's {COSTS[cost].name}")
