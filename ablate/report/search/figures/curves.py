"""Learning curves of all trials; those of pruned ones end where they were pruned."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from ablate.report.figures import ends
from ablate.report.figures.costs import UNITS
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, round_ticks, tell
from ablate.report.search.figures.marks import MARKS, OTHERS, PALE
from ablate.stats.objectives import Objective

HEIGHT = 1.9  # inches
LINES: Mapping[str, dict[str, Any]] = {
    "done": {"color": "#7fa9c2", "linewidth": 0.8},
    "pruned": {"color": PALE, "linewidth": 0.8},
    "diverged": {"color": "#7b848e", "linewidth": 0.8, "linestyle": (0, (3, 2))},
    "failed": {"color": "#15181c", "linewidth": 0.8, "linestyle": ":"},
}
BEST: dict[str, Any] = {"color": "#00476b", "linewidth": 1.8}
DEFAULT: dict[str, Any] = {"color": "#15181c", "linewidth": 1.2, "linestyle": (0, (4, 2))}
ENDS = {
    "pruned": "rings where they were pruned",
    "diverged": "crosses where they diverged",
    "failed": "thin crosses where they failed",
}
PLACE = 50  # among the figures of a search


def part(
    trials: pd.DataFrame,
    curves: pd.DataFrame,
    learned: Objective | None,
    counts: Mapping[str, int],
    best: int | None,
    amount: str = "examples",
    ax: Axes | None = None,
) -> Drawn | None:
    """Learning curves; None without an objective that is learned, or an evaluation."""
    if learned is None or curves.empty:
        return None
    default = trials.loc[trials["default"] & trials["number"].isin(curves["number"]), "number"]
    first = int(default.iloc[-1]) if len(default) else None
    ax = ax or single()
    learning_curves(curves, ax, learned, best, first, amount)
    states = curves.drop_duplicates("number")["state"].value_counts()
    pruned, whole = int(states.get("pruned", 0)), int(states.sum())
    finding = f"{pruned} of {whole} trials were pruned early" if pruned else f"All {whole} trials were trained to their end"
    return Drawn("curves", "Learning curves", fit(ax, HEIGHT, finding, " ".join(meaning(curves, counts))))


def meaning(curves: pd.DataFrame, counts: Mapping[str, int]) -> list[str]:
    """What lines and marks are, and which trials no curve is of."""
    seen = curves[curves["state"].isin(list(LINES))].groupby("state")["number"].nunique()
    marked = [text for state, text in ENDS.items() if state in seen.index]
    said = [f"A line a trial{', with ' + ', '.join(marked) if marked else ''}."]
    others = {state: count for state, count in counts.items() if state not in MARKS}
    others |= {f"{state} without a recorded score": counts.get(state, 0) - int(seen.get(state, 0)) for state in LINES}
    gone = [f"{count} {OTHERS.get(state, state)}" for state, count in others.items() if count > 0]
    return [*said, f"Not drawn: {', '.join(gone)}."] if gone else said


def learning_curves(
    curves: pd.DataFrame,
    ax: Axes,
    objective: Objective,
    best: int | None = None,
    default: int | None = None,
    amount: str = "examples",
) -> Axes:
    """Draw the score over training, a line a trial; the best and the default are named where they end.

    Args:
        curves: as of `SearchResults`.
        best, default: the numbers of these trials, where there are any.
        amount: what the length of a training is counted in.
    """
    with drawing():
        drawn = curves[curves["state"].isin(list(LINES))]
        named = []
        for number, curve in drawn.groupby("number"):
            state = str(curve["state"].iloc[0])
            style = BEST if number == best else DEFAULT if number == default else LINES[state]
            values = objective.scale * curve[objective.column]
            (line,) = ax.plot(curve["examples"], values, **style, zorder=3 if style in (BEST, DEFAULT) else 2)
            texts = [
                f"trial {number}, {state}: {objective.text(value)} at {examples:,} {amount}"
                for examples, value in zip(curve["examples"], curve[objective.column], strict=True)
            ]
            tell(line, ["" for _ in texts[:-1]] + texts[-1:])
            if state in ENDS:
                own = {"color": "#15181c"} if number == default else {"color": LINES[state]["color"]}
                ax.plot(curve["examples"].iloc[-1:], values.iloc[-1:], linestyle="none", zorder=4, **(MARKS[state] | own))
            if number in (best, default):
                word = "best, the default" if best == default else "best" if number == best else "default"
                said = f"{word} {values.iloc[-1]:.{1 if objective.unit == '%' else 3}f}"
                named.append(ends.End(float(curve["examples"].iloc[-1]), float(values.iloc[-1]), said, style["color"]))
        _examples(ax, drawn, amount)
        if objective.unit == "%":
            low, high = ax.get_ylim()
            ax.set_ylim(max(low, 0.0), min(high, 100.0))
        ax.set_ylabel(objective.axis)
        ends.name(ax, named, HEIGHT)
    return ax


def _examples(ax: Axes, curves: pd.DataFrame, amount: str) -> None:
    """The axis of training: of epochs, or where they are not known of examples."""
    most = float(curves["examples"].max()) if len(curves) else 1.0
    ax.set_xlim(0, 1.02 * most)
    if len(curves) and curves["epochs"].notna().all():
        ratio = float((curves["epochs"] / curves["examples"]).iloc[-1])
        ticks = [tick for tick in round_ticks(8).tick_values(0, ratio * most) if 0 <= tick <= 1.02 * ratio * most]
        ax.set_xticks([tick / ratio for tick in ticks], [f"{tick:g}" for tick in ticks])
        ax.set_xlabel("epoch")
        return
    _, size, unit = next(each for each in UNITS if most >= each[0])
    ax.xaxis.set_major_locator(round_ticks(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / size:,.4g}"))
    ax.set_xlabel(f"{amount} of a training{unit}")
