"""Charts of rows: the name of a row above what is drawn for it, so that long names fit where a page is narrow."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from ablate.report.figures.style import SMALL, WIDTH, bare, fitted, text_width

LINE = 0.155  # inches that a line of text is high, the unit of the y axis
TRACK = 1.1  # lines that are drawn in, below each name
GAP = 0.25  # lines between rows
ROW_WIDTH = 72 * (WIDTH - 0.45)  # points
MOST = 40  # rows; a figure of more is longer than a page
BETWEEN = 10  # points between a name and the text at its right


def lay(ax: Axes, names: Sequence[str], texts: Sequence[str] = (), track: float = TRACK) -> list[float]:
    """Write the names of rows, from the top down, and give the y axis the room that they need.

    Args:
        names: wrapped where they are long; the lines of one are split at line breaks first.
        texts: what stands at the right end of each name's last line.
        track: how many lines high the space below each name is.

    Returns:
        The middle of each row's track, in units of the y axis, which are lines of text.
    """
    top, middles = 0.0, []
    for name, text in zip(names, texts or [""] * len(names), strict=True):
        lines = [line for part in name.split("\n") for line in fitted(part, ROW_WIDTH)]
        right = fitted(text, ROW_WIDTH) if text else []
        # The text stands beside the end of the name where there is room, or else below it.
        beside = bool(right) and text_width(lines[-1]) + BETWEEN + text_width(right[0]) <= ROW_WIDTH
        for number, line in enumerate(lines):
            _write(ax, 0, top + number, line, "left")
        for number, line in enumerate(right, len(lines) - beside):
            _write(ax, 1, top + number, line, "right")
        top += len(lines) + len(right) - beside
        middles.append(top + track / 2)
        top += track + GAP
    ax.set_ylim(max(top, TRACK), -0.2)
    ax.set_yticks([])
    ax.grid(False)
    bare(ax, "left", "top", "right")
    return middles


def largest(sizes: ArrayLike) -> list[int]:
    """The places of the MOST largest sizes, in the order in which they stand; missing ones come last."""
    return sorted(np.argsort(-np.asarray(sizes, dtype=float), kind="stable")[:MOST].tolist())


def told(count: int, what: str) -> list[str]:
    """What a legend says where not all rows are drawn. count: of all. what: each is, as in `difference`."""
    return [f"{MOST} of {count:,} {what}s, the largest; all are in the files beside it"] if count > MOST else []


def height(ax: Axes) -> float:
    """How high the axes of a chart of rows are to be, in inches."""
    low, high = ax.get_ylim()
    return abs(low - high) * LINE


def _write(ax: Axes, x: float, y: float, text: str, side: str) -> None:
    at = ax.get_yaxis_transform()
    written = ax.text(x, y + 0.5, text, transform=at, ha=side, va="center", fontsize=SMALL, zorder=5)
    written.set_in_layout(False)  # it fits; what is wider by a rounding must not narrow the axes
