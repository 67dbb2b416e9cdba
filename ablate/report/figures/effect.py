"""Differences over training: a panel a comparison, each with its band, all with the same axes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ablate import numbers
from ablate.report import bounds, naming
from ablate.report.figures import rows
from ablate.report.figures.legend import LEGEND_WIDTH, named, shade
from ablate.report.figures.save import Drawn, blank, fit
from ablate.report.figures.style import BLUE, SHADE, SMALL, WIDTH, drawing, fitted, headline, limits, tell
from ablate.results.question import METRICS, Metric, Question
from ablate.text import counted

PANEL, LOW_PANEL = 0.85, 0.6  # inches that a panel is high, where rows are few and where they are more than FEW_ROWS
FEW_ROWS = 4
TOLD = 12  # points of a curve whose values a pointer shows, at most
MARKED = 20  # points of a curve that carry markers, at most
TITLE_WIDTH = (72 * WIDTH - 80, 36 * WIDTH - 36)  # points, with one column of panels and with two
SHRUNK = "bands are cut where they leave the panel"
PLACE = 50  # among the figures of a report


def part(
    question: Question,
    over_training: pd.DataFrame,
    arms: pd.DataFrame,
    pair_labels: dict[tuple[int, int], str],
    versus: str,
    places: int,
) -> Drawn | None:
    """The differences over training; None where there are none."""
    if over_training.empty:
        return None
    left_out = naming.pairs_left_out(arms, pair_labels, over_training)
    within = bounds.drawn(over_training, question.metric, np.inf)
    figure = effect_vs_step(within, pair_labels, blank(), question.margin, question.metric, places, versus, left_out)
    drawn = fit(figure, height(len(over_training[["arm", "against"]].drop_duplicates())))
    return Drawn("effects_over_training", f"{naming.differences(versus)} over training", drawn)


def effect_vs_step(
    over_training: pd.DataFrame,
    names: Mapping[tuple[int, int], str],
    figure: Figure,
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    versus: str = "the baseline",
    left_out: Sequence[str] = (),
) -> Figure:
    """Draw the paired difference of each comparison at every evaluation, with its pointwise 95% band: no verdict.

    Of more than `rows.MOST` comparisons those are drawn that are largest at their end, and the legend says so.

    Args:
        over_training: columns arm, against, step, n, points, low, high.
        names: of the comparisons, by arm and the one that it is compared with.
        figure: an empty one.
        margin: in points, shaded around 0.
        places: decimals of the values that a pointer shows.
        versus: what arms are compared with, in words.
        left_out: comparisons without a value, for the legend.
    """
    pairs = list(over_training[["arm", "against"]].drop_duplicates().itertuples(index=False, name=None))
    count, ends = len(pairs), over_training.groupby(["arm", "against"])["points"].last().abs()
    pairs = [pairs[row] for row in rows.largest(ends.reindex(pairs))]
    over_training = over_training[pd.MultiIndex.from_frame(over_training[["arm", "against"]]).isin(pairs)]
    columns = 1 if len(pairs) == 1 else 2
    with drawing():
        panels = figure.subplots(count_rows(len(pairs)), columns, sharex=True, sharey=True, squeeze=False)
        edges = [-margin, 0, margin] if margin is not None else [0]
        low, high = limits([*over_training["points"], *edges], over_training["low"], over_training["high"], cut=0.5)
        for (arm, against), ax in zip(pairs, panels.flat, strict=False):
            curve = over_training[(over_training["arm"] == arm) & (over_training["against"] == against)]
            _panel(ax, curve, names[arm, against], margin, metric, places)
            ax.set_title("\n".join(fitted(names[arm, against], TITLE_WIDTH[columns - 1])), pad=3)
        for ax in panels.flat[len(pairs) :]:
            ax.remove()
            panels[-2, -1].tick_params(labelbottom=True)
            panels[-2, -1].set_xlabel("step", fontsize=SMALL)
        panels[0, 0].set_ylim(low, high)
        for ax in panels[-1, : 2 - len(pairs) % 2]:
            ax.set_xlabel("step", fontsize=SMALL, labelpad=1)
        difference = f"{metric.name}, difference from {versus} ({metric.points})"
        headline(figure, difference)
        cut = over_training["low"].min() < low or over_training["high"].max() > high
        _legend(figure, over_training, margin, metric, cut, [*rows.told(count, "difference"), *named("not drawn", left_out)])
    return figure


def count_rows(comparisons: int) -> int:
    """Rows of panels."""
    return 1 if comparisons == 1 else math.ceil(min(comparisons, rows.MOST) / 2)


def height(comparisons: int) -> float:
    """How high the axes of all rows are to be, in inches; one or two panels have room to be higher."""
    count = count_rows(comparisons)
    return max(count * (PANEL if count <= FEW_ROWS else LOW_PANEL), 1.6)


def _panel(ax: Axes, curve: pd.DataFrame, name: str, margin: float | None, metric: Metric, places: int) -> None:
    if margin is not None:
        ax.axhspan(-margin, margin, color=SHADE, linewidth=0, zorder=0)
    ax.axhline(0, color="black", linewidth=0.6, zorder=1)
    if curve["low"].notna().any():
        if len(curve) == 1:
            ax.vlines(curve["step"], curve["low"], curve["high"], color=BLUE, alpha=0.5, linewidth=3)
        else:
            ax.fill_between(curve["step"], curve["low"], curve["high"], color=BLUE, alpha=0.3, linewidth=0)
    marker = "o" if len(curve) <= MARKED else ""
    (line,) = ax.plot(curve["step"], curve["points"], color="black", linewidth=1.1, marker=marker, markersize=1.8)
    every = math.ceil(len(curve) / TOLD)
    values = curve[["step", "points", "low", "high"]].itertuples(index=False)
    texts = [
        f"{name}, step {step:,}: {numbers.signed(points, places)} {metric.points} ({numbers.interval(low, high, places)})"
        for step, points, low, high in values
    ]
    tell(line, [text if (len(texts) - 1 - place) % every == 0 else "" for place, text in enumerate(texts)])
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_major_formatter(_thousands if curve["step"].max() >= 10_000 else _whole)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.tick_params(labelsize=SMALL)
    ax.spines["top"].set_visible(False)


def _thousands(step: float, _: float) -> str:
    """Steps that fit below a narrow panel."""
    return f"{step / 1000:,g}k" if step else "0"


def _whole(step: float, _: float) -> str:
    return f"{step:,.0f}"


def _legend(
    figure: Figure, over_training: pd.DataFrame, margin: float | None, metric: Metric, cut: bool, said: Sequence[str]
) -> None:
    fewest, most = over_training["n"].min(), over_training["n"].max()
    seeds = counted(int(most), "seed") if fewest == most else f"{fewest} to {most} seeds"
    handles: list[Artist] = [Line2D([], [], color="black", linewidth=1.1, label=f"mean of {seeds}, paired by seed")]
    if np.isfinite(over_training["low"]).any():
        label = "95% band, pointwise: no verdict" + (f"; {SHRUNK}" if cut else "")
        handles.append(Patch(color=BLUE, alpha=0.3, linewidth=0, label="\n".join(fitted(label, 72 * WIDTH - 60))))
    if margin is not None:
        handles.append(shade(margin, metric.points))
    title = "\n".join(line for text in said for line in fitted(text, LEGEND_WIDTH)) or None
    look = {"frameon": False, "handlelength": 2.2, "borderaxespad": 0.2}
    figure.legend(handles=handles, title=title, alignment="left", loc="outside lower left", **look)
