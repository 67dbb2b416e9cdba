"""How much each searched key matters, as bars."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ablate import numbers
from ablate.report.figures import rows
from ablate.report.figures.legend import LINE, UNDER, below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.shapley import BAR, FILL
from ablate.report.figures.style import drawing, tell
from ablate.text import counted

PLACE = 60  # among the figures of a search


def part(importances: tuple[pd.DataFrame, list[str]]) -> Drawn | None:
    """Which key matters; None where that cannot be told."""
    frame, _ = importances
    if frame.empty:
        return None
    ax = importance_bars(frame, single())
    return Drawn("importance", "Which key matters", fit(ax, rows.height(ax)))


def importance_bars(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Draw a bar a key, and an objective where there are two. The axes are to be as high as `rows.height` says.

    Args:
        frame: as `importance` gives it.
    """
    with drawing():
        objectives = list(dict.fromkeys(frame["objective"]))
        several = len(objectives) > 1
        names = [
            f"{key}, for {objective}" if several else str(key)
            for key, objective in zip(frame["parameter"], frame["objective"], strict=True)
        ]
        texts = [numbers.number(share, 2) for share in frame["importance"]]
        middles = rows.lay(ax, names, texts)
        ax.set_xlim(0, 1)
        for middle, name, row in zip(middles, names, frame.to_dict("records"), strict=True):
            ax.barh(middle, row["importance"], height=BAR, color=FILL, edgecolor="black", linewidth=0.7)
            ax.plot([row["low"], row["high"]], [middle] * 2, color="black", linewidth=1.4, solid_capstyle="butt", zorder=3)
            (dot,) = ax.plot(row["importance"], middle, "o", color="black", markersize=3.5, zorder=4, clip_on=False)
            within = numbers.interval(row["low"], row["high"], 2, signs=False)
            tell(dot, [f"{name}: {numbers.number(row['importance'], 2)} ({within} leaving out one trial)"])
        evaluator, trials = frame["evaluator"].iloc[0], int(frame["trials"].iloc[0])
        what = "importance" if several else f"importance for {objectives[0]}"
        ax.set_xlabel(f"{what} by {evaluator},\nfrom {counted(trials, 'trial')} that are done")
        bar = Patch(facecolor=FILL, edgecolor="black", linewidth=0.7, label="share of what single keys explain")
        line = Line2D([], [], color="black", linewidth=1.4, label="the range, leaving out one trial at a time")
        below(ax, [bar, line], under=UNDER + LINE)
    return ax
