"""What the figures of a search share: the marks of trials, the scale of a searched key, and where an axis is cut."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from ablate.report.figures import bars
from ablate.report.figures.bars import ARROW
from ablate.report.figures.style import faint, fitted, halo, ink, round_ticks, small, soft, tell
from ablate.results.search import as_number
from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension

RAMP = LinearSegmentedColormap.from_list("score", ["#c9d3db", "#7fa9c2", "#00476b"])  # of a score, the worst first
DARK, MIDDLE, PALE = "#00476b", "#7fa9c2", "#c9d3db"
MARKS: Mapping[str, dict[str, Any]] = {
    "done": {"marker": "o", "color": DARK, "markersize": 4.6, "markeredgecolor": "white", "markeredgewidth": 0.5},
    "pruned": {"marker": "o", "color": MIDDLE, "markersize": 4.2, "markerfacecolor": "white", "markeredgewidth": 1.1},
    "diverged": {"marker": "X", "color": "#626b76", "markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.4},
    "failed": {"marker": "x", "color": "#15181c", "markersize": 4, "markeredgewidth": 1.1},
}
RING: dict[str, Any] = {"marker": "o", "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 0.9, "color": "#15181c"}
BEST, DEFAULT = RING, RING | {"marker": "s", "markersize": 7.5}
SAYS = {
    "done": "Filled: trained to the end.",
    "pruned": "Rings: pruned, at their last score.",
    "diverged": "Crosses with a white edge: diverged.",
    "failed": "Thin crosses: failed.",
}
OTHERS = {"lapsed": "abandoned", "surplus": "duplicate"}  # states that another word is said for
CUT = 3.0  # how far below the median the axis goes on, in distances from the median to the best
FEW = 0.15  # the share of the scores, at most, that may lie beyond that
WIDE = 8.0  # ratio of numbers from which on their scale is logarithmic
ASIDE = 0.1  # of the distance between listed values: how far trials with one value are moved apart
TICK_WIDTH = 90  # points that the name of a listed value may be wide
RAIL = 0.09  # of the height of an axis of scores, for the trials without one
TICKS = 5  # on an axis of scores that ends with such a rail, at most
BROAD = 0.05  # of an axis, beyond its ends
# Of a logarithmic axis: how many decades, and the ticks of each; labels of more would touch.
STEPS: Sequence[tuple[float, tuple[float, ...]]] = ((1.5, (1.0, 2.0, 5.0)), (3.0, (1.0, 3.0)), (np.inf, (1.0,)))
DECADES = 6  # that are labeled, at most


def meaning(states: Iterable[str], counts: Mapping[str, int], axes: Sequence[Axes] = (), colored: bool = False) -> list[str]:
    """What marks mean, and the trials that no figure draws, a sentence each.

    Args:
        states: that occur. counts: of all trials by state. axes: of which it is said where values lie beyond their edges.
        colored: whether scores are colors.
    """
    found = set(states)
    said = [SAYS[state] for state in MARKS if state in found]
    said += ["The color is the score."] if colored else []
    others = [f"{count} {OTHERS.get(state, state)}" for state, count in counts.items() if state not in MARKS]
    said += [f"Not drawn: {', '.join(others)}."] if others else []
    return said + list(dict.fromkeys(each for ax in axes for each in bars.cut(ax)))


def rings(
    ax: Axes,
    places: pd.DataFrame,
    best: int | None,
    default: int | None,
    texts: tuple[str, str] = ("best", "default"),
) -> None:
    """Rings around the best trial and the default setting, with their names.

    Args:
        places: columns x and y, by number of a trial.
        best, default: the numbers; None where there is none. texts: their names.
    """
    same = best is not None and best == default
    shown: list[tuple[int | None, dict[str, Any], str]] = [(best, BEST, texts[0] + (", the default" if same else ""))]
    shown += [] if same else [(default, DEFAULT, texts[1])]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for number, look, text in shown:
        here = places[places.index == number]
        at = (float(here["x"].iloc[0]), float(here["y"].iloc[0])) if len(here) else (np.nan, np.nan)
        if not np.isfinite(at).all():
            continue
        ax.plot(*at, linestyle="none", zorder=5, clip_on=False, **look)
        x, y = ax.transAxes.inverted().transform(ax.transData.transform(at))
        side = "left" if x < 0.08 else "right" if x > 0.92 else "center"
        up = 6 if y < 0.88 else -6
        said = ax.annotate(text, at, (0, up), textcoords="offset points", ha=side, va="bottom" if up > 0 else "top", zorder=6)
        said.set(fontsize=small(), fontweight="bold", color=ink(), path_effects=halo())
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)


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


def room(ax: Axes, values: Iterable[float], one: Objective, rail: bool = True, inside: Iterable[float] = ()) -> Room:
    """Set the limits of the axis of scores, which goes on at its worse end, without ticks, where there is to be a rail.

    Args:
        inside: see `edges`.
    """
    better = one.better
    low, high = edges(values, better, inside)
    low, high = (max(low, 0.0), min(high, 100.0)) if one.unit == "%" else (low, high)
    ax.set_ylim(low, high)
    if not rail:
        return Room(low, high, float("nan"))
    away = RAIL * (high - low) * (-1 if better > 0 else 1)
    worse = low if better > 0 else high
    ax.set_ylim(min(low, worse + 2 * away), max(high, worse + 2 * away))
    ax.axhline(worse + 0.3 * away, color=faint(), linewidth=0.6, zorder=1)
    ticks = [tick for tick in round_ticks(TICKS).tick_values(low, high) if low <= tick <= high]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(FixedLocator([worse + away]))
    ax.yaxis.set_minor_formatter(FuncFormatter(lambda *_: "no score"))
    ax.tick_params(axis="y", which="minor", length=0, labelsize=small(), labelcolor=soft())
    return Room(low, high, worse + away)


def marks(
    ax: Axes, x: Sequence[float], y: Sequence[float], texts: Sequence[str], look: Mapping[str, Any], within: Room
) -> None:
    """Draw trials: those without a score on the rail, those beyond the edge as arrows at it."""
    beyond = [not np.isnan(value) and not within.low <= value <= within.high for value in y]
    shown = [np.nan if out else within.rail if np.isnan(value) else value for value, out in zip(y, beyond, strict=True)]
    (dots,) = ax.plot(x, shown, linestyle="none", zorder=3, **look)
    tell(dots, ["" if out else text for out, text in zip(beyond, texts, strict=True)])
    for at, value, text, out in zip(x, y, texts, beyond, strict=True):
        if out:
            edge, arrow = (within.low, CARETDOWN) if value < within.low else (within.high, CARETUP)
            (dot,) = ax.plot(at, edge, marker=arrow, color=look["color"], markersize=ARROW + 1, clip_on=False, zorder=4)
            tell(dot, [text])


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
            axis.set_major_locator(round_ticks(5))
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


def reached(frame: pd.DataFrame, one: Objective) -> "pd.Series[float]":
    """The score of each trial in its unit; of a pruned one its last, and none of one that diverged or failed."""
    last = frame["last_value"].where(frame["state"] == "pruned")
    found: pd.Series[float] = one.scale * frame[one.column].fillna(last)
    return found


def last_score(row: Mapping[Any, Any], one: Objective) -> str:
    """A score for a pointer, as in `81.20%`; of a pruned trial its last."""
    if pd.notna(row[one.column]):
        return one.text(row[one.column])
    known = row["state"] == "pruned" and pd.notna(row["last_value"])
    return f"last {one.text(row['last_value'])}" if known else "no score"
