"""The differences that are judged: a row each, with its adjusted interval, its seeds, its value and its verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ablate import numbers
from ablate.report import bounds, headline
from ablate.report.figures import bars, findings, rows
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, ink, is_wide, limits, look, round_ticks, soft, tell
from ablate.results.frames import Results
from ablate.results.question import METRICS, Metric, Question
from ablate.stats import equivalence_percents, percents
from ablate.stats.outcomes import Outcome
from ablate.text import capital

ABOVE, BELOW = -0.25, 0.55  # lines from the middle of a row to its interval and to its seeds
REACH = 3.0  # of the median width of intervals: how far from all means the axis goes for a wider one
MEAN, SEED = 5.0, 2.4  # points across
DAGGER = "† The verdict for new images differs."
PLACE = 10  # among the figures of a report


def part(
    results: Results,
    question: Question,
    comparisons: pd.DataFrame,
    samples: pd.DataFrame,
    pair_labels: dict[tuple[int, int], str],
    versus: str,
    places: int,
    unstable_seeds: pd.DataFrame,
    arms: pd.DataFrame,
    partner: str | None,
    ax: Axes | None = None,
) -> Drawn | None:
    """What was judged; None where nothing was."""
    if comparisons.empty:
        return None
    effects, metric = question.effects, question.metric
    frame = bounds.readable(comparisons if effects else comparisons.assign(name=list(pair_labels.values())), metric)
    judged = "effect" if effects else "difference"
    axis = f"{'effect' if effects else f'difference from {versus}'}, {metric.points}"
    ax = ax or single()
    forest(frame, samples, ax, question.margin, metric, places, axis, unstable_seeds, ordered=partner is not None)
    said = [f"{capital(question.axis)}.", _lines_are(frame, question), _circles(unstable_seeds)]
    said += _baseline(question, arms, versus, places)
    said += [DAGGER] if frame["dagger"].any() else []
    said += [*bars.cut(ax), *rows.told(len(frame), judged)]
    finding = headline.text(headline.headline(results, question, comparisons)).removesuffix(".")
    return Drawn("effects", "What was judged, with verdicts", fit(ax, rows.height(ax), finding, " ".join(said)))


def forest(
    comparisons: pd.DataFrame,
    samples: pd.DataFrame,
    ax: Axes,
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    difference: str = "",
    unstable_seeds: pd.DataFrame | None = None,
    ordered: bool = False,
) -> Axes:
    """Draw a row for each difference that is judged: mean and adjusted interval, the seeds, the value and the verdict.

    The largest difference comes first. Of more than `rows.MOST` comparisons the largest are drawn. The axes are to be as high
    as `rows.height` says.

    Args:
        comparisons: columns name, aliases, points, low, high, verdict; an interval without bounds is too wide to be drawn.
        samples: a row a comparison, a column a seed, in points.
        margin: in points, shaded around 0.
        places: decimals of the values.
        difference: what is drawn, for the label of the axis.
        unstable_seeds: as `samples`, whether a run behind it is unstable; None where none is.
        ordered: whether rows keep their order, as those of a ladder.
    """
    order = rows.largest(comparisons["points"].abs())
    if not ordered:
        order = sorted(order, key=lambda row: -np.nan_to_num(comparisons["points"].iloc[row], nan=-np.inf))
    comparisons, seeds = comparisons.iloc[order], samples.to_numpy(dtype=float)[order]
    fell = np.zeros(seeds.shape, dtype=bool) if unstable_seeds is None else unstable_seeds.to_numpy(dtype=bool)[order]
    drawn = comparisons.assign(**{side: comparisons[side].where(np.isfinite(comparisons[side])) for side in ("low", "high")})
    with drawing():
        middles = rows.lay(
            ax,
            comparisons["name"].tolist(),
            _columns(comparisons, places, is_wide(ax)),
            notes=comparisons["aliases"].tolist(),
            top=rows.HEAD,
        )
        edges = [0.0] if margin is None else [-margin, 0.0, margin]
        low, high = _limits(drawn, seeds, edges)
        ax.set_xlim(low, high)
        rows.zero(ax, margin, metric.points)
        for middle, values, falls, row in zip(middles, seeds, fell, drawn.to_dict("records"), strict=True):
            style = look(0, Outcome(row["verdict"]))
            bars.across(ax, middle + ABOVE, row["low"], row["high"], color=style["color"], linewidth=1.7)
            (dot,) = ax.plot(row["points"], middle + ABOVE, markersize=MEAN, markeredgewidth=0.9, zorder=4, **style)
            tell(dot, [_told(row, metric, places)])
            _seeds(ax, middle + BELOW, values, falls, samples.columns.tolist(), metric, places)
        ax.xaxis.set_major_locator(round_ticks(8 if is_wide(ax) else 4))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel(difference if is_wide(ax) else "\n".join(findings.broken(difference, ax)))
    return ax


def _columns(comparisons: pd.DataFrame, places: int, wide: bool) -> list[rows.Column]:
    values = rows.Column([numbers.signed(value, places) for value in comparisons["points"]], "right", bold=True)
    ends = zip(comparisons["low"], comparisons["high"], strict=True)
    within = rows.Column([numbers.interval(*each, places) for each in ends], colors=[soft()] * len(comparisons), small=True)
    verdicts = [Outcome(verdict) for verdict in comparisons["verdict"]]
    colors = [findings.word_color(verdict) for verdict in verdicts]
    marked = comparisons["dagger"] if "dagger" in comparisons else [False] * len(comparisons)
    words = [f"{verdict} †" if dagger else str(verdict) for verdict, dagger in zip(verdicts, marked, strict=True)]
    said = rows.Column(words, bold=wide, colors=colors, small=not wide)
    return [values, within, said] if wide else [values, said]


def _seeds(
    ax: Axes, y: float, values: NDArray[np.float64], fell: NDArray[np.bool_], names: Sequence[Any], metric: Metric, places: int
) -> None:
    """A circle a seed, filled where a run behind it is unstable, and an arrow at the edge that one lies beyond."""
    low, high = ax.get_xlim()
    (line,) = ax.plot(values, np.full(len(values), y), "o", markersize=SEED, color=soft(), markerfacecolor="none", zorder=3)
    line.set_markeredgewidth(0.5)
    if (fell & np.isfinite(values)).any():
        ax.plot(values[fell], np.full(fell.sum(), y), "o", markersize=SEED + 1, color=ink(), zorder=3.5)
    for beyond in values[(values < low) | (values > high)]:
        bars.across(ax, y, beyond, beyond, color=soft(), linewidth=0.7)
    tell(
        line,
        [
            f"seed {seed}: {numbers.signed(value, places)} {metric.points}" if np.isfinite(value) else ""
            for seed, value in zip(names, values, strict=True)
        ],
    )


def _limits(comparisons: pd.DataFrame, seeds: NDArray[np.float64], edges: Sequence[float]) -> tuple[float, float]:
    """The axis holds all means, and what else lies near enough to them that one wide interval does not hide the others."""
    shown = np.array([*comparisons["points"].dropna(), *edges])
    widths = (comparisons["high"] - comparisons["low"]).dropna()
    reach = REACH * float(widths.median()) if len(widths) else np.inf
    lowest, highest = shown.min() - reach, shown.max() + reach
    near = seeds[(seeds >= lowest) & (seeds <= highest)]
    lows, highs = (comparisons[side].to_numpy(dtype=float).clip(lowest, highest) for side in ("low", "high"))
    return limits([*shown, *near], lows, highs)


def _told(row: Mapping[Any, Any], metric: Metric, places: int) -> str:
    within = numbers.interval(row["low"], row["high"], places)
    return f"{row['name']}: {numbers.signed(row['points'], places)} {metric.points} ({within})"


def _lines_are(frame: pd.DataFrame, question: Question) -> str:
    """What the lines are, and which interval decides what."""
    if not np.isfinite(frame["low"]).any():
        return "No interval: too few seeds."
    line = f"Line: adjusted {percents(question.levels)} CI, decides {Outcome.HELPS} and {Outcome.HURTS}."
    if question.margin is None or not frame["verdict"].eq(Outcome.NO_EFFECT).any():
        return line
    return f"{line} The {equivalence_percents(question.levels)} CI, not drawn, decides {Outcome.NO_EFFECT}."


def _circles(unstable_seeds: pd.DataFrame) -> str:
    return "Circles: seeds, filled where a run is unstable." if unstable_seeds.any(axis=None) else "Circles: seeds."


def _baseline(question: Question, arms: pd.DataFrame, versus: str, places: int) -> list[str]:
    """The value of what all arms are compared with, where that is one arm."""
    others = {other for _, other in question.pairs}
    if question.effects or len(others) != 1:
        return []
    mean = arms.set_index("arm")["mean"].get(others.pop(), np.nan)
    name = versus.removeprefix("the ")
    unit = "" if question.metric.unit == "%" else " "
    return (
        [] if pd.isna(mean) else [f"{name[:1].upper()}{name[1:]}: {numbers.number(mean, places)}{unit}{question.metric.unit}."]
    )
