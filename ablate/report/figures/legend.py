"""The legend below a figure, where it covers nothing; it says what lines, bands and marks are."""

from collections.abc import Mapping, Sequence
from statistics import median

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from ablate.report.figures.style import FEW, SHADE, SMALL, WIDTH, fitted, look, text_width
from ablate.report.naming import short

LEFT = 4.0  # points from the figure's edge to its legend
LEGEND_WIDTH = 72 * WIDTH - 4 * LEFT  # points; letters come out up to 2% wider than they are measured
MOST_NAMED = 5  # arms that a sentence names
HANDLE = 2.6  # lengths of a letter
UNDER = 34  # points from the axes to the legend, where the axis has ticks and a label of one line
LINE = 11.5  # points a line of the axis label more


def below(ax: Axes, handles: Sequence[Artist], lines: Sequence[str] = (), columns: int = 1, under: float = UNDER) -> Legend:
    """Put a legend below the axes, as wide as the figure.

    Args:
        lines: sentences that stand above the handles; they are wrapped to the figure's width.
        under: points between the axes and it.
    """
    inches = ax.figure.dpi_scale_trans
    at = blended_transform_factory(inches, ax.transAxes + ScaledTranslation(0, -under / 72, inches))
    return ax.legend(
        handles=handles,
        title="\n".join(line for text in lines for line in fitted(text, LEGEND_WIDTH)) or None,
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(LEFT / 72, 0),
        bbox_transform=at,
        ncols=columns,
        frameon=False,
        handlelength=HANDLE,
        columnspacing=1.0,
        borderaxespad=0,
        borderpad=0,
    )


def arm_handles(
    labels: Mapping[int, str], lines: Sequence[str], connected: bool = True, numbered: bool = False
) -> tuple[list[Line2D], list[str], int]:
    """The handles of arms, each with its number where there are many; the sentences above them; and in how many columns.

    Args:
        labels: of the arms, by number.
        lines: sentences; one more is added where the levels of a baseline with many factors need the whole width.
        connected: whether the figure joins an arm's points by a line.
        numbered: whether few arms have their numbers, too.
    """
    shown = numbered or len(labels) > FEW
    texts = {arm: f"{arm}\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}{label}" if shown else label for arm, label in labels.items()}
    columns = 2 if len(labels) > FEW // 2 and median(map(text_width, texts.values())) <= _room(2) else 1
    above = list(lines)
    handles = []
    for arm, label in labels.items():
        style = look(arm) if connected else look(arm) | {"linestyle": "none"}
        text = texts[arm]
        if short(label) != label and text_width(text) > _room(columns):
            text = text.replace(label, short(label))
            above.append(f"{short(label)}: {label.partition(' (')[2].removesuffix(')')}")
        handles.append(Line2D([], [], label="\n".join(fitted(text, _room(columns))), **style))
    return handles, above, columns


def named(before: str, arms: Sequence[str]) -> list[str]:
    """A sentence about arms: `before` and their names, of many only the first; none where there are none."""
    more = [f"and {len(arms) - MOST_NAMED} more"] if len(arms) > MOST_NAMED else []
    return [f"{before}: {', '.join([*arms[:MOST_NAMED], *more])}"] if arms else []


def shade(margin: float, points: str) -> Patch:
    """The handle of a shaded margin."""
    return Patch(color=SHADE, label=f"the margin, ± {margin:g} {points}")


def dots(label: str) -> Line2D:
    """The handle of the dots that stand for seeds."""
    return Line2D([], [], label=label, linestyle="none", marker="o", markersize=3, markerfacecolor="white", color="0.2")


def _room(columns: int) -> float:
    """Points for the text of an entry."""
    return LEGEND_WIDTH / columns - (HANDLE + 1.8) * SMALL
