"""How much each searched key matters, as bars."""

import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report.figures import rows
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.shapley import BAR
from ablate.report.figures.style import band, drawing, faint, ink, tell
from ablate.text import counted

PLACE = 60  # among the figures of a search


def part(importances: tuple[pd.DataFrame, list[str]], ax: Axes | None = None) -> Drawn | None:
    """Which key matters; None where that is not known."""
    frame, _ = importances
    if frame.empty:
        return None
    ax = ax or single()
    importance_bars(frame, ax)
    evaluator, trials = frame["evaluator"].iloc[0], int(frame["trials"].iloc[0])
    about = f"Share of what single keys explain, by {evaluator}, from {counted(trials, 'finished trial')}."
    if frame["low"].notna().any():
        about += " Line: range when one trial is left out."
    top = frame.iloc[int(frame["importance"].to_numpy(dtype=float).argmax())]
    finding = f"{top['parameter']} matters most for {top['objective']}"
    return Drawn("importance", "Which key matters", fit(ax, rows.height(ax), finding, about))


def importance_bars(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Draw a bar a key, and an objective where there are two. The axes are to be as high as `rows.height` says.

    Args:
        frame: as `importance` gives it.
    """
    with drawing():
        several = len(set(frame["objective"])) > 1
        names = [
            f"{key}, for {objective}" if several else str(key)
            for key, objective in zip(frame["parameter"], frame["objective"], strict=True)
        ]
        texts = [numbers.number(share, 2) for share in frame["importance"]]
        middles = rows.lay(ax, names, [rows.Column(texts, "right", bold=True)])
        ax.set_xlim(0, 1)
        for middle, name, row in zip(middles, names, frame.to_dict("records"), strict=True):
            ax.barh(middle, row["importance"], height=BAR, color=band(), edgecolor=faint(), linewidth=0.6)
            ax.plot([row["low"], row["high"]], [middle] * 2, color=ink(), linewidth=1.4, solid_capstyle="butt", zorder=3)
            (dot,) = ax.plot(row["importance"], middle, "o", color=ink(), markersize=3.5, zorder=4, clip_on=False)
            within = numbers.interval(row["low"], row["high"], 2, signs=False)
            tell(dot, [f"{name}: {numbers.number(row['importance'], 2)} ({within} leaving out one trial)"])
        ax.set_xlabel("importance")
    return ax
