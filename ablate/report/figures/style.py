"""What all figures share: sizes, colors and markers, and how names and intervals are fitted into half a page's width."""

import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from scipy.optimize import isotonic_regression

from ablate import escaping

WIDTH = 4.2  # inches; printed half a page wide (8.4 cm), letters of 9 points become 7
LETTERS, SMALL = 9, 8.5  # points: labels of axes and ticks, and all other text
DPI = 200  # of a PNG
FONT = "DejaVu Sans"  # it ships with matplotlib, so that figures do not depend on the fonts of a machine
STYLE: dict[Any, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": [FONT],
    "font.size": LETTERS,
    "axes.labelsize": LETTERS,
    "axes.titlesize": SMALL,
    "axes.titlelocation": "left",
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "grid.color": "0.9",
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "text.parse_math": False,  # a dollar in a user's name is a dollar
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ablate",  # the same frame gives the same file
}
# Okabe and Ito's color-blind-safe palette without its yellow, which is lost on white; the baseline alone is black. Colors,
# lines and markers change at different periods, so that arms look unlike each other in gray, too.
BASELINE = "#000000"
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "*", "<", ">")
BLUE, ORANGE, GREEN = COLORS[:3]
GREY, FAINT, SHADE = "0.35", "0.55", "0.87"  # second text, lines that stand back, areas
_KEPT = re.compile(r" → |: |± | %| x | (?=†)|(?<=^[+−]) |(?<= [+−]) ")  # spaces that no line is broken at
MOST_LETTERS = 600  # of a name or sentence; a longer one would leave no room for the figure
FEW = 8  # arms; where there are more, they are numbered in the figure
CUT = 1.0  # of the span of what is always shown: how far intervals may at least reach beyond it


@contextmanager
def drawing(more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Within it matplotlib is as it comes, with our style; afterwards it is as it was.

    So a figure is the same whatever matplotlibrc, style or environment its reader has. All that makes figures, measures their
    texts, or writes them is to be within it.

    Args:
        more: settings besides ours.
    """
    with matplotlib.rc_context():
        settings: dict[Any, Any] = {key: value for key, value in dict.items(matplotlib.rcParamsDefault) if key != "backend"}
        matplotlib.rcParams.update(settings | STYLE | dict(more or {}))
        yield


def look(arm: int, many: bool = False) -> dict[str, Any]:
    """The color, line and marker of an arm, the same in every figure."""
    return {
        "color": COLORS[(arm - 1) % len(COLORS)] if arm else BASELINE,
        "linestyle": LINES[arm % len(LINES)],
        "marker": MARKERS[arm % len(MARKERS)],
        "linewidth": 1.0 if many else 1.3,
        "markersize": 3 if many else 4,
    }


@contextmanager
def any_script() -> Iterator[None]:
    """Within it no warning is given of letters that the font lacks: a PNG has boxes for them, an SVG the text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s)Glyph .* missing from font")
        yield


def text_width(text: str, size: float = SMALL) -> float:
    """How wide a line of text is, in points."""
    font = FontProperties(family=FONT, size=size)
    with any_script():
        return float(text_to_path.get_text_width_height_descent(escaping.figure(text), font, False)[0])


def wrapped(text: str, letters: int) -> str:
    """Wrapped, and no change torn apart, as in `augment: on → off`, but after its colon where it is too long for a line."""
    text = escaping.shortened(escaping.figure(text), MOST_LETTERS)
    words = _KEPT.sub(lambda space: space.group().replace(" ", "\0"), text).split(" ")
    for where in (":\0", "\0→"):
        words = [part for word in words for part in (_broken(word, where) if len(word) > letters else [word])]
    return textwrap.fill(" ".join(words), letters, break_on_hyphens=False).replace("\0", " ")


def _broken(word: str, where: str) -> list[str]:
    """A word with spaces that were kept, in two at the first `where`, which is a mark beside such a space."""
    return word.replace(where, where.replace("\0", " "), 1).split(" ", 1)


def fitted(text: str, width: float, size: float = SMALL) -> list[str]:
    """The lines of a text that is wrapped to a width in points."""
    letters = max(8, int(width / (0.45 * size)))
    lines = wrapped(text, letters).split("\n")
    while letters > 8 and max(text_width(line, size) for line in lines) > width:
        letters -= 1
        lines = wrapped(text, letters).split("\n")
    return lines


def apart(places: Sequence[float], distance: float) -> list[float]:
    """Ascending places from 0 to 1, moved as little as can be so that neighbors are `distance` apart, and within 0 to 1.

    Where 1 has no room for all of them, they begin at 0. The least sum of squares, by isotonic regression.
    """
    steps = distance * np.arange(len(places))
    if not len(steps):
        return []
    moved = isotonic_regression(np.asarray(places) - steps).x.clip(0, max(0.0, 1 - steps[-1]))
    return [float(place) for place in moved + steps]


def limits(
    shown: Iterable[float], lows: Iterable[float] = (), highs: Iterable[float] = (), cut: float = CUT
) -> tuple[float, float]:
    """The limits of an axis that holds all of `shown`, and of intervals around it as much as leaves the rest readable.

    Args:
        shown: what is never cut, such as means and margins; missing values count for nothing.
        lows, highs: the ends of intervals, one each; they are cut where they lie further outside than `cut` times the span of
            what is shown, and than the median interval is wide: among equal means the intervals are what there is to see.
    """
    inside = np.array([value for value in shown if np.isfinite(value)])
    if not inside.size:
        return -1.0, 1.0
    low, high = float(inside.min()), float(inside.max())
    span = high - low or abs(high) * 0.02 or 1.0
    ends = np.array([(left, right) for left, right in zip(lows, highs, strict=True) if np.isfinite([left, right]).all()])
    if ends.size:
        reach = max(cut * span, float(np.median(ends[:, 1] - ends[:, 0])))
        low, high = min(low, max(ends[:, 0].min(), low - reach)), max(high, min(ends[:, 1].max(), high + reach))
    pad = 0.04 * (high - low or span)
    return float(low - pad), float(high + pad)


def tell(artist: Artist, texts: Sequence[str]) -> None:
    """Give an artist a text for each of its points, which `save.points` finds; the empty text is none."""
    artist.set_label("\n".join(map(escaping.figure, texts)))


def headline(figure: Figure, text: str) -> None:
    """Say above all panels what their y axes show: the panels are too low for a label beside them."""
    figure.suptitle("\n".join(fitted(text, 72 * WIDTH - 8)), x=0.01, ha="left", fontsize=SMALL)


def bare(ax: Axes, *sides: str) -> None:
    """Take spines away."""
    ax.spines[list(sides)].set_visible(False)
