"""What each trial trained, and what was saved."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ablate.report.figures.costs import UNITS
from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import BLUE, bare, drawing, tell
from ablate.stats import searches

HEIGHT = 1.8  # inches
PARTS = {  # column: what it is, face, hatch
    "trained": ("trained", BLUE, ""),
    "resumed": ("by its lapsed trial", "#9fc5e8", ""),
    "reused": ("trained before, reused", "white", "////"),
    "pruned": ("saved by pruning", "0.9", ""),
    "broken": ("diverged or failed", "white", "xxxx"),
}
PLACE = 70  # among the figures of a search


def part(trials: pd.DataFrame) -> Drawn | None:
    """What was trained, and what was saved; None before anything was."""
    effort = searches.effort(trials)
    if not effort["trained"].any():
        return None
    return Drawn("time", "What was trained, and what was saved", fit(time_by_trial(effort, single()), HEIGHT))


def time_by_trial(effort: pd.DataFrame, ax: Axes) -> Axes:
    """Draw a stack a trial: what of its examples was trained, reused and saved.

    Args:
        effort: as `stats.effort` gives it.
    """
    with drawing({"hatch.linewidth": 0.5}):
        bottom = np.zeros(len(effort))
        x = effort["number"].to_numpy(dtype=float)
        for column, (_, face, hatch) in PARTS.items():
            tall = effort[column].to_numpy(dtype=float)
            shown = tall > 0
            ax.bar(x[shown], tall[shown], 0.8, bottom[shown], color=face, hatch=hatch, edgecolor="black", linewidth=0.5)
            bottom += tall
        (tops,) = ax.plot(x, bottom, linestyle="none", marker="", zorder=3)
        tell(tops, [_text(row) for row in effort.to_dict("records")])
        _, size, unit = next(each for each in UNITS if bottom.max(initial=0.0) >= each[0])
        ax.set_xlim(x.min(initial=0) - 0.7, x.max(initial=0) + 0.7)
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(4))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / size:,.4g}"))
        ax.grid(False, axis="x")
        ax.set_xlabel("trial")
        ax.set_ylabel(f"examples{unit}")
        bare(ax, "top")
        handles = [
            Patch(facecolor=face, hatch=hatch, edgecolor="black", linewidth=0.5, label=said)
            for column, (said, face, hatch) in PARTS.items()
            if effort[column].gt(0).any()
        ]
        below(ax, handles, columns=2)
    return ax


def _text(row: dict[Any, Any]) -> str:
    parts = [f"{row[column]:,} {said}" for column, (said, _, _) in PARTS.items() if row[column]]
    return f"trial {row['number']}, {row['state']}: {', '.join(parts) or 'nothing trained'}"
