"""Published values beside ours: does one new run of ours reach what somebody reported?"""

from collections.abc import Mapping

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ablate import numbers
from ablate.report.figures import bars, rows
from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import ORANGE, drawing, limits, tell
from ablate.report.naming import short
from ablate.results.question import Question

PLACES = 1  # that accuracies are published with
PLACE = 100  # among the figures of a report


def part(question: Question, published: pd.DataFrame, labels: dict[int, str]) -> Drawn | None:
    """Published accuracies beside ours; None where no arm is a published one."""
    if published.empty:
        return None
    ax = published_beside_ours(published, labels, single(), question.evaluation_set)
    return Drawn("published", "Published accuracies beside ours", fit(ax, rows.height(ax)))


def published_beside_ours(published: pd.DataFrame, labels: Mapping[int, str], ax: Axes, evaluation_set: str = "test") -> Axes:
    """Draw a row for each published accuracy: it, our mean, and our 95% prediction interval for one new run.

    The axes are to be as high as `rows.height` says.

    Args:
        published: columns arm, published, mean, low, high (in %), told.
        labels: the names of the arms, by number.
    """
    with drawing():
        texts = [
            f"published {numbers.number(value, PLACES)}: {told}"
            for value, told in published[["published", "told"]].itertuples(index=False)
        ]
        middles = rows.lay(ax, [short(labels[arm]) for arm in published["arm"]], texts)
        shown = [*published["published"], *published["mean"]]
        ax.set_xlim(*limits(shown, published["low"], published["high"], cut=2.0))
        left, right = ax.get_xlim()
        for middle, row in zip(middles, published.to_dict("records"), strict=True):
            ax.plot([left, right], [middle, middle], color="0.9", linewidth=0.6, zorder=0)
            bars.across(ax, middle, row["low"], row["high"], color="black", linewidth=2.2, zorder=1)
            (ours,) = ax.plot(row["mean"], middle, "o", color="black", markersize=5, zorder=2)
            within = numbers.interval(row["low"], row["high"], PLACES, signs=False)
            tell(ours, [f"ours: {numbers.number(row['mean'], 2)}%, one new run {within}"])
            (theirs,) = ax.plot(
                row["published"], middle, "D", markersize=7, markerfacecolor="none", color=ORANGE, markeredgewidth=1.5, zorder=3
            )
            tell(theirs, [f"published: {numbers.number(row['published'], PLACES)}%"])
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_xlabel(f"accuracy on the {evaluation_set} set (%)")
        handles: list[Artist] = [
            Line2D(
                [],
                [],
                label="published",
                linestyle="none",
                marker="D",
                markerfacecolor="none",
                color=ORANGE,
                markeredgewidth=1.5,
            ),
            Line2D([], [], label="ours, mean over seeds", linestyle="none", marker="o", color="black", markersize=5),
        ]
        if published["low"].notna().any():
            handles.append(Line2D([], [], label="95% prediction interval for one new run", color="black", linewidth=2.2))
        below(ax, handles, bars.cut([*published["low"], *published["high"]], (left, right)))
    return ax
