"""What all figures share: their style, the colors and marks of arms, and how names are fitted into a figure's width."""

import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator
from scipy.optimize import isotonic_regression

from ablate import escaping
from ablate.report.figures import stylesheet
from ablate.stats.outcomes import SHOWN, Outcome

ONE_COLUMN, TWO_COLUMNS = 3.25, 6.75  # inches
NARROW = 4.5  # inches; a narrower figure leaves out what a wide one has room for
SHADE = 0.14  # how opaque the range of seeds is
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "*", "<", ">")
_KEPT = re.compile(r"(?<=\bno) | → |: |± | %| x | (?=†)|(?<=^[+−]) |(?<= [+−]) ")  # spaces that no line is broken at
MOST_LETTERS = 600  # of a name or sentence; a longer one would leave no room for the figure
CUT = 1.0  # of the span of what is always shown: how far intervals may at least reach beyond it


@contextmanager
def drawing(more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Within it matplotlib is as it comes, with the style in use; afterwards it is as it was.

    So a figure is the same whatever matplotlibrc, style or environment its reader has. All that makes figures, measures their
    texts, or writes them is to be within it.

    Args:
        more: settings besides those of the style.
    """
    with matplotlib.rc_context():
        matplotlib.rcParams.update(stylesheet.settings() | dict(more or {}))
        yield


def width() -> float:
    """Of figures in the style in use, in inches."""
    return float(stylesheet.style_in_use().get("figure.figsize", (TWO_COLUMNS,))[0])


def width_of(ax: Axes) -> float:
    """Of the figure that holds the axes, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(figure.get_figwidth())


def is_wide(ax: Axes) -> bool:
    """Whether the figure that holds the axes is as wide as two columns."""
    return width_of(ax) > NARROW


def ink() -> str:
    """The color of names, values and the baseline."""
    return str(matplotlib.rcParams["text.color"])


def soft() -> str:
    """The color of what stands back: axis labels, seeds, the line below a title."""
    return _hex(matplotlib.rcParams["axes.labelcolor"])


def faint() -> str:
    """The color of axes, and of lines that lead from a name to its value."""
    return _hex(matplotlib.rcParams["axes.edgecolor"])


def band() -> str:
    """The color of grid lines and of the margin."""
    return _hex(matplotlib.rcParams["grid.color"])


def small() -> float:
    """The size of letters of notes and of names inside the axes, in points."""
    return float(matplotlib.rcParams["font.size"]) - 0.5


def look(arm: int, outcome: Outcome | None = None) -> dict[str, Any]:
    """The color and marker of an arm: of its verdict where it has one, else of its number, the same in every figure."""
    cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    if outcome is not None:
        shown = SHOWN[outcome]
        hollow = shown.color.lower() in ("white", "#ffffff")
        color = soft() if hollow else shown.color
        face = "white" if outcome is Outcome.INCONCLUSIVE else color
        return {"color": color, "linestyle": "-", "marker": shown.marker, "markerfacecolor": face}
    color = _hex(cycle[arm % len(cycle)])
    return {
        "color": color,
        "linestyle": LINES[arm // len(MARKERS) % len(LINES)],
        "marker": MARKERS[arm % len(MARKERS)],
        "markerfacecolor": color,
    }


def halo() -> list[withStroke]:
    """What lets text be read on lines."""
    return [withStroke(linewidth=2.2, foreground="white")]


@contextmanager
def any_script() -> Iterator[None]:
    """Within it no warning is given of letters that the font lacks: a PNG has boxes for them, an SVG the text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s)Glyph .* missing from font")
        yield


def text_width(text: str, size: float | None = None, weight: str = "normal") -> float:
    """How wide a line of text is, in points. size: of its letters; None for that of names."""
    points = float(stylesheet.style_in_use()["font.size"]) if size is None else size
    return _measured(escaping.figure(text), points, weight, stylesheet.fonts())


@lru_cache(maxsize=4096)
def _measured(text: str, size: float, weight: str, fonts: tuple[str, ...]) -> float:
    with any_script():
        font = FontProperties(family=list(fonts), size=size, weight=weight)
        return float(text_to_path.get_text_width_height_descent(text, font, False)[0])


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


def fitted(text: str, width: float, size: float | None = None, weight: str = "normal") -> list[str]:
    """The lines of a text that is wrapped to a width in points."""
    points = float(stylesheet.style_in_use()["font.size"]) if size is None else size
    letters = max(8, int(width / (0.45 * points)))
    lines = wrapped(text, letters).split("\n")
    while letters > 8 and max(text_width(line, size, weight) for line in lines) > width:
        letters -= 1
        lines = wrapped(text, letters).split("\n")
    return lines


def apart(places: Sequence[float], distance: float | Sequence[float]) -> list[float]:
    """Ascending places from 0 to 1, moved as little as can be so that neighbors do not overlap, and within 0 to 1.

    Where 1 has no room for all of them, they begin at 0. The least sum of squares, by isotonic regression.

    Args:
        distance: of neighbors; or how high each is, where that differs.
    """
    if not len(places):
        return []
    heights = np.broadcast_to(np.asarray(distance, dtype=float), len(places))
    steps = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2)])
    moved = isotonic_regression(np.asarray(places) - steps).x.clip(0, max(0.0, 1 - steps[-1]))
    return [float(place) for place in moved + steps]


def limits(
    shown: Iterable[float],
    lows: Iterable[float] = (),
    highs: Iterable[float] = (),
    cut: float = CUT,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[float, float]:
    """The limits of an axis that holds all of `shown`, and of intervals around it as much as leaves the rest readable.

    Args:
        shown: what is never cut, such as means and margins; missing values count for nothing.
        lows, highs: the ends of intervals, one each; they are cut where they lie further outside than `cut` times the span of
            what is shown, and than the median interval is wide: among equal means the intervals are what there is to see.
        bounds: what no value can be beyond, nor the axis.
    """
    inside = np.array([value for value in shown if np.isfinite(value)])
    if not inside.size:
        return max(-1.0, bounds[0]), min(1.0, bounds[1])
    low, high = float(inside.min()), float(inside.max())
    span = high - low or abs(high) * 0.02 or 1.0
    ends = np.array([(left, right) for left, right in zip(lows, highs, strict=True) if np.isfinite([left, right]).all()])
    if ends.size:
        reach = max(cut * span, float(np.median(ends[:, 1] - ends[:, 0])))
        low, high = min(low, max(ends[:, 0].min(), low - reach)), max(high, min(ends[:, 1].max(), high + reach))
    pad = 0.04 * (high - low or span)
    return max(float(low - pad), bounds[0]), min(float(high + pad), bounds[1])


def round_ticks(most: int, whole: bool = False) -> MaxNLocator:
    """At most so many ticks at numbers that are read at a glance. whole: whether at whole numbers alone."""
    return MaxNLocator(most, integer=whole, steps=[1, 2, 2.5, 5, 10])


def tell(artist: Artist, texts: Sequence[str]) -> None:
    """Give an artist a text for each of its points, which `save.points` finds; the empty text is none."""
    artist.set_label("\n".join(map(escaping.figure, texts)))


def bare(ax: Axes, *sides: str) -> None:
    """Take spines away."""
    ax.spines[list(sides)].set_visible(False)


def _hex(color: str) -> str:
    """A color as matplotlib takes it outside of style files."""
    return f"#{color}" if re.fullmatch(r"[0-9A-Fa-f]{6}", color) else color
