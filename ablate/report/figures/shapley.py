"""Shapley values: what each factor adds, averaged over all orders of switching them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report import bounds
from ablate.report.figures import findings, rows
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import band, drawing, faint, ink, is_wide, limits, round_ticks, soft, tell
from ablate.results.question import METRICS, Metric, Question
from ablate.stats import percent
from ablate.text import capital

BAR = 0.9  # lines that a bar is high
PLACE = 80  # among the figures of a report


def part(question: Question, shapley: pd.DataFrame, places: int, ax: Axes | None = None) -> Drawn | None:
    """What each factor adds; None for other designs than full two-level factorials."""
    if shapley.empty:
        return None
    frame = bounds.readable(shapley, question.metric)
    ax = ax or single()
    shapley_bars(frame, ax, question.axis, question.metric, places)
    about = ["What switching a factor adds, averaged over every order of switching all of them."]
    if np.isfinite(frame["low"]).any():
        about.append(f"Line: {percent(frame['level'].iloc[0])} CI, no verdict.")
    top = frame.iloc[int(frame["points"].abs().to_numpy(dtype=float).argmax())]
    points = question.metric.points
    finding = capital(f"{top['change']} has the largest share, {numbers.signed(top['points'], places)} {points}")
    return Drawn("shapley", "What each factor adds: Shapley values", fit(ax, rows.height(ax), finding, " ".join(about)))


def shapley_bars(
    shapley: pd.DataFrame,
    ax: Axes,
    measured: str = "accuracy on the test set",
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
) -> Axes:
    """Draw a bar for each factor, with its interval; the largest comes first. Axes are to be as high as `rows.height` says.

    Args:
        shapley: columns change, points, low, high, level: of the intervals, the same in all rows. An interval without bounds is
            too wide to be drawn.
        measured: for the label of the axis.
    """
    order = shapley["points"].sort_values(ascending=False, kind="stable").index
    shapley = shapley.loc[order]
    with drawing():
        texts = [numbers.signed(value, places) for value in shapley["points"]]
        within = [numbers.interval(*each, places) for each in zip(shapley["low"], shapley["high"], strict=True)]
        columns = [rows.Column(texts, "right", bold=True), rows.Column(within, colors=[soft()] * len(texts), small=True)]
        middles = rows.lay(ax, shapley["change"].tolist(), columns if is_wide(ax) else columns[:1])
        ends = shapley[["low", "high"]].to_numpy(dtype=float)
        ax.set_xlim(*limits([0, *shapley["points"], *ends[np.isfinite(ends)]]))
        ax.axvline(0, color=faint(), linewidth=0.7, zorder=1)
        for middle, text, said, row in zip(middles, texts, within, shapley.to_dict("records"), strict=True):
            ax.barh(middle, row["points"], height=BAR, color=band(), edgecolor=faint(), linewidth=0.6)
            if np.isfinite([row["low"], row["high"]]).all():
                ax.plot([row["low"], row["high"]], [middle] * 2, color=ink(), linewidth=1.4, solid_capstyle="butt", zorder=3)
            (dot,) = ax.plot(row["points"], middle, "o", color=ink(), markersize=3.5, zorder=4)
            tell(dot, [f"{row['change']}: {text} {metric.points} ({said})"])
        ax.xaxis.set_major_locator(round_ticks(8 if is_wide(ax) else 4))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel("\n".join(findings.broken(f"Shapley value of {measured}, {metric.points}", ax)))
    return ax
