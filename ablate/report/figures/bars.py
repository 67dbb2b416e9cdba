"""Intervals as bars, with an arrow where one is cut at the edge of its axes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.markers import CARETDOWN, CARETLEFT, CARETRIGHT, CARETUP

ARROW = 4  # points
SAID = "Arrow: goes on beyond the axis."


def across(ax: Axes, y: float, low: float, high: float, color: str, linewidth: float, zorder: float = 2) -> None:
    """Draw an interval of x at a height; nothing where it is not finite. The limits of the axes are to be set before."""
    if np.isfinite([low, high]).all():
        left, right = ax.get_xlim()
        ends = np.clip([low, high], left, right)
        ax.plot(ends, [y, y], color=color, linewidth=linewidth, solid_capstyle="butt", zorder=zorder)
        for edge, arrow, gone in ((left, CARETLEFT, low < left), (right, CARETRIGHT, high > right)):
            if gone:
                ax.plot(edge, y, marker=arrow, color=color, markersize=ARROW, clip_on=False, zorder=zorder + 1)


def upright(ax: Axes, x: float, low: float, high: float, color: str, linewidth: float, zorder: float = 2) -> None:
    """Draw an interval of y; see `across`."""
    if np.isfinite([low, high]).all():
        bottom, top = ax.get_ylim()
        ends = np.clip([low, high], bottom, top)
        ax.vlines(x, *ends, color=color, linewidth=linewidth, zorder=zorder)
        for edge, arrow, gone in ((bottom, CARETDOWN, low < bottom), (top, CARETUP, high > top)):
            if gone:
                ax.plot(x, edge, marker=arrow, color=color, markersize=ARROW, clip_on=False, zorder=zorder + 1)


def cut(ax: Axes) -> list[str]:
    """What a figure says where an interval or a value lies beyond its edges."""
    arrows = {CARETDOWN, CARETLEFT, CARETRIGHT, CARETUP}
    return [SAID] if any(line.get_marker() in arrows for line in ax.lines) else []
