"""What the figures of a search share: the marks of trials, the scale of a searched key, and where an axis is cut."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from ablate.report.figures.bars import ARROW, SAID
from ablate.report.figures.style import BLUE, GREY, ORANGE, SMALL, fitted, tell
from ablate.results.search import as_number
from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension

MARKS: Mapping[str, dict[str, Any]] = {
    "done": {"marker": "o", "color": BLUE, "markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.5},
    "pruned": {"marker": "o", "color": GREY, "markersize": 4, "markerfacecolor": "white", "markeredgewidth": 0.9},
    "diverged": {"marker": "X", "color": ORANGE, "markersize": 6.5, "markeredgecolor": "white", "markeredgewidth": 0.5},
    "failed": {"marker": "x", "color": "black", "markersize": 5, "markeredgewidth": 1.2},
}
BEST: dict[str, Any] = {"marker": "o", "color": "black", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.4}
DEFAULT: dict[str, Any] = {"marker": "s", "color": "black", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.0}
SAYS = {
    "done": "trained to the end",
    "pruned": "pruned: no score",
    "diverged": "diverged: no score",
    "failed": "failed: no score",
}
CUT = 3.0  # how far below the median the axis goes on, in distances from the median to the best
FEW = 0.15  # the share of the scores, at most, that may lie beyond that
WIDE = 8.0  # ratio of numbers from which on their scale is logarithmic
ASIDE = 0.1  # of the distance between listed values: how far trials with one value are moved apart
TICK_WIDTH = 90  # points that the name of a listed value may be wide
RAIL = 0.09  # of the height of an axis of scores, for the trials without one
TICKS, ROUND = 5, (1, 2, 2.5, 5, 10)  # on an axis of scores that ends with such a rail: at most so many, in such steps
BROAD = 0.05  # of an axis, beyond its ends
# Of a logarithmic axis: how many decades, and the ticks of each; labels of more would touch.
STEPS: Sequence[tuple[float, tuple[float, ...]]] = ((1.5, (1.0, 2.0, 5.0)), (3.0, (1.0, 3.0)), (np.inf, (1.0,)))
DECADES = 6  # that are labeled, at most


def handle(look: Mapping[str, Any], label: str) -> Line2D:
    """The handle of a mark."""
    return Line2D([], [], label=label, linestyle="none", **look)


def handles(states: Iterable[str], best: bool = True, default: bool = True, says: Mapping[str, str] = SAYS) -> list[Line2D]:
    """The handles of the states that occur, of the best trial and of the default."""
    found = set(states)
    rings = [handle(BEST, "the best score")] * best + [handle(DEFAULT, "the default setting")] * default
    return [handle(MARKS[state], says[state]) for state in MARKS if state in found] + rings


def left_out(counts: Mapping[str, int]) -> list[str]:
    """A sentence on the trials that no figure draws."""
    others = [f"{count} {state}" for state, count in counts.items() if state not in MARKS]
    return [f"not drawn: {', '.join(others)}"] if others else []


def edges(values: Iterable[float], better: int, inside: Iterable[float] = ()) -> tuple[float, float]:
    """The limits of an axis of scores, which a few that are far worse than the usual do not flatten.

    Args:
        inside: scores that lie within, however bad.
    """
    known = np.array([value for value in values if np.isfinite(value)], dtype=float)
    if not known.size:
        return 0.0, 1.0
    best, worst = (known.max(), known.min()) if better > 0 else (known.min(), known.max())
    middle = float(np.median(known))
    far = middle - CUT * (best - middle) if best != middle else worst
    if np.mean(better * known < better * far) > FEW:
        far = worst
    end = max(worst, far) if better > 0 else min(worst, far)
    seen = [end, best, *(value for value in inside if np.isfinite(value))]
    low, high = float(min(seen)), float(max(seen))
    pad = 0.08 * (high - low or abs(high) * 0.02 or 1.0)
    return low - pad, high + pad


@dataclass(frozen=True)
class Room:
    """Where scores lie on the axis of scores, low to high, and the rail on which trials stand that have none."""

    low: float
    high: float
    rail: float


def room(ax: Axes, values: Iterable[float], better: int, rail: bool = True, inside: Iterable[float] = ()) -> Room:
    """Set the limits of the axis of scores, which goes on at its worse end, without ticks, where there is to be a rail.

    Args:
        inside: see `edges`.
    """
    low, high = edges(values, better, inside)
    ax.set_ylim(low, high)
    if not rail:
        return Room(low, high, float("nan"))
    away = RAIL * (high - low) * (-1 if better > 0 else 1)
    worse = low if better > 0 else high
    ax.set_ylim(min(low, worse + 2 * away), max(high, worse + 2 * away))
    ax.axhline(worse + 0.3 * away, color="0.6", linewidth=0.6, zorder=1)
    ticks = [tick for tick in MaxNLocator(TICKS, steps=ROUND).tick_values(low, high) if low <= tick <= high]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(FixedLocator([worse + away]))
    ax.yaxis.set_minor_formatter(FuncFormatter(lambda *_: "no score"))
    ax.tick_params(axis="y", which="minor", length=0, labelsize=SMALL)
    return Room(low, high, worse + away)


def marks(
    ax: Axes, x: Sequence[float], y: Sequence[float], texts: Sequence[str], look: Mapping[str, Any], within: Room
) -> bool:
    """Draw trials: those without a score on the rail, those beyond the edge as arrows at it; whether there were such."""
    beyond = [not np.isnan(value) and not within.low <= value <= within.high for value in y]
    shown = [np.nan if out else within.rail if np.isnan(value) else value for value, out in zip(y, beyond, strict=True)]
    (dots,) = ax.plot(x, shown, linestyle="none", zorder=3, **look)
    tell(dots, ["" if out else text for out, text in zip(beyond, texts, strict=True)])
    for at, value, text, out in zip(x, y, texts, beyond, strict=True):
        if out:
            edge, arrow = (within.low, CARETDOWN) if value < within.low else (within.high, CARETUP)
            (dot,) = ax.plot(at, edge, marker=arrow, color=look["color"], markersize=ARROW + 1, clip_on=False, zorder=4)
            tell(dot, [text])
    return any(beyond)


def arrows(cut: bool) -> list[str]:
    """What a legend says where values lie beyond the edge."""
    return [SAID] if cut else []


@dataclass(frozen=True)
class Scale:
    """How the values of a searched key lie on an axis. ticks: of words and listed numbers, (place, name) each.

    levels: the listed numbers, where they lie one beside the other as words do.
    """

    key: str
    log: bool
    ticks: tuple[tuple[float, str], ...] = ()
    numeric: bool = True
    levels: tuple[float, ...] = ()

    def one_beside_the_other(self) -> "Scale":
        """That of words for listed numbers, on which trials of one value have room to stand side by side."""
        if not (self.numeric and self.ticks):
            return self
        ordered = sorted(self.ticks)
        ticks = tuple((float(place), name) for place, (_, name) in enumerate(ordered))
        return Scale(self.key, False, ticks, numeric=False, levels=tuple(number for number, _ in ordered))

    def places(self, values: Iterable[Any]) -> list[float]:
        """Where values lie."""
        if self.numeric:
            return [float(value) for value in values]
        if self.levels:
            return [float(self.levels.index(float(value))) for value in values]
        names = [name for _, name in self.ticks]
        return [float(names.index(str(value))) if str(value) in names else float(len(names)) for value in values]

    def side_by_side(self, places: Sequence[float]) -> list[float]:
        """Places on an axis of words, those that are one moved apart a little, so that each trial is seen."""
        if self.numeric:
            return list(places)
        on = np.asarray(places, dtype=float)
        moved = np.array(on)
        for spot in np.unique(on):
            here = np.flatnonzero(on == spot)
            moved[here] += ASIDE * np.linspace(-1, 1, len(here)) if len(here) > 1 else 0.0
        return [float(place) for place in moved]

    def on(self, ax: Axes, across: bool, values: Iterable[float]) -> None:
        """Set the scale, limits and ticks of one axis of a figure, for the places that are to be drawn."""
        axis = ax.xaxis if across else ax.yaxis
        (ax.set_xscale if across else ax.set_yscale)("log" if self.log else "linear")
        seen = [*values, *(place for place, _ in self.ticks)]
        (ax.set_xlim if across else ax.set_ylim)(*self._limits(seen))
        if self.ticks:
            axis.set_major_locator(FixedLocator([place for place, _ in self.ticks]))
            names = {place: "\n".join(fitted(name, TICK_WIDTH)) for place, name in self.ticks}
            axis.set_major_formatter(FuncFormatter(lambda place, _: names.get(place, "")))
            axis.set_minor_locator(NullLocator())
        elif self.log:
            decades = np.log10(max(seen) / min(seen))
            steps = next(steps for most, steps in STEPS if decades <= most)
            axis.set_major_locator(LogLocator(subs=steps, numticks=DECADES))
            axis.set_major_formatter(FuncFormatter(lambda place, _: f"{place:g}"))
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(MaxNLocator(5))
        (ax.set_xlabel if across else ax.set_ylabel)(self.key)

    def _limits(self, seen: Sequence[float]) -> tuple[float, float]:
        low, high = min(seen), max(seen)
        if not self.log:
            pad = BROAD * (high - low) or 0.5
            return (low - pad, high + pad) if self.numeric else (low - 0.5, high + 0.5)
        pad = (high / low) ** BROAD if high > low else 1.5
        return low / pad, high * pad


def scale(key: str, one: Dimension) -> Scale:
    """The scale of a searched key: listed numbers lie where they are, words one beside the other."""
    if one.kind != "categorical":
        return Scale(key, one.log)
    numbers = [float(word) for word in one.choices] if is_numeric(one) else []
    if not numbers:
        return Scale(key, False, tuple((float(place), word) for place, word in enumerate(one.choices)), numeric=False)
    log = min(numbers) > 0 and len(numbers) > 2 and max(numbers) / min(numbers) >= WIDE
    log = log or (min(numbers) > 0 and _doubling(numbers))
    return Scale(key, log, tuple(zip(numbers, one.choices, strict=True)))


def _doubling(numbers: Sequence[float]) -> bool:
    """Whether listed numbers grow by a factor rather than by steps."""
    ordered = sorted(numbers)
    ratios = [after / before for before, after in pairwise(ordered)]
    return len(ordered) > 2 and max(ratios) - min(ratios) < 0.01 * max(ratios)


def is_numeric(one: Dimension) -> bool:
    """Whether the values of a key are numbers."""
    return one.kind != "categorical" or not any(isinstance(as_number(word), str) for word in one.choices)


def score(one: Objective, value: float) -> str:
    """A score for a pointer, as in `81.20%`."""
    return "no score" if pd.isna(value) else one.text(value)
