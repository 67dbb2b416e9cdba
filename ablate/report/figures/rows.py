"""Charts of rows: names at the left, what is drawn in the middle, values and words at the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, blended_transform_factory
from numpy.typing import ArrayLike

from ablate.report.figures.style import band, bare, faint, fitted, ink, small, soft, text_width, width_of

LINE = 0.125  # inches that a line of text is high, the unit of the y axis
TRACK = 2.1  # lines that a row is high, at least
BETWEEN = 0.6  # lines between the texts of two rows, at least
MOST_WIDE = 0.36  # of the figure's width, for the names
MOST = 40  # rows; a figure of more is longer than a page
GAP = 7.0  # points between columns
HEAD = 1.1  # lines above the first row, for the name of a margin


@dataclass(frozen=True)
class Column:
    """Texts right of the axes, one a row. colors: one a row; empty for that of names."""

    texts: Sequence[str]
    align: Literal["left", "right"] = "left"
    bold: bool = False
    colors: Sequence[str] = ()
    small: bool = False


def lay(
    ax: Axes,
    names: Sequence[str],
    columns: Sequence[Column] = (),
    track: float = TRACK,
    notes: Sequence[str] = (),
    top: float = 0,
) -> list[float]:
    """Write the names of rows left of the axes, from the top down, and columns of texts right of them.

    Args:
        names: wrapped where they are long; the lines of one are split at line breaks first.
        track: how many lines high a row is, at least.
        notes: in small letters below each name; none or one a row.
        top: lines above the first row.

    Returns:
        The middle of each row, in units of the y axis, which are lines of text.
    """
    room = 72 * MOST_WIDE * width_of(ax)
    named = [[line for part in name.split("\n") for line in fitted(part, room)] if name else [] for name in names]
    noted = [fitted(note, room, small()) if note else [] for note in notes or [""] * len(names)]
    wide = max((text_width(line) for lines in (*named, *noted) for line in lines), default=0.0)
    middles = []
    for lines, under in zip(named, noted, strict=True):
        high = max(track, len(lines) + len(under) + BETWEEN)
        middles.append(top + high / 2)
        top += high
        shift = 72 * LINE / 2  # points that half a line is high
        _write(ax, -wide - GAP, 0, middles[-1], "\n".join(lines), "left", ink(), up=shift * len(under))
        if under:
            _write(ax, -wide - GAP, 0, middles[-1], "\n".join(under), "left", soft(), small(), up=-shift * len(lines))
    away = GAP
    for column in columns:
        size, weight = small() if column.small else None, "bold" if column.bold else "normal"
        across = max((text_width(text, size, weight) for text in column.texts), default=0.0)
        colors = column.colors or [ink()] * len(middles)
        for middle, text, color in zip(middles, column.texts, colors, strict=True):
            at = away + (across if column.align == "right" else 0)
            _write(ax, at, 1, middle, text, column.align, color, size, weight)
        away += across + GAP
    ax.set_ylim(max(top, TRACK), 0)
    ax.set_yticks([])
    ax.grid(False)
    bare(ax, "left", "top", "right")
    return middles


def zero(ax: Axes, margin: float | None, unit: str) -> None:
    """One line at 0, and one band for the margin through all rows, named in HEAD above them."""
    ax.axvline(0, color=faint(), linewidth=0.7, zorder=1)
    if margin is not None:
        ax.axvspan(-margin, margin, color=band(), linewidth=0, zorder=0)
        behind = {"facecolor": band(), "edgecolor": "none", "pad": 0.8}
        look: dict[str, Any] = {"fontsize": 6.5, "color": soft(), "zorder": 5, "bbox": behind}
        ax.text(0, HEAD / 2, f"± {margin:g} {unit}", ha="center", va="center", **look)


def largest(sizes: ArrayLike) -> list[int]:
    """The places of the MOST largest sizes, in the order in which they stand; missing ones come last."""
    return sorted(np.argsort(-np.asarray(sizes, dtype=float), kind="stable")[:MOST].tolist())


def told(count: int, what: str) -> list[str]:
    """What a figure says where not all rows are drawn. count: of all. what: each is, as in `difference`."""
    return [f"The {MOST} largest of {count:,} {what}s."] if count > MOST else []


def height(ax: Axes) -> float:
    """How high the axes of a chart of rows are to be, in inches."""
    low, high = ax.get_ylim()
    return abs(low - high) * LINE


def lines_of(ax: Axes, names: Sequence[str]) -> float:
    """How many lines high a row must be so that all of them are equally high."""
    return BETWEEN + max((len(fitted(name, 72 * MOST_WIDE * width_of(ax))) for name in names), default=1)


def _write(
    ax: Axes,
    away: float,
    edge: float,
    y: float,
    text: str,
    align: str,
    color: str,
    size: float | None = None,
    weight: str = "normal",
    up: float = 0.0,
) -> None:
    """A text so many points right of the left (0) or right (1) edge of the axes, and above the middle of its row."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    across = ax.transAxes + ScaledTranslation(away / 72, up / 72, figure.dpi_scale_trans)
    upright = ax.transData + ScaledTranslation(0, up / 72, figure.dpi_scale_trans)
    ax.text(
        edge,
        y,
        text,
        transform=blended_transform_factory(across, upright),
        ha=align,
        va="center",
        color=color,
        fontsize=size,
        fontweight=weight,
        linespacing=1.15,
        clip_on=False,
    )
