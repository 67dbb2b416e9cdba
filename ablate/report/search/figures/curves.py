"""Learning curves of all trials; those of pruned ones end where they were pruned."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ablate.report.figures.costs import UNITS
from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import BLUE, ORANGE, bare, drawing, tell
from ablate.report.search.figures.marks import MARKS, left_out
from ablate.stats.objectives import Objective

HEIGHT = 2.4  # inches
LINES: Mapping[str, dict[str, Any]] = {
    "done": {"color": BLUE, "linewidth": 0.8, "alpha": 0.75},
    "pruned": {"color": "0.6", "linewidth": 0.8},
    "diverged": {"color": ORANGE, "linewidth": 0.8},
    "failed": {"color": "black", "linewidth": 0.8, "linestyle": ":"},
}
BEST: dict[str, Any] = {"color": "black", "linewidth": 1.8}
DEFAULT: dict[str, Any] = {"color": "black", "linewidth": 1.4, "linestyle": (0, (4, 2))}
ENDS = {"pruned": "pruned here", "diverged": "diverged", "failed": "failed"}
PLACE = 50  # among the figures of a search


def part(
    trials: pd.DataFrame, curves: pd.DataFrame, learned: Objective | None, counts: Mapping[str, int], best: int | None
) -> Drawn | None:
    """Learning curves; None without an objective that is learned, or an evaluation."""
    if learned is None or curves.empty:
        return None
    default = trials.loc[trials["default"] & trials["number"].isin(curves["number"]), "number"]
    first = int(default.iloc[-1]) if len(default) else None
    return Drawn("curves", "Learning curves", fit(learning_curves(curves, single(), learned, counts, best, first), HEIGHT))


def learning_curves(
    curves: pd.DataFrame,
    ax: Axes,
    objective: Objective,
    counts: Mapping[str, int],
    best: int | None = None,
    default: int | None = None,
) -> Axes:
    """Draw the score over training, a line a trial.

    Args:
        curves: as of `SearchResults`.
        counts: of trials by state.
        best, default: the numbers of these trials, where there are any.
    """
    with drawing():
        drawn = curves[curves["state"].isin(list(LINES))]
        for number, curve in drawn.groupby("number"):
            state = str(curve["state"].iloc[0])
            style = BEST if number == best else DEFAULT if number == default else LINES[state]
            values = objective.scale * curve[objective.column]
            (line,) = ax.plot(curve["examples"], values, **style, zorder=3 if style in (BEST, DEFAULT) else 2)
            ends = zip(curve["examples"], curve[objective.column], strict=True)
            texts = [f"trial {number}, {state}: {objective.text(value)} at {examples:,} examples" for examples, value in ends]
            tell(line, ["" for _ in texts[:-1]] + texts[-1:])
            if state in ENDS:
                own = {"color": "black", "markersize": 6} if number == default else {}
                ax.plot(curve["examples"].iloc[-1:], values.iloc[-1:], linestyle="none", zorder=4, **(MARKS[state] | own))
        _examples(ax, drawn)
        ax.set_ylabel(objective.axis)
        states = set(drawn["state"])
        there = set(drawn["number"])
        said = "the best: the default" if best == default else "the best score"
        found = [Line2D([], [], label=said, **BEST)] if best in there else []
        found += [Line2D([], [], label="the default setting", **DEFAULT)] if default in there - {best} else []
        found += [Line2D([], [], label="others, to the end", **LINES["done"])] if "done" in states else []
        found += [
            Line2D([], [], label=said, **(MARKS[state] | {"color": LINES[state]["color"], "linewidth": 0.8}))
            for state, said in ENDS.items()
            if state in states
        ]
        seen = drawn.groupby("state")["number"].nunique()
        gone = {f"{state} without a recorded score": counts.get(state, 0) - int(seen.get(state, 0)) for state in LINES}
        below(ax, found, left_out({state: count for state, count in {**counts, **gone}.items() if count > 0}), columns=2)
    return ax


def _examples(ax: Axes, curves: pd.DataFrame) -> None:
    """The axis of examples, with one of epochs above where they are known."""
    most = float(curves["examples"].max()) if len(curves) else 1.0
    _, size, unit = next(each for each in UNITS if most >= each[0])
    ax.set_xlim(0, 1.03 * most)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / size:,.4g}"))
    ax.set_xlabel(f"examples of a training{unit}")
    if not len(curves) or curves["epochs"].isna().any():
        bare(ax, "top")
        return
    ratio = float((curves["epochs"] / curves["examples"]).iloc[-1])
    above = ax.secondary_xaxis("top", functions=(lambda x: np.multiply(x, ratio), lambda x: np.divide(x, ratio)))
    above.set_xlabel("epoch")
