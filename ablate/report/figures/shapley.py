"""Shapley values: what each factor adds, averaged over all orders of switching them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ablate import numbers
from ablate.report import bounds
from ablate.report.figures import rows
from ablate.report.figures.legend import LINE, UNDER, below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, limits, tell
from ablate.results.question import METRICS, Metric, Question
from ablate.stats import percent

BAR = 0.8  # lines that a bar is high
FILL = "0.75"
PLACE = 80  # among the figures of a report


def part(question: Question, shapley: pd.DataFrame, places: int) -> Drawn | None:
    """What each factor adds; None for other designs than full two-level factorials."""
    if shapley.empty:
        return None
    said, drawn = bounds.without_bar(shapley, question.metric), bounds.drawn(shapley, question.metric)
    ax = shapley_bars(drawn, single(), question.evaluation_set, question.metric, places, said)
    return Drawn("shapley", "What each factor adds: Shapley values", fit(ax, rows.height(ax)))


def shapley_bars(
    shapley: pd.DataFrame,
    ax: Axes,
    evaluation_set: str = "test",
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    more: Sequence[str] = (),
) -> Axes:
    """Draw a bar for each factor, with its interval. The axes are to be as high as `rows.height` says.

    Args:
        shapley: columns change, points, low, high, level: of the intervals, the same in all rows.
        more: sentences of the legend besides its own.
    """
    with drawing():
        texts = [f"{numbers.signed(value, places)} {metric.points}" for value in shapley["points"]]
        middles = rows.lay(ax, shapley["change"].tolist(), texts)
        ax.set_xlim(*limits([0, *shapley["points"], *shapley["low"], *shapley["high"]]))
        for middle, text, row in zip(middles, texts, shapley.to_dict("records"), strict=True):
            ax.barh(middle, row["points"], height=BAR, color=FILL, edgecolor="black", linewidth=0.7)
            ax.plot([0, 0], [middle - BAR / 1.6, middle + BAR / 1.6], color="black", linewidth=0.7)
            if np.isfinite([row["low"], row["high"]]).all():
                ax.plot([row["low"], row["high"]], [middle] * 2, color="black", linewidth=1.4, zorder=3)
            (dot,) = ax.plot(row["points"], middle, "o", color="black", markersize=3.5, zorder=4)
            tell(dot, [f"{row['change']}: {text} ({numbers.interval(row['low'], row['high'], places)})"])
        ax.xaxis.set_major_locator(MaxNLocator(7))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel(f"{metric.name} on the {evaluation_set} set,\nShapley value ({metric.points})")
        handles: list[Artist] = [Patch(facecolor=FILL, edgecolor="black", linewidth=0.7, label="mean over seeds")]
        said = ["what switching the factor adds, averaged over every order of switching all of them", *more]
        if shapley["low"].notna().any():
            label = f"interval at {percent(shapley['level'].iloc[0])}: no verdict"
            handles.append(Line2D([], [], color="black", linewidth=1.4, label=label))
        below(ax, handles, said, under=UNDER + LINE)
    return ax
