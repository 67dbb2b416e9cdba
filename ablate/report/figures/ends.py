"""Names right of the axes, each at the end of its line, in place of a legend."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from ablate.report.figures.style import apart, faint, fitted, small, width_of

LINE = 0.137  # inches that a line of a name is high
AWAY = 0.2  # inches from the axes to the names
MOST_WIDE = 0.29  # of the figure's width, for a name


class End(NamedTuple):
    """Where a line ends, and what stands there."""

    x: float
    y: float
    name: str
    color: str
    bold: bool = True


def height(ends: Sequence[str], figure_width: float) -> float:
    """How high axes must be for so many names, in inches."""
    room = 72 * MOST_WIDE * figure_width
    return LINE * sum(len(fitted(name, room, weight="bold")) for name in ends)


def name(ax: Axes, ends: Sequence[End], inches: float) -> None:
    """Name lines at their ends, moved apart where they end close to each other; a thin line leads to each.

    Args:
        inches: how high the axes are to be, at least.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    room = 72 * MOST_WIDE * width_of(ax)
    bottom, top = ax.get_ylim()
    ends = sorted((end for end in ends if end.y == end.y), key=lambda end: end.y)
    lines = [fitted(end.name, room, weight="bold" if end.bold else "normal") for end in ends]
    high = [LINE * len(each) / inches for each in lines]
    squeezed = min(1.0, 1 / max(sum(high), 1e-9))
    places = apart([min(max((end.y - bottom) / (top - bottom), 0.0), 1.0) for end in ends], [squeezed * each for each in high])
    away = ax.transAxes + ScaledTranslation(AWAY, 0, figure.dpi_scale_trans)
    for end, words, place in zip(ends, lines, places, strict=True):
        ax.annotate(
            "\n".join(words),
            (end.x, end.y),
            xytext=(1, place),
            textcoords=away,
            ha="left",
            va="center",
            fontsize=small() if len(ends) > 12 else None,
            fontweight="bold" if end.bold else "normal",
            color=end.color,
            linespacing=1.1,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.5,
                "color": faint(),
                "alpha": 0.7,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 3,
            },
        )
