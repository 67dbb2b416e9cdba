"""The differences that are judged: family intervals, a dot a seed, and the verdict in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ablate import numbers
from ablate.report import bounds, sentences
from ablate.report.figures import bars, rows
from ablate.report.figures.legend import LINE, UNDER, below, dots, shade
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import GREY, ORANGE, SHADE, drawing, limits, tell
from ablate.results.question import METRICS, Metric, Question
from ablate.stats import equivalence_percents, percents
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.text import counted

FELL: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 4.5, "color": ORANGE, "zorder": 3.5}
SAID = {"†": "† the interval for new images would not give this verdict"}
ABOVE, BELOW = -0.2, 0.33  # lines from the middle of a row to its interval and to its dots
NEW = -0.45  # lines from the middle of a row to its interval for new images, which is often hardly longer and would be hidden
HIGH = 0.62  # lines from the middle to the edges of the shaded margin
REACH = 3.0  # of the median width of intervals: how far from all means the axis goes for a wider one
PLACE = 10  # among the figures of a report


def part(
    question: Question,
    comparisons: pd.DataFrame,
    samples: pd.DataFrame,
    pair_labels: dict[tuple[int, int], str],
    versus: str,
    places: int,
    unstable_seeds: pd.DataFrame,
) -> Drawn | None:
    """What was judged; None where nothing was."""
    if comparisons.empty:
        return None
    effects, metric = question.effects, question.metric
    frame = bounds.drawn(comparisons if effects else comparisons.assign(name=list(pair_labels.values())), metric)
    wide = bounds.too_wide(comparisons, metric)
    texts = [
        sentences.verdict(row, question.margin, interaction=bool(effects) and len(effects[number]) > 1)
        + (f" ({numbers.TOO_FEW} for an interval)" if wide.iloc[number] else "")
        for number, row in enumerate(frame.to_dict("records"))
    ]
    what, judged = ("effect", "effect") if effects else (f"difference from {versus}", "difference")
    axis = f"{question.axis},\n{what} ({metric.points})"
    given = (question.levels, axis, question.margin, metric, places, judged, unstable_seeds)
    ax = forest(frame, samples, texts, single(), *given)
    return Drawn("effects", "What was judged, with family intervals and verdicts", fit(ax, rows.height(ax)))


def forest(
    comparisons: pd.DataFrame,
    samples: pd.DataFrame,
    texts: Sequence[str],
    ax: Axes,
    levels: Sequence[float],
    difference: str,
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    judged: str = "difference",
    unstable_seeds: pd.DataFrame | None = None,
) -> Axes:
    """Draw a row for each difference that is judged: mean and family interval, the seeds, and the verdict.

    A thin line above is the interval for new images too, where it is known. The axes are to be as high as `rows.height` says.

    Of more than `rows.MOST` comparisons the largest are drawn, and the figure says so.

    Args:
        comparisons: columns name, aliases, points, low, high, low_new, high_new, verdict.
        samples: a row a comparison, a column a seed, in points.
        texts: the verdicts in words.
        levels: of the family intervals, one a row.
        difference: what is drawn, for the label of the axis.
        margin: in points, shaded around 0.
        places: decimals of the values that a pointer shows.
        judged: what each row is.
        unstable_seeds: as `samples`, whether a run behind it is unstable; None where none is.
    """
    edges = [0.0] if margin is None else [-margin, 0.0, margin]
    count = len(comparisons)
    kept = rows.largest(comparisons["points"].abs())
    comparisons, samples, texts = comparisons.iloc[kept], samples.iloc[kept], [texts[row] for row in kept]
    seeds = samples.to_numpy(dtype=float)
    fell = np.zeros(seeds.shape, dtype=bool) if unstable_seeds is None else unstable_seeds.iloc[kept].to_numpy(dtype=bool)
    fell = fell & np.isfinite(seeds)
    with drawing():
        names = (comparisons["name"] + "\n" + comparisons["aliases"]).str.strip("\n")
        middles = rows.lay(ax, names.tolist(), list(texts))
        low, high = _limits(comparisons, seeds, edges)
        ax.set_xlim(low, high)
        for middle, values, falls, row in zip(middles, seeds, fell, comparisons.to_dict("records"), strict=True):
            _zero(ax, middle, margin)
            bars.across(ax, middle + NEW, row["low_new"], row["high_new"], color=GREY, linewidth=0.9)
            bars.across(ax, middle + ABOVE, row["low"], row["high"], color="black", linewidth=2.2)
            look, at = SHOWN[Outcome(row["verdict"])], middle + ABOVE
            (dot,) = ax.plot(row["points"], at, look.marker, markersize=6.5, color=look.color, zorder=4)
            dot.set_markeredgecolor("black")
            tell(dot, [_told(row, metric, places)])
            (line,) = ax.plot(
                values, np.full(len(values), middle + BELOW), "o", markersize=3, color="0.2", markerfacecolor="white", zorder=3
            )
            line.set_markeredgewidth(0.7)
            if falls.any():
                ax.plot(values[falls], np.full(falls.sum(), middle + BELOW), **FELL)
            for beyond in values[(values < low) | (values > high)]:
                bars.across(ax, middle + BELOW, beyond, beyond, color="0.2", linewidth=0.7)
            tell(
                line,
                [
                    f"seed {seed}: {numbers.signed(value, places)} {metric.points}" if np.isfinite(value) else ""
                    for seed, value in zip(samples.columns, values, strict=True)
                ],
            )
        ax.xaxis.set_major_locator(MaxNLocator(7))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel(difference)
        ax.set_title(f"{percents(levels)} family intervals, {counted(count, judged)} judged", pad=8)
        handles, said = _meaning(comparisons, texts, margin, metric, levels, bool(fell.any()))
        said += rows.told(count, judged)
        ends = [*comparisons[["low", "high", "low_new", "high_new"]].to_numpy(dtype=float).ravel(), *seeds.ravel()]
        below(ax, handles, said + bars.cut(ends, (low, high)), under=UNDER + LINE * difference.count("\n"))
    return ax


def _limits(comparisons: pd.DataFrame, seeds: NDArray[np.float64], edges: Sequence[float]) -> tuple[float, float]:
    """The axis holds all means, and what else lies near enough to them that one wide interval does not hide the others."""
    shown = np.array([*comparisons["points"].dropna(), *edges])
    widths = (comparisons["high"] - comparisons["low"]).dropna()
    reach = REACH * float(widths.median()) if len(widths) else np.inf
    lowest, highest = shown.min() - reach, shown.max() + reach
    near = seeds[(seeds >= lowest) & (seeds <= highest)]
    lows, highs = (comparisons[[side, f"{side}_new"]].to_numpy(dtype=float).ravel() for side in ("low", "high"))
    return limits([*shown, *near], lows.clip(lowest, highest), highs.clip(lowest, highest))


def _zero(ax: Axes, middle: float, margin: float | None) -> None:
    """The margin and the 0 behind a row; names between the rows stand on white."""
    if margin is not None:
        ax.add_patch(Rectangle((-margin, middle - HIGH), 2 * margin, 2 * HIGH, color=SHADE, linewidth=0, zorder=0))
    ax.plot([0, 0], [middle - HIGH, middle + HIGH], color="black", linewidth=0.7, zorder=1)


def _told(row: Mapping[Any, Any], metric: Metric, places: int) -> str:
    within = numbers.interval(row["low"], row["high"], places)
    return f"{row['name']}: {numbers.signed(row['points'], places)} {metric.points} ({within})"


def _meaning(
    comparisons: pd.DataFrame, texts: Sequence[str], margin: float | None, metric: Metric, levels: Sequence[float], fell: bool
) -> tuple[list[Artist], list[str]]:
    """The handles of what is drawn, and the sentences above them."""
    handles: list[Artist] = []
    if comparisons["low"].notna().any():
        label = "mean and family interval: it decides" + ("" if margin is None else f" {Outcome.HELPS} and {Outcome.HURTS}")
        handles.append(Line2D([], [], color="black", linewidth=2.2, marker="D", markerfacecolor="white", label=label))
    if comparisons["low_new"].notna().any():
        handles.append(Line2D([], [], color=GREY, linewidth=0.9, label="above it, thin: the same for new images, too"))
    handles.append(dots("a seed"))
    if fell:
        handles.append(Line2D([], [], label="a seed with an unstable run", **FELL))
    if margin is not None:
        handles.append(shade(margin, metric.points))
    untold = comparisons["verdict"] == Outcome.NO_VERDICT
    drawn = [each for each in Outcome if (untold.any() if each == Outcome.NO_VERDICT else not untold.all())]
    said = ["  ".join(f"{SHOWN[each].sign} {each}" for each in drawn)]
    if margin is not None and comparisons["verdict"].eq(Outcome.NO_EFFECT).any():
        said.append(f"{Outcome.NO_EFFECT}: the {equivalence_percents(levels)} interval, not drawn, lies in the shaded margin")
    said += [line for mark, line in SAID.items() if any(mark in text for text in texts)]
    return handles, said
