"""Figures as files: their size fitted to what is in them, PNG and SVG, the same bytes for the same frames."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from ablate import escaping
from ablate.errors import AblateError
from ablate.report import output
from ablate.report.figures import stylesheet
from ablate.report.figures.style import any_script, drawing, fitted, ink, small, soft, width, width_of


class Drawn(NamedTuple):
    """A figure of a report. name: of its file, without ending. title: what it shows, for a heading or a caption."""

    name: str
    title: str
    figure: Figure


KINDS = ("png", "svg")
BACKENDS = {"png": "agg", "svg": "svg"}
EDGE = 0.05  # inches from the figure's edge to its title, and below a legend
LEADING = 1.2  # from one line of a title to the next, in letters
UNDER_HEAD = 0.07  # inches from the last line of the head to what is drawn
DATA, SEVERAL = 2 / 3, 0.55  # of a figure's height that its axes have at least: in one row, and in several
FINDING, ABOUT = "finding", "about"  # the ids of the two texts of the head
ROOM = 60.0  # inches of the first layout, so that all that stands around the axes has room


class Sheet(Figure):
    """A figure whose height and head `fit` settles; any other is a reader's own, and stays as it is."""


def blank() -> Sheet:
    """An empty figure as wide as the style says; its height is settled by `fit`."""
    with drawing():
        return Sheet(figsize=(width(), ROOM), layout="constrained", dpi=matplotlib.rcParams["savefig.dpi"])


def single() -> Axes:
    """The axes of a figure that has no other."""
    with drawing():
        return blank().add_subplot()


def panels(ax: Axes, rows: int, columns: int, share: bool = True) -> NDArray[Any]:
    """Axes in place of one, (rows, columns), which share the limits of y where they are to, and those of x too."""
    spec = ax.get_subplotspec()
    if spec is None:
        raise AblateError("This figure has several panels. Give it axes of plt.subplots().")
    figure = ax.figure
    ax.remove()
    grid = spec.subgridspec(rows, columns)
    made: NDArray[Any] = np.array(grid.subplots(sharex=share, sharey=share, squeeze=False))
    assert figure is made[0, 0].figure
    return made


def fit(drawn: Figure | Axes, height: float, finding: str = "", about: str = "") -> Figure:
    """Settle a figure's head, layout and height, so that its axes, stacked, have at least `height` inches in all.

    What stands around the axes (title, names, labels) has a size of its own; axes get at least two thirds of the height. Of a
    figure that a reader made, the axes get the two lines as their title, and nothing else is changed.

    Args:
        finding: the title: what was found.
        about: what is drawn, in small letters below the title.
    """
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert isinstance(figure, Figure)
    _make_visible(figure)
    with drawing(), any_script():
        if not isinstance(figure, Sheet):
            _title(drawn if isinstance(drawn, Axes) else figure.axes[0], finding, about)
            return figure
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        head = _head(figure, finding, about)
        engine.execute(figure)
        column = {round(ax.get_position().y0, 3): ax.get_position().height for ax in figure.axes}
        around = figure.get_figheight() * (1 - sum(column.values())) + head
        whole = max(height + around, around / (1 - (DATA if len(column) == 1 else SEVERAL)))
        figure.set_figheight(whole)
        engine.set(rect=(0, 0, 1, 1 - head / whole))
        engine.execute(figure)
        figure.set_layout_engine("none")
        for text in figure.texts:
            if text.get_gid() in (FINDING, ABOUT):
                text.set_y(1 - text.get_position()[1] / whole)
    return figure


def alternative(figure: Figure) -> str:
    """What a figure shows, for who cannot see it: its title, and what is drawn."""
    said = {str(text.get_gid()): " ".join(text.get_text().split()) for text in figure.texts if text.get_gid()}
    return ". ".join(said[each].rstrip(".") for each in (FINDING, ABOUT) if said.get(each))


def _head(figure: Figure, finding: str, about: str) -> float:
    """Write both texts of the head, each at its distance from the top in inches; how high they are together."""
    rows = _rows(finding, about, 72 * (figure.get_figwidth() - 2 * EDGE))
    down = EDGE
    for gid, lines, look in rows:
        written = figure.text(EDGE / figure.get_figwidth(), down, "\n".join(lines), gid=gid, va="top", ha="left", **look)
        written.set_in_layout(False)
        written.set_linespacing(LEADING)
        down += len(lines) * LEADING * look["fontsize"] / 72 + 0.01
    return down + UNDER_HEAD if rows else 0.0


def _title(ax: Axes, finding: str, about: str) -> None:
    """The two texts above the axes of a figure that a reader made."""
    rows = _rows(finding, about, 72 * width_of(ax) * 0.9)
    up = 4.0
    for _, lines, look in reversed(rows):
        ax.annotate(
            "\n".join(lines), (0, 1), (0, up), xycoords="axes fraction", textcoords="offset points", va="bottom", **look
        )
        up += len(lines) * LEADING * look["fontsize"] + 2


def _rows(finding: str, about: str, room: float) -> list[tuple[str, list[str], dict[str, Any]]]:
    settings = matplotlib.rcParams
    title: dict[str, Any] = {
        "fontsize": float(settings["figure.titlesize"]),
        "fontweight": settings["figure.titleweight"],
        "color": ink(),
    }
    below: dict[str, Any] = {"fontsize": small(), "color": soft()}
    return [
        (gid, fitted(text, room, look["fontsize"], str(look.get("fontweight", "normal"))), look)
        for gid, text, look in ((FINDING, finding, title), (ABOUT, about, below))
        if text
    ]


def save(figure: Figure, stem: Path, kinds: Sequence[str] = KINDS, drawn: str | None = None) -> list[Path]:
    """Write the figure as `stem`.png and `stem`.svg (text kept as text); the paths, in order of `kinds`.

    Args:
        drawn: the figure as `svg` gives it, where that is at hand.
    """
    paths = []
    for kind in kinds:
        paths.append(stem.with_name(f"{stem.name}.{kind}"))
        content = (drawn or svg(figure)).encode() if kind == "svg" else _rendered(figure, kind)
        output.write(paths[-1], content)
    return paths


def svg(figure: Figure) -> str:
    """The figure as the text of an SVG file."""
    return escaping.set_apart(_rendered(figure, "svg").decode())


def points(figure: Figure) -> list[tuple[float, float, str]]:
    """Where the figure draws values, and what they are: (x, y, text), in units of the SVG's viewBox from its upper left corner.

    They are those that the figure's functions have given their lines and texts a text for; see `style.tell`.
    """
    found = []
    scale = 72 / figure.dpi
    for ax in figure.axes:
        for artist in (*ax.lines, *ax.texts):
            if isinstance(artist, Line2D):
                places = artist.get_transform().transform(artist.get_xydata())
            else:
                assert isinstance(artist, Text)
                places = artist.get_transform().transform([artist.get_position()])
            texts = str(artist.get_label()).split("\n")
            if len(texts) != len(places) or texts[0].startswith("_child"):
                continue
            found += [
                (float(scale * x), float(scale * (figure.bbox.height - y)), text)
                for (x, y), text in zip(places, texts, strict=True)
                if text and figure.bbox.contains(x, y)
            ]
    return found


def _make_visible(figure: Figure) -> None:
    """See that all text of a figure is text that an SVG can hold and a reader sees, whoever named what it tells of."""
    for artist in figure.findobj(Text):
        assert isinstance(artist, Text)
        artist.set_text("\n".join(map(escaping.figure, artist.get_text().split("\n"))))


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    with drawing(), any_script():
        metadata = {"Date": None} if kind == "svg" else {}
        figure.savefig(buffer, format=kind, backend=BACKENDS[kind], dpi=matplotlib.rcParams["savefig.dpi"], metadata=metadata)
    return _with_fonts(_numbered(buffer.getvalue())) if kind == "svg" else buffer.getvalue()


def _with_fonts(svg: bytes) -> bytes:
    """An SVG that names all fonts of the style, whichever are installed where it was made."""
    there = ", ".join(f"'{name}'" for name in stylesheet.fonts())
    wanted = dict.fromkeys((*stylesheet.style_in_use().get(stylesheet.FONTS, ()), stylesheet.LAST_FONT))
    return svg.replace(there.encode(), ", ".join(f"'{name}'" for name in wanted).encode())


def _numbered(svg: bytes) -> bytes:
    """An SVG whose clipped areas are numbered: matplotlib may name them by where their paths lie in memory."""
    for number, name in enumerate(dict.fromkeys(re.findall(rb'<clipPath id="([^"]+)"', svg))):
        svg = svg.replace(b'"%b"' % name, b'"clip%d"' % number).replace(b"#%b)" % name, b"#clip%d)" % number)
    return svg
