"""A sweep in which every name and message is hostile: each file of its report, and the terminal, read by a parser."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

from ablate.results import analysis, files, notebook, plots, question, tables
from ablate.results.analysis import Analysis
from ablate.terminal import Terminal

HOSTILE = (
    "a|b ``` `c` \r\n| x | y |",
    "<img src=x onerror=\"document.title='taken'\"> <!-- ]]> &lt;",
    "</style><script>document.title = 'taken'</script>",
    "[l](javascript:alert(1)) ![i](http://a.b/c.png) https://a.b www.c.d",
    '=HYPERLINK("http://a.b","x")',
    "+1-1+cmd|' /C calc'!A0",
    "-2+3 x",
    "@SUM(1)",
    "\x1b]0;taken\x07\x1b[31mred\x1b[0m",
    "\x9b31m \x85 \x08\x0b\x0c\x00\x7f",
    "\ufffe\uffff \ud800",
    "x\u202e −5.14 \u2066",
    "a\u200bb\ufeffc",
    "אבג −5.14",
    "日本語の名前",
    "e" + "\u0301" * 30,
    "$x^2$ \\alpha \\input{/etc/passwd} 100 % & #1 _{}~^",
    "n" * 700,
    "# heading\n- item",
    "> quoted\t1. one",
    "a\u2028b\u2029c\r",
    "\"'; rm -rf ~; `id` $(id) !!",
    "[red]b[/red] :smile:",
    "*a* _b_ **c** ~~d~~",
    "    code",
)
TAGS = set(
    re.findall(
        r"\S+",
        "html head meta title link style body header h1 p nav ul li a main section h2 div table caption thead tr th tbody td "
        "figure figcaption details summary aside strong pre code script svg g path defs use text rect circle clippath image",
    )
)


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Page(HTMLParser):
    """What tags, attributes and text a browser finds in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(text: str) -> bool:
    """Whether a text has no control, direction or character that is none in it; those that set words apart come in pairs."""
    unseen = set("\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2060\ufeff\ufffe\uffff\u2028\u2029")
    controls = [sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n"]
    return not controls and not unseen & set(text) and text.count("\u2068") == text.count("\u2069")


def hostile(made: Analysis, names: tuple[str, ...], study: str) -> Analysis:
    """The same sweep with hostile text wherever text comes in from outside its names of arms."""
    told, results = iter(names * 20), made.results
    trainings = results.trainings.copy()
    for column in ("device", "host", "processor", "python", "tensorflow", "keras", "ablate", "commit"):
        trainings[column] = [next(told) for _ in range(len(trainings))]
    classes = [next(told) for _ in range(10)]
    runs = results.runs.assign(error=[next(told) if status == "failed" else None for status in results.runs["status"]])
    sweep = {**results.sweep, "study": study, "question": next(told)}
    notes = tuple(next(told) for _ in range(3))
    outside = replace(results, trainings=trainings, runs=runs, sweep=sweep, notes=notes, class_names=classes)
    return analysis.analyse(*question.ask(outside))


def every_format(made: Analysis, out: Path, formats: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for path in files.write(made, out, "multi run/\x1b[31m\n=x", formats):
        yield path, "" if path.suffix == ".png" else path.read_bytes().decode()


def read(path: Path, text: str, made: Analysis) -> None:
    """Check a file of a report as whoever reads such files reads it."""
    assert harmless(text), path
    {".html": _page, ".md": _markdown, ".csv": _csv, ".tex": _tex, ".svg": _svg}.get(path.suffix, lambda *_: None)(text, made)


def _page(text: str, made: Analysis) -> None:
    page = Page()
    page.feed(text)
    assert {tag for tag, _ in page.found} <= TAGS
    assert [tag for tag, _ in page.found].count("script") == 1
    for tag, attributes in page.found:
        assert not any(name.startswith("on") for name in attributes)
        link = attributes.get("href") or attributes.get("src") or attributes.get("xlink:href") or "#"
        assert link == "data:," or re.fullmatch(r"#[\w-]+|#|[a-z_]+\.[a-z]+|figures/[a-z_]+\.[a-z]+", link), (tag, link)
    assert "<img src=x onerror=" in page.text  # it stays to be read


def _markdown(text: str, made: Analysis) -> None:
    parsed = MARKDOWN.parse(text)
    inline = [one for token in parsed for one in token.children or ()]
    assert {one.type for one in inline} <= {"text", "softbreak", "strong_open", "strong_close"}
    assert {token.type for token in parsed} <= {
        f"{what}_{end}"
        for what in ("heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td")
        for end in ("open", "close")
    } | {"inline"}
    if sum(token.type == "table_open" for token in parsed):
        shapes = [one.text.shape for one in tables.every(made)]
        assert _shapes([token.type for token in parsed]) == shapes


def _shapes(kinds: list[str]) -> list[tuple[int, int]]:
    """The rows and columns of each table."""
    found = []
    for part in " ".join(kinds).split("table_open")[1:]:
        inside = part.split("table_close")[0].split()
        rows, columns = inside.count("tr_open") - 1, inside.count("th_open")
        assert inside.count("td_open") == rows * columns
        found.append((rows, columns))
    return found


def _csv(text: str, made: Analysis) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == text.count("\n")
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"\s*[=+\-@＝]", cell) or float(cell) is not None, cell


def _tex(text: str, made: Analysis) -> None:
    assert text.isascii()
    assert "\\input{/etc" not in text.replace("\\{", "{")
    plain = re.sub(r"(?m)^%.*$|\\[\\&%$#_{}]", "", text)
    assert plain.count("{") == plain.count("}")


def _svg(text: str, made: Analysis) -> None:
    root = ET.fromstring(text)
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= SHAPES
    assert root.tag.endswith("svg")


SHAPES = {*TAGS, *re.findall(r"\S+", "clipPath metadata RDF Work type date format creator Agent")}


@pytest.fixture(scope="module")
def few(make_study) -> Analysis:
    """Two arms whose names hold all that is hostile."""
    parts = ["\n".join(HOSTILE[start::3]).replace("n" * 700, "n" * 90) for start in range(3)]
    made = make_study({parts[0]: [parts[1], parts[2]]}, seeds=2, evaluations=2, troubled=1)
    return hostile(made, HOSTILE, parts[0])


def test_every_text_of_a_report_stays_what_it_is(few, tmp_path):
    for path, text in every_format(few, tmp_path, ("csv", "md", "tex")):
        read(path, text, few)


def test_the_page_and_its_figures_stay_what_they_are(few, tmp_path, monkeypatch):
    first = next(iter(plots.drawn(few)))  # each of the others takes as long
    monkeypatch.setattr(plots, "drawn", lambda _: [first])
    for path, text in every_format(few, tmp_path, ("html", "svg")):
        read(path, text, few)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["factorial", "one_factor", "fractional", "together"])
def test_many_hostile_names_in_every_place(make_study, tmp_path, design):
    factors = {HOSTILE[0]: list(HOSTILE[1:9]), HOSTILE[9]: list(HOSTILE[10:18])}
    if design in ("factorial", "fractional"):
        factors = {HOSTILE[number]: list(HOSTILE[number + 1 : number + 3]) for number in range(0, 24, 3)}
        factors = dict(list(factors.items())[: 3 if design == "factorial" else 8])
    made = hostile(make_study(factors, seeds=2, evaluations=2, design=design, troubled=3), HOSTILE, HOSTILE[1])
    for path, text in every_format(made, tmp_path, files.FORMATS):
        read(path, text, made)


@pytest.mark.parametrize("width", [40, 80, None])
def test_the_terminal_shows_text(few, width):
    console = Terminal(file=io.StringIO(), width=width or 80, force_terminal=width is not None, color_system=None)
    tables.show(few, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert harmless(text)
    assert width is None or max(map(cell_len, text.splitlines())) <= width
    assert "[red]b[/red] :smile:" in text or width == 40
    seen = " ".join(text.split())
    for column in tables.every(few)[1].columns:
        assert column.words or column.spare or all(cell in seen for cell in column.text)


def test_the_notebook_shows_text(few):
    report = notebook.Report("made")
    vars(report).update({"found": None, "analysis": few, "_pictures": {}, "_place": ("made", "a\n```\n<b>\x1b")})
    shown = [report.question(), report.answer(), report.notes(), *(report.table(one.name) for one in tables.every(few))]
    for one in [*shown, report.figure("<img src=x>`\n")]:
        assert harmless(one.markdown)
        inline = [each.type for token in MARKDOWN.parse(one.markdown) for each in token.children or ()]
        assert set(inline) <= {"text", "softbreak", "strong_open", "strong_close", "code_inline"}
    [block] = MARKDOWN.parse(report.repeat().markdown)
    assert (block.type, harmless(block.content)) == ("fence", True)
