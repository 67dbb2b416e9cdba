"""Figures as files: their size fitted to what is in them, PNG and SVG, the same bytes for the same frames."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ablate import escaping
from ablate.report import output
from ablate.report.figures.style import DPI, WIDTH, any_script, drawing


class Drawn(NamedTuple):
    """A figure of a report. name: of its file, without ending. title: what it shows, for a heading or a caption."""

    name: str
    title: str
    figure: Figure


KINDS = ("png", "svg")
BACKENDS = {"png": "agg", "svg": "svg"}
EDGE = 0.04  # inches below a legend
ROOM = 60.0  # inches of the first layout, so that long titles and legends, even of a hundred arms, fit beside the axes


def blank() -> Figure:
    """An empty figure of half a page's width; its height is settled by `fit`."""
    with drawing():
        return Figure(figsize=(WIDTH, ROOM), layout="constrained")


def single() -> Axes:
    """The axes of a figure that has no other."""
    with drawing():
        return blank().add_subplot()


def fit(drawn: Figure | Axes, height: float) -> Figure:
    """Settle a figure's layout and height, so that its axes, stacked, have `height` inches in all.

    What stands around the axes (titles, labels, legends) has a size of its own, whatever the figure's.
    """
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert figure is not None
    _make_visible(figure)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    legends = [legend for ax in figure.axes if (legend := ax.get_legend()) is not None]
    for legend in legends:
        legend.set_in_layout(False)  # the layout would narrow the axes for a legend that is wider than they are at first
    with drawing(), any_script():
        engine.execute(figure)
        column = {round(ax.get_position().y0, 3): ax.get_position().height for ax in figure.axes}
        around = figure.get_figheight() * (1 - sum(column.values()))
        lowest = min((legend.get_window_extent().y0 / figure.dpi for legend in legends), default=EDGE)
        under = max(0.0, EDGE - lowest)
        whole = height + around + under
        figure.set_figheight(whole)
        engine.set(rect=(0, under / whole, 1, 1 - under / whole))
        engine.execute(figure)
        figure.set_layout_engine("none")
    return figure


def save(figure: Figure, stem: Path, kinds: Sequence[str] = KINDS, drawn: str | None = None) -> list[Path]:
    """Write the figure as `stem`.png (200 dots an inch) and `stem`.svg (text kept as text); the paths, in order of `kinds`.

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
        figure.savefig(buffer, format=kind, backend=BACKENDS[kind], dpi=DPI, metadata=metadata)
    return _numbered(buffer.getvalue()) if kind == "svg" else buffer.getvalue()


def _numbered(svg: bytes) -> bytes:
    """An SVG whose clipped areas are numbered: matplotlib may name them by where their paths lie in memory."""
    for number, name in enumerate(dict.fromkeys(re.findall(rb'<clipPath id="([^"]+)"', svg))):
        svg = svg.replace(b'"%b"' % name, b'"clip%d"' % number).replace(b"#%b)" % name, b"#clip%d)" % number)
    return svg
