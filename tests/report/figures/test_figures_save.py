import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from matplotlib import font_manager, pyplot
from matplotlib.figure import Figure

from ablate.report import figures
from ablate.report.figures import rows
from ablate.report.figures.shapley import shapley_bars
from ablate.report.figures.style import FONT, tell

SVG = "{http://www.w3.org/2000/svg}"


def drawn(label: str = "a step"):
    ax = figures.single()
    (line,) = ax.plot([0, 1, 2], [0.0, -1.0, 1.0])
    tell(line, ["first", "", "third"])
    ax.set_xlabel(label)
    return figures.fit(ax, 1.5)


def test_the_files_are_a_png_and_an_svg_with_text_and_are_the_same_again(tmp_path):
    style = dict(matplotlib.rcParams)
    paths = figures.save(drawn(), tmp_path / "figures" / "at 0.5")
    assert [path.name for path in paths] == ["at 0.5.png", "at 0.5.svg"]
    png = paths[0].read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == round(figures.WIDTH * figures.DPI)
    texts = ["".join(node.itertext()) for node in ElementTree.parse(paths[1]).iter(f"{SVG}text")]
    assert "a step" in texts
    assert "−1.0" in texts
    assert [path.read_bytes() for path in figures.save(drawn(), tmp_path / "again")] == [path.read_bytes() for path in paths]
    assert dict(matplotlib.rcParams) == style


def test_only_the_kinds_asked_for_are_written(tmp_path):
    assert figures.save(drawn(), tmp_path / "one", ("svg",)) == [tmp_path / "one.svg"]
    assert [path.name for path in tmp_path.iterdir()] == ["one.svg"]


def test_what_a_user_named_is_text_and_nothing_else():
    root = ElementTree.fromstring(figures.svg(drawn("<b> & $x$ → ü")))
    assert "<b> & $x$ → ü" in ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def test_axes_get_the_height_asked_for_whatever_stands_around_them():
    low = drawn()
    ax = figures.single()
    ax.plot([0, 1], label="\n".join("many lines"))
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.3))
    high = figures.fit(ax, 1.5)
    assert [figure.axes[0].get_window_extent().height / figure.dpi for figure in (low, high)] == pytest.approx(
        [1.5, 1.5], abs=0.02
    )
    assert high.get_figheight() > low.get_figheight() + 1
    assert high.axes[0].get_legend().get_window_extent().y0 >= 0


def test_a_pointer_finds_values_where_the_svg_draws_them():
    figure = drawn()
    (x0, y0, first), (x2, y2, third) = figures.points(figure)
    assert (first, third) == ("first", "third")
    assert x0 < x2
    assert y0 > y2
    root = ElementTree.fromstring(figures.svg(figure))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert 0 < x2 < width
    assert 0 < y2 < y0 < height
    curves = [re.findall(r"[-\d.]+", path.get("d", "")) for path in root.iter(f"{SVG}path")]
    assert [x0, y0] in [pytest.approx([float(part) for part in curve[:2]], abs=0.1) for curve in curves if len(curve) == 6]


HOSTILE = {
    **{"font.family": ["serif"], "font.size": 23, "figure.dpi": 37, "savefig.dpi": 11, "savefig.bbox": "tight"},
    **{"savefig.format": "pdf", "axes.facecolor": "red", "axes.formatter.use_locale": True, "lines.linewidth": 9},
    **{"lines.marker": "x", "svg.fonttype": "path", "svg.id": "evil", "svg.hashsalt": "other", "axes.unicode_minus": False},
    **{"figure.autolayout": True, "path.sketch": (1, 100, 2), "xtick.direction": "in", "legend.frameon": True},
    **{"text.usetex": True, "text.hinting": "none", "backend": "svg", "axes.xmargin": 0.4, "image.cmap": "jet"},
}


def _bars() -> Figure:
    columns = {"change": ["lr", "ema"], "points": [1.5, -0.25], "low": [1.0, -0.5], "high": [2.0, 0.0], "level": 0.95}
    ax = shapley_bars(pd.DataFrame(columns), figures.single())
    return figures.fit(ax, rows.height(ax))


def test_a_figure_is_the_same_bytes_whatever_the_user_has_set(tmp_path):
    plain = [path.read_bytes() for path in figures.save(_bars(), tmp_path / "plain")]
    opened = pyplot.get_fignums()
    with matplotlib.rc_context(HOSTILE):
        before = dict(dict.items(matplotlib.rcParams))
        theirs = [path.read_bytes() for path in figures.save(_bars(), tmp_path / "theirs")]
        assert dict(dict.items(matplotlib.rcParams)) == before
    assert theirs == plain
    assert pyplot.get_fignums() == opened
    assert b"Date" not in plain[1]
    assert b'id="clip0"' in plain[1]


def test_the_font_is_the_one_that_matplotlib_brings():
    for weight in ("normal", "bold"):
        path = Path(font_manager.findfont(font_manager.FontProperties(family=FONT, weight=weight)))
        assert path.is_relative_to(matplotlib.get_data_path())
