"""Tuned learning rates: the effects at the shared rate and at each arm's own best."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report import bounds
from ablate.report.figures import bars, findings, rows
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, is_wide, limits, look, round_ticks, tell
from ablate.results.question import METRICS, Metric, Question
from ablate.results.retuned import Effect, Pair, Retuned
from ablate.stats import percents
from ablate.stats.outcomes import Outcome
from ablate.text import capital

TRACK = 2.0  # lines that the interval of one rate takes
NAMES = {"shared": "at the shared learning rate", "own": "each at its own best one"}
PLACE = 20  # among the figures of a report


def part(
    question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int, ax: Axes | None = None
) -> Drawn | None:
    """Both effects of each arm; None where no rates were tuned."""
    if retuned is None:
        return None
    metric = question.metric
    axis = f"difference from the baseline in {question.axis}, {metric.points}"
    ax = ax or single()
    effects_by_rate(bounds.readable(comparisons, metric), retuned.effects, ax, axis, question.margin, metric, places)
    about = [f"Line: adjusted {percents(question.levels)} CI. Own best rates: conditional on that choice.", *bars.cut(ax)]
    title = "Effects at the shared learning rate and at each arm's own best"
    finding = _finding(comparisons, retuned.effects)
    return Drawn("effects_by_rate", title, fit(ax, rows.height(ax), finding, " ".join(about)))


def effects_by_rate(
    comparisons: pd.DataFrame,
    effects: Sequence[Effect],
    ax: Axes,
    difference: str = "",
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
) -> Axes:
    """Draw two rows for each arm: its difference from the baseline at the shared learning rate and at the best of both.

    An arm whose best rate is the shared one has one row. The axes are to be as high as `rows.height` says.

    Args:
        comparisons: columns arm, against, points, low, high, verdict.
        effects: of the arms.
        difference: what is drawn, for the label of the axis.
        margin: in points, shaded around 0.
        places: decimals of the values.
    """
    by_pair = {(row["arm"], row["against"]): row for row in comparisons.to_dict("records")}
    told = [(each, side, pair) for each in effects for side, pair in _sides(each)]
    with drawing():
        names = [each.label if side == "shared" else "" for each, side, _ in told]
        notes = [_note(each, side) for each, side, _ in told]
        found = [by_pair[pair] for _, _, pair in told]
        verdicts = [Outcome(row["verdict"]) for row in found]
        columns = [
            rows.Column([numbers.signed(row["points"], places) for row in found], "right", bold=True),
            rows.Column(list(map(str, verdicts)), colors=[findings.word_color(each) for each in verdicts], bold=is_wide(ax)),
        ]
        middles = rows.lay(ax, names, columns, TRACK, notes, top=rows.HEAD)
        edges = [0.0] if margin is None else [-margin, 0.0, margin]
        ends = comparisons[["low", "high"]].where(np.isfinite(comparisons[["low", "high"]]))
        ax.set_xlim(*limits([*comparisons["points"].dropna(), *edges], ends["low"], ends["high"]))
        rows.zero(ax, margin, metric.points)
        for middle, (each, side, _), row, verdict in zip(middles, told, found, verdicts, strict=True):
            style = look(0, verdict)
            if np.isfinite([row["low"], row["high"]]).all():
                bars.across(ax, middle, row["low"], row["high"], color=style["color"], linewidth=1.7)
            (dot,) = ax.plot(row["points"], middle, markersize=5, markeredgewidth=0.9, zorder=4, **style)
            within = numbers.interval(row["low"], row["high"], places)
            size = f"{numbers.signed(row['points'], places)} {metric.points} ({within})"
            tell(dot, [f"{each.label}, {NAMES[side]}: {size}"])
        ax.xaxis.set_major_locator(round_ticks(8 if is_wide(ax) else 4))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel("\n".join(findings.broken(difference, ax)))
    return ax


def _sides(effect: Effect) -> list[tuple[str, Pair]]:
    """The rates at which an effect is known: both, or one where they are one."""
    sides = [("shared", effect.shared)] if effect.shared == effect.own else [("shared", effect.shared), ("own", effect.own)]
    return [(side, pair) for side, pair in sides if pair is not None]


def _note(effect: Effect, side: str) -> str:
    if effect.shared == effect.own:
        return "the shared learning rate is its best"
    own = f"own best: lr {effect.lr:g}, the baseline's {effect.baseline:g}"
    return "shared learning rate" if side == "shared" else own


def _finding(comparisons: pd.DataFrame, effects: Sequence[Effect]) -> str:
    """Whether verdicts are the same at both rates."""
    verdicts = {(row["arm"], row["against"]): row["verdict"] for row in comparisons.to_dict("records")}
    pairs = [(each.label, each.shared, each.own) for each in effects]
    other = [name for name, one, own in pairs if one is not None and own is not None and verdicts[one] != verdicts[own]]
    if other:
        verb = "has another verdict" if len(other) == 1 else "have other verdicts"
        return capital(f"{findings.listed(other)} {verb} at the best learning rate")
    return "Tuning the learning rate changes no verdict"
