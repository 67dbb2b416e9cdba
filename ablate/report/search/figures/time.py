"""What each trial trained, and what was saved."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from ablate.report.figures.costs import UNITS
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, faint, round_ticks, tell
from ablate.report.search.figures.marks import DARK, MIDDLE
from ablate.stats import searches

HEIGHT = 1.5  # inches
PARTS = {  # column: what it is, face, hatch, and how it is told apart
    "trained": ("trained", DARK, "", "Dark"),
    "resumed": ("trained by its abandoned trial", MIDDLE, "", "Light blue"),
    "reused": ("trained before, reused", "white", "////", "Hatched"),
    "pruned": ("saved by pruning", "#e9edf1", "", "Pale"),
    "broken": ("diverged or failed", "white", "xxxx", "Crossed"),
}
PLACE = 70  # among the figures of a search


def part(trials: pd.DataFrame, amount: str = "examples", ax: Axes | None = None) -> Drawn | None:
    """What was trained, and what was saved; None before anything was."""
    effort = searches.effort(trials)
    if not effort["trained"].any():
        return None
    ax = ax or single()
    time_by_trial(effort, ax, amount)
    about = " ".join(f"{how}: {said}." for column, (said, _, _, how) in PARTS.items() if effort[column].gt(0).any())
    whole = effort[list(PARTS)].to_numpy(dtype=float).sum()
    saved = {what: effort[what].sum() / whole for what in ("pruned", "reused")}
    words = [
        f"{name} {100 * saved[what]:.0f}%" for what, name in (("pruned", "pruning"), ("reused", "reuse")) if saved[what] > 0
    ]
    finding = (
        f"Saved of what the trials planned to train: {', '.join(words)}" if words else "Nothing was saved by pruning or reuse"
    )
    return Drawn("time", "What was trained, and what was saved", fit(ax, HEIGHT, finding, about))


def time_by_trial(effort: pd.DataFrame, ax: Axes, amount: str = "examples") -> Axes:
    """Draw a stack a trial: what of its examples was trained, reused and saved.

    Args:
        effort: as `stats.effort` gives it. amount: what it is counted in.
    """
    with drawing({"hatch.linewidth": 0.5}):
        bottom = np.zeros(len(effort))
        x = effort["number"].to_numpy(dtype=float)
        for column, (_, face, hatch, _) in PARTS.items():
            tall = effort[column].to_numpy(dtype=float)
            shown = tall > 0
            ax.bar(x[shown], tall[shown], 0.8, bottom[shown], color=face, hatch=hatch, edgecolor=faint(), linewidth=0.4)
            bottom += tall
        (tops,) = ax.plot(x, bottom, linestyle="none", marker="", zorder=3)
        tell(tops, [_text(row) for row in effort.to_dict("records")])
        _, size, unit = next(each for each in UNITS if bottom.max(initial=0.0) >= each[0])
        ax.set_xlim(x.min(initial=0) - 0.7, x.max(initial=0) + 0.7)
        ax.xaxis.set_major_locator(round_ticks(8, whole=True))
        ax.yaxis.set_major_locator(round_ticks(4))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / size:,.4g}"))
        ax.set_xlabel("trial")
        ax.set_ylabel(f"{amount}{unit}")
    return ax


def _text(row: dict[Any, Any]) -> str:
    parts = [f"{row[column]:,} {said}" for column, (said, *_) in PARTS.items() if row[column]]
    return f"trial {row['number']}, {row['state']}: {', '.join(parts) or 'nothing trained'}"
