"""Tuned learning rates: the effects at the shared rate and at each arm's own best."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from ablate import numbers
from ablate.report import bounds, sentences
from ablate.report.figures import bars, rows
from ablate.report.figures.legend import LINE, UNDER, below, shade
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import BLUE, SHADE, drawing, limits, tell
from ablate.results.question import METRICS, Metric, Question
from ablate.results.retuned import Effect, Pair, Retuned
from ablate.stats import percents

TRACK = 2.2  # lines that the two intervals of an arm take
APART = 0.5  # lines from the middle of a row to each of them
SIDES = {"shared": (-APART, "o", "black"), "own": (APART, "D", BLUE)}  # place, marker and color
NAMES = {"shared": "at the shared learning rate", "own": "each at its own best one, conditional on that choice"}
PLACE = 20  # among the figures of a report


def part(question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int) -> Drawn | None:
    """Both effects of each arm; None where no rates were tuned."""
    if retuned is None:
        return None
    metric = question.metric
    axis = f"{question.axis},\ndifference from the baseline ({metric.points})"
    given = (question.levels, axis, question.margin, metric, places, bounds.without_bar(comparisons, metric))
    ax = effects_by_rate(bounds.drawn(comparisons, metric), retuned.effects, single(), *given)
    title = "Effects at the shared learning rate and at each arm's own best"
    return Drawn("effects_by_rate", title, fit(ax, rows.height(ax)))


def effects_by_rate(
    comparisons: pd.DataFrame,
    effects: Sequence[Effect],
    ax: Axes,
    levels: Sequence[float],
    difference: str,
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    more: Sequence[str] = (),
) -> Axes:
    """Draw a row for each arm: its difference from the baseline at the shared learning rate and at the best of both.

    The axes are to be as high as `rows.height` says.

    Args:
        comparisons: columns arm, against, points, low, high, and those of verdicts.
        effects: of the arms.
        levels: of the family intervals, one a row.
        difference: what is drawn, for the label of the axis.
        margin: in points, shaded around 0.
        places: decimals of the values that a pointer shows.
        more: sentences of the legend besides its own.
    """
    by_pair = {(row["arm"], row["against"]): row for row in comparisons.to_dict("records")}
    with drawing():
        labels = [f"{each.label}\nbest lr {each.lr:g}, the baseline's {each.baseline:g}" for each in effects]

        def verdict(pair: Pair | None) -> str:
            return "one arm" if pair is None else sentences.short(by_pair[pair], margin)

        texts = [
            verdict(each.shared) if each.shared == each.own else f"{verdict(each.shared)} | {verdict(each.own)}"
            for each in effects
        ]
        middles = rows.lay(ax, labels, texts, TRACK)
        edges = [0.0] if margin is None else [-margin, 0.0, margin]
        shown = comparisons["points"].dropna()
        ax.set_xlim(*limits([*shown, *edges], comparisons["low"], comparisons["high"]))
        for middle, each in zip(middles, effects, strict=True):
            if margin is not None:
                box = Rectangle((-margin, middle - TRACK / 2), 2 * margin, TRACK, color=SHADE, linewidth=0, zorder=0)
                ax.add_patch(box)
            ax.plot([0, 0], [middle - TRACK / 2, middle + TRACK / 2], color="black", linewidth=0.7, zorder=1)
            for side, pair in (("shared", each.shared), ("own", each.own)):
                if pair is None:
                    continue
                row, (place, marker, color) = by_pair[pair], SIDES[side]
                bars.across(ax, middle + place, row["low"], row["high"], color=color, linewidth=1.6)
                (dot,) = ax.plot(row["points"], middle + place, marker, color=color, markersize=5, zorder=4)
                within = numbers.interval(row["low"], row["high"], places)
                size = f"{numbers.signed(row['points'], places)} {metric.points} ({within})"
                tell(dot, [f"{each.label}, {NAMES[side].partition(',')[0]}: {size}"])
        ax.xaxis.set_major_locator(MaxNLocator(7))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel(difference)
        ax.set_title(f"{percents(levels)} family intervals; verdicts: shared | own best", pad=8)
        handles = [
            Line2D([], [], color=color, marker=marker, linewidth=1.6, markersize=5, label=NAMES[side])
            for side, (_, marker, color) in SIDES.items()
        ]
        shades = [] if margin is None else [shade(margin, metric.points)]
        said = [*more, *bars.cut([*comparisons["low"], *comparisons["high"]], ax.get_xlim())]
        below(ax, [*handles, *shades], said, under=UNDER + LINE * difference.count("\n"))
    return ax
