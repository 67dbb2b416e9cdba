import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from matplotlib import font_manager, pyplot
from matplotlib.figure import Figure

from ablate.errors import AblateError
from ablate.report import figures
from ablate.report.figures import rows, stylesheet
from ablate.report.figures.shapley import shapley_bars
from ablate.report.figures.style import tell

SVG = "{http://www.w3.org/2000/svg}"


def drawn_on(label: str):
    ax = figures.single()
    (line,) = ax.plot([0, 1, 2], [0.0, -1.0, 1.0])
    tell(line, ["first", "", "third"])
    ax.set_xlabel(label)
    return ax


def drawn(label: str = "a step"):
    return figures.fit(drawn_on(label), 1.5)


def test_the_files_are_a_png_and_an_svg_with_text_and_are_the_same_again(tmp_path):
    style = dict(matplotlib.rcParams)
    paths = figures.save(drawn(), tmp_path / "figures" / "at 0.5")
    assert [path.name for path in paths] == ["at 0.5.png", "at 0.5.svg"]
    png = paths[0].read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == round(figures.TWO_COLUMNS * 300)
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
    low = figures.fit(drawn_on("a step"), 3.0)
    high = figures.fit(drawn_on("\n".join("many lines")), 3.0)
    heights = [figure.axes[0].get_window_extent().height / figure.dpi for figure in (low, high)]
    assert heights == pytest.approx([3.0, 3.0], abs=0.05)
    assert high.get_figheight() > low.get_figheight() + 1


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


def test_the_fonts_are_those_of_the_style_and_the_svg_names_all_of_them(caplog):
    there = stylesheet.fonts()
    assert there[-1] == "DejaVu Sans"
    for weight in ("normal", "bold"):
        path = Path(font_manager.findfont(font_manager.FontProperties(family=list(there), weight=weight)))
        assert path.exists()
    svg = figures.svg(drawn())
    assert "'Helvetica', 'Arial', 'Liberation Sans'" in svg
    assert caplog.records == []


def style_of(folder: Path, text: str) -> Path:
    path = folder / "my.mplstyle"
    path.write_text(text)
    return path


def test_a_file_of_the_reader_replaces_the_style_and_afterwards_it_is_as_it_was(tmp_path):
    with figures.chosen(style_of(tmp_path, "figure.figsize: 3.25, 1\ntext.color: ff0000  # red\naxes.facecolor: ffffee\n")):
        assert figures.width() == 3.25
        figure = figures.fit(figures.single(), 1.0, "What was found", "What is drawn.")
        assert figure.get_figwidth() == 3.25
        assert "#ff0000" in figures.svg(figure)
    assert figures.width() == figures.TWO_COLUMNS


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("axes.colour: red", r"my.mplstyle, line 2: unknown style setting 'axes.colour'"),
        ("axes.edgecolr: red", "Did you mean 'axes.edgecolor'?"),
        ("font.size: huge", "my.mplstyle, line 2: font.size cannot be 'huge'."),
        ("font.size", "my.mplstyle, line 2: expected KEY: VALUE, got 'font.size'."),
        ("backend: agg", "unknown style setting 'backend'."),
        ("figure.figsize: 0.1, 3", "figure.figsize must be from 2 to 20 inches wide, got 0.1."),
    ],
)
def test_a_style_file_with_a_mistake_is_refused_in_one_line(tmp_path, line, told):
    with pytest.raises(AblateError) as refused, figures.chosen(style_of(tmp_path, f"# mine\n{line}\n")):
        pass
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_style_file_that_cannot_be_read_is_refused(tmp_path):
    missing = tmp_path / "none.mplstyle"
    with pytest.raises(AblateError, match=r"Cannot read report\.style .*: no such file"), figures.chosen(missing):
        pass
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AblateError, match="it is no text"), figures.chosen(tmp_path / "binary"):
        pass


def test_the_head_is_at_the_left_and_data_have_two_thirds_of_the_height():
    ax = figures.single()
    ax.plot([0, 1], label="a line")
    ax.set_xlabel("many\nlines\nof\na\nlabel")
    figure = figures.fit(ax, 0.3, "A long title that says what was found " * 4, "What is drawn in it. " * 9)
    finding, about = (text.get_window_extent() for text in figure.texts)
    assert finding.y0 > about.y1 > about.y0 > ax.get_window_extent().y1
    assert finding.x0 == pytest.approx(about.x0, abs=3)
    assert about.x0 < ax.get_window_extent().x0
    assert finding.y1 <= figure.bbox.y1
    assert finding.x1 <= figure.bbox.x1
    assert ax.get_window_extent().height >= 0.66 * figure.bbox.height
    assert figures.alternative(figure).startswith("A long title that says what was found A long")


def test_axes_of_the_reader_get_the_title_and_their_figure_stays_as_it_is():
    theirs = Figure(figsize=(5, 3), layout="constrained")
    ax = theirs.add_subplot()
    figures.fit(ax, 1.0, "What was found", "What is drawn.")
    assert theirs.get_size_inches().tolist() == [5, 3]
    assert [text.get_text() for text in ax.texts] == ["What is drawn.", "What was found"]
