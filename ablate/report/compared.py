"""Two sweeps side by side, as a figure and a page: whether each change does the same in both."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers, stats
from ablate.report import bounds, figures, page
from ablate.report.figures import bars, findings, rows
from ablate.report.figures.style import drawing, faint, ink, is_wide, limits, round_ticks, soft, tell
from ablate.report.page.content import shown
from ablate.report.tables import interplay
from ablate.results.compare import Comparison
from ablate.results.question import METRICS, Metric
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.text import capital

APART = 0.25  # lines from the middle of a row to each effect
TITLE = "The same changes in two sweeps"
DIFFERS, SAME = SHOWN[Outcome.HELPS].twice, SHOWN[Outcome.NO_EFFECT].twice


def finding(comparison: Comparison) -> str:
    """Which changes have different effects in the two sweeps, in one sentence."""
    frame = comparison.frame

    said = [
        f"{findings.listed(names)}: {effect} in {both}"
        for verdict, effect, both in ((DIFFERS, "different effects", "the two sweeps"), (SAME, "the same effect", "both"))
        if (names := frame.loc[frame["verdict"] == verdict, "change"].tolist())
    ]
    return capital("; ".join(said)) if said else f"{Outcome.INCONCLUSIVE.capitalize()} whether the effects differ"


def figure(comparison: Comparison, ax: Axes | None = None) -> figures.Drawn:
    """The effects of each change in both sweeps, and whether they are the same."""
    metric, places = comparison.metric, numbers.decimals(comparison.frame["sd"])
    ax = ax or figures.single()
    two_effects(bounds.readable(comparison.frame, metric), ax, metric, places)
    first, second = comparison.names
    about = [f"Hollow: effect in {first}. Filled: in {second}. At the right: their difference"]
    about[0] += f", with its adjusted {stats.percent(comparison.level)} CI." if is_wide(ax) else "."
    done = figures.fit(ax, rows.height(ax), finding(comparison), " ".join([*about, *bars.cut(ax)]))
    return figures.Drawn("compare", TITLE, done)


def two_effects(frame: pd.DataFrame, ax: Axes, metric: Metric = METRICS["accuracy"], places: int = 2) -> Axes:
    """Draw a row a change: its effect in both sweeps, joined by a line, and the difference of the two with its verdict.

    Args:
        frame: columns change, first, second, points, low, high, verdict.
    """
    with drawing():
        ends = zip(frame["low"], frame["high"], strict=True)
        differs = frame["verdict"].eq(DIFFERS)
        columns = [
            rows.Column([numbers.signed(value, places) for value in frame["points"]], "right", bold=True),
            rows.Column([numbers.interval(*each, places) for each in ends], colors=[soft()] * len(frame), small=True),
            rows.Column(frame["verdict"].tolist(), bold=True, colors=[ink() if each else soft() for each in differs]),
        ]
        middles = rows.lay(ax, frame["change"].tolist(), columns if is_wide(ax) else [columns[0], columns[2]])
        ax.set_xlim(*limits([0.0, *frame["first"], *frame["second"]]))
        ax.axvline(0, color=faint(), linewidth=0.7, zorder=1)
        for middle, row in zip(middles, frame.to_dict("records"), strict=True):
            ax.plot([row["first"], row["second"]], [middle - APART, middle + APART], color=faint(), linewidth=1.2, zorder=2)
            for side, face, way in (("first", "white", -APART), ("second", ink(), APART)):
                (dot,) = ax.plot(row[side], middle + way, "o", color=ink(), markerfacecolor=face, markersize=4.5, zorder=3)
                value = numbers.signed(row[side], places)
                tell(dot, [f"{row['change']}, in the {side}: {value} {metric.points}" if np.isfinite(row[side]) else ""])
        ax.xaxis.set_major_locator(round_ticks(8 if is_wide(ax) else 4))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel(f"effect, {metric.points}")
    return ax


def html(comparison: Comparison, drawn: figures.Drawn, svg: str, files: Sequence[tuple[str, str]]) -> str:
    """The page: the answer, the figure, the table, and the files beside it."""
    name, title, made = drawn
    picture = replace(page.picture(finding(comparison), made, svg), caption=title)
    table = replace(shown(interplay.table(comparison)), caption="The same in numbers")
    sections = [
        page.Section(name, "Each change in both sweeps", blocks=(picture, table)),
        page.Section("files", "Files beside this page", blocks=(page.Links(tuple(files)),)),
    ]
    banner = [
        f"{name}: {change}"
        for name, side in zip(comparison.names, (comparison.first, comparison.second), strict=True)
        for change in side.question.why_exploratory
    ]
    answer = [f"First: {comparison.names[0]}. Second: {comparison.names[1]}."]
    return page.render(TITLE, answer, banner, sections, "exploratory", headline=f"{finding(comparison)}.")
