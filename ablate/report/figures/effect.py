"""Differences over training: a panel a comparison, each with its band, all with the same axes."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report import bounds, naming
from ablate.report.figures import rows
from ablate.report.figures.accuracy import left_out
from ablate.report.figures.save import Drawn, fit, panels, single
from ablate.report.figures.style import band, drawing, faint, fitted, ink, is_wide, limits, look, round_ticks, tell, width_of
from ablate.results.question import METRICS, Metric, Question
from ablate.stats.outcomes import Outcome
from ablate.text import capital, counted

PANEL, LOW_PANEL = 0.95, 0.65  # inches that a panel is high, where rows are few and where they are more than FEW_ROWS
FEW_ROWS = 4
TOLD = 12  # points of a curve whose values a pointer shows, at most
MARKED = 20  # points of a curve that carry markers, at most
SHRUNK = "Bands are cut where they leave the panel."
PLACE = 50  # among the figures of a report
Pair = tuple[int, int]


def part(
    question: Question,
    over_training: pd.DataFrame,
    arms: pd.DataFrame,
    pair_labels: dict[Pair, str],
    versus: str,
    places: int,
    comparisons: pd.DataFrame,
    ax: Axes | None = None,
) -> Drawn | None:
    """The differences over training; None where there are none."""
    if over_training.empty:
        return None
    metric = question.metric
    within = bounds.drawn(over_training, metric, np.inf)
    ax = ax or single()
    pairs = len(over_training[["arm", "against"]].drop_duplicates())
    tall = height(pairs, ax)
    outcomes = {} if question.effects else dict(zip(question.pairs, map(Outcome, comparisons["verdict"]), strict=True))
    drawn = effect_vs_step(within, pair_labels, ax, question.margin, metric, places, versus, outcomes)
    fewest, most = int(within["n"].min()), int(within["n"].max())
    seeds = counted(most, "seed") if fewest == most else f"{fewest} to {most} seeds"
    about = [f"{naming.differences(versus)}, mean of {seeds}."]
    about += ["Band: pointwise 95% CI, no verdict."] if np.isfinite(within["low"]).any() else []
    about += [f"Gray: the margin, ± {question.margin:g} {metric.points}."] if question.margin is not None else []
    low, high = drawn[0].get_ylim()
    about += [SHRUNK] if within["low"].min() < low or within["high"].max() > high else []
    about += [*rows.told(pairs, "difference"), *left_out(naming.pairs_left_out(arms, pair_labels, over_training))]
    figure = fit(drawn[0], tall, _finding(within, pair_labels, metric, places), " ".join(about))
    return Drawn("effects_over_training", f"{naming.differences(versus)} over training", figure)


def effect_vs_step(
    over_training: pd.DataFrame,
    names: Mapping[Pair, str],
    ax: Axes,
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    versus: str = "the baseline",
    outcomes: Mapping[Pair, Outcome] | None = None,
) -> list[Axes]:
    """Draw the paired difference of each comparison at every evaluation, with its pointwise 95% band: no verdict.

    A panel a comparison, in place of the axes. Of more than `rows.MOST` comparisons those are drawn that are largest at their
    end.

    Args:
        over_training: columns arm, against, step, n, points, low, high.
        names: of the comparisons, by arm and the one that it is compared with.
        margin: in points, shaded around 0.
        places: decimals of the values.
        versus: what arms are compared with, in words.
        outcomes: the verdicts of comparisons, for their colors.
    """
    pairs = list(over_training[["arm", "against"]].drop_duplicates().itertuples(index=False, name=None))
    last = over_training.groupby(["arm", "against"])["points"].last()
    pairs = [pairs[row] for row in rows.largest(last.abs().reindex(pairs))]
    over_training = over_training[pd.MultiIndex.from_frame(over_training[["arm", "against"]]).isin(pairs)]
    columns = _columns(len(pairs), ax)
    room = 72 * width_of(ax) / columns - 34
    with drawing():
        grid = panels(ax, count_rows(len(pairs), columns), columns)
        edges = [-margin, 0, margin] if margin is not None else [0]
        low, high = limits([*over_training["points"], *edges], over_training["low"], over_training["high"], cut=0.5)
        for pair, panel in zip(pairs, grid.flat, strict=False):
            curve = over_training[(over_training["arm"] == pair[0]) & (over_training["against"] == pair[1])]
            _panel(panel, curve, names[pair], margin, metric, places, (outcomes or {}).get(pair))
            panel.set_title("\n".join(fitted(f"{names[pair]}  {numbers.signed(last[pair], places)}", room)))
        _outside(grid, len(pairs), f"{metric.name}, {metric.points}")
        grid[0, 0].set_ylim(low, high)
    return list(grid.flat[: len(pairs)])


def count_rows(comparisons: int, columns: int) -> int:
    """Rows of panels."""
    return math.ceil(min(comparisons, rows.MOST) / columns)


def height(comparisons: int, ax: Axes) -> float:
    """How high the axes of all rows are to be, in inches; one row has room to be higher."""
    count = count_rows(comparisons, _columns(comparisons, ax))
    return max(count * (PANEL if count <= FEW_ROWS else LOW_PANEL), 1.5)


def _columns(comparisons: int, ax: Axes) -> int:
    return min(comparisons, 3 if is_wide(ax) else 2)


def _panel(
    ax: Axes, curve: pd.DataFrame, name: str, margin: float | None, metric: Metric, places: int, outcome: Outcome | None
) -> None:
    color = ink() if outcome is None else look(0, outcome)["color"]
    if margin is not None:
        ax.axhspan(-margin, margin, color=band(), linewidth=0, zorder=0)
    ax.axhline(0, color=faint(), linewidth=0.6, zorder=1)
    ax.grid(False)
    if curve["low"].notna().any():
        if len(curve) == 1:
            ax.vlines(curve["step"], curve["low"], curve["high"], color=color, alpha=0.4, linewidth=3)
        else:
            ax.fill_between(curve["step"], curve["low"], curve["high"], color=color, alpha=0.2, linewidth=0)
    marker = "o" if len(curve) <= MARKED else ""
    (line,) = ax.plot(curve["step"], curve["points"], color=color, linewidth=1.2, marker=marker, markersize=1.8)
    every = math.ceil(len(curve) / TOLD)
    values = curve[["step", "points", "low", "high"]].itertuples(index=False)
    texts = [
        f"{name}, step {step:,}: {numbers.signed(points, places)} {metric.points} ({numbers.interval(low, high, places)})"
        for step, points, low, high in values
    ]
    tell(line, [text if (len(texts) - 1 - place) % every == 0 else "" for place, text in enumerate(texts)])
    ax.xaxis.set_major_locator(round_ticks(4, whole=True))
    ax.xaxis.set_major_formatter(_thousands if curve["step"].max() >= 10_000 else _whole)
    ax.yaxis.set_major_locator(round_ticks(4))
    ax.yaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))


def _outside(grid: "np.ndarray", count: int, name: str) -> None:
    """What stands around the panels; those without a curve are taken away."""
    columns = grid.shape[1]
    for ax in grid.flat[count:]:
        ax.remove()
    for place, ax in enumerate(grid.flat[:count]):
        if place + columns >= count:
            ax.tick_params(labelbottom=True)
            ax.set_xlabel("step")
        if place % columns == 0:
            ax.set_ylabel(name)


def _thousands(step: float, _: float) -> str:
    """Steps that fit below a narrow panel."""
    return f"{step / 1000:,g}k" if step else "0"


def _whole(step: float, _: float) -> str:
    return f"{step:,.0f}"


def _finding(over_training: pd.DataFrame, names: Mapping[Pair, str], metric: Metric, places: int) -> str:
    """How the difference that is largest at its end came about."""
    ends = over_training.groupby(["arm", "against"])[["step", "points"]].agg(["first", "last"])
    if ends.empty:
        return ""
    top = int(ends[("points", "last")].abs().fillna(-1.0).to_numpy(dtype=float).argmax())
    arm, against = (int(each) for each in ends.index[top])
    said = [
        f"{numbers.signed(row['points'], places)} {metric.points} at step {int(row['step']):,}"
        for row in (ends.iloc[top].xs(side, level=1) for side in ("first", "last"))
    ]
    return capital(f"{names[arm, against]}: {', '.join(dict.fromkeys(said))}")
