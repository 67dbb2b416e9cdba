"""The fixtures of those who read sweeps: made-up ones, a browser for pages, and what a file of a stranger may hold."""

import csv
import io
import re
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from made_up import Sweeps
from markdown_it import MarkdownIt

from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask

FOUR = ("augment=on,off", "ema=on,off")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"]


@pytest.fixture
def sweeps(tmp_path: Path) -> Sweeps:
    return Sweeps(tmp_path)


@pytest.fixture(scope="session")
def kept_sweep(tmp_path_factory) -> Path:
    """The folder of a small sweep that all tests share: whoever changes a file puts it back."""
    sweeps = Sweeps(tmp_path_factory.mktemp("kept"))
    made = sweeps.planned("steps=30", "eval_every=10", "augment=on,off", "ema=on,off", "seed=0,1")
    return sweeps.trained(made, 10, 20, 30)


@pytest.fixture
def study(sweeps) -> Callable[..., Analysis]:
    """A sweep on digits with made-up values: for each arm a list with a fraction, or a status, for each seed.

    Its trainings were evaluated on four images, too few to say anything of new ones, so these count only with `images`.
    """

    def made(
        values: Sequence[Sequence[float | str]],
        *words: str,
        design: str = "factorial",
        images: bool = False,
        **changes: object,
    ) -> Analysis:
        seeds = ",".join(map(str, range(len(values[0]))))
        plan = sweeps.planned(*(words or FOUR), "steps=10", f"seed={seeds}", design=design)
        results = load(sweeps.trained(plan, 5, 10))
        runs = results.runs.copy()
        given = [values[arm][seed] for arm, seed in zip(runs["arm"], runs["seed"], strict=True)]
        runs["status"] = [value if isinstance(value, str) else "done" for value in given]
        runs["accuracy"] = [np.nan if isinstance(value, str) else value for value in given]
        labels = results.labels if images else None
        return analyze(*ask(replace(results, runs=runs, labels=labels), **changes))

    return made


@pytest.fixture(scope="module")
def browser():
    """A real browser; the test skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the page is tried in a browser with playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH")
    with playwright.sync_playwright() as program:
        chromium = program.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu", *QUIET]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser) -> Callable[..., AbstractContextManager[Any]]:
    """Opens a page as a reader does; leaving it fails where it asked for anything else or complained."""

    @contextmanager
    def of(path: Path, **options):
        tab = browser.new_page(**options)
        requests, complaints = [], []
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        tab.goto(path.as_uri())
        yield tab
        tab.wait_for_timeout(100)
        tab.close()
        assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
        assert complaints == []

    return of


@pytest.fixture(scope="session")
def barriers() -> Callable[[Any], list[str]]:
    """What keeps a reader out of a page as it is shown, by axe-core; the test skips where that is not installed."""
    pytest.importorskip("axe_playwright_python", reason="barriers are looked for with axe-core")
    script = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")

    def found(tab) -> list[str]:
        tab.evaluate(script)
        violations = tab.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in violations]

    return found


@pytest.fixture
def sort_all() -> Callable[[Any], None]:
    """Sorts every table of a page by every column: no row is lost, and one column at most is the sorted one."""

    def sort(tab):
        tab.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        for part in tab.get_by_role("tab").all() or [None]:
            if part is not None:
                part.click()
            for table in tab.locator("table.d:visible").all():
                rows = sorted(table.locator("tbody tr").all_inner_texts())
                for button in table.locator("thead button").all():
                    button.click()
                    assert sorted(table.locator("tbody tr").all_inner_texts()) == rows
                orders = [heading.get_attribute("aria-sort") for heading in table.locator("thead th").all()]
                assert orders.count("ascending") <= 1

    return sort


# text from outside, and readers of what is written of it

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
    "$x^2$ \\alpha \\input{/etc/passwd} 100% & #1 _{}~^",
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
        "html head meta title link style body header footer h1 p ul li a main section h2 h3 h4 div span table caption thead tr "
        "th tbody td colgroup col button small dl dt dd template symbol line i "
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


def read(path: Path, text: str, shapes: list[tuple[int, int]]) -> None:
    """Check a file of a report as whoever reads such files reads it."""
    assert harmless(text), path
    {".html": _page, ".md": _markdown, ".csv": _csv, ".tex": _tex, ".svg": _svg}.get(path.suffix, lambda *_: None)(text, shapes)


def _page(text: str, shapes: list[tuple[int, int]]) -> None:
    page = Page()
    page.feed(text)
    assert {tag for tag, _ in page.found} <= TAGS
    assert [tag for tag, _ in page.found].count("script") == 1
    for tag, attributes in page.found:
        assert not any(name.startswith("on") for name in attributes)
        link = attributes.get("href") or attributes.get("src") or attributes.get("xlink:href") or "#"
        assert link == "data:," or re.fullmatch(r"#[\w-]+|#|[a-z_]+\.[a-z]+|figures/[a-z_]+\.[a-z]+", link), (tag, link)
    assert "<img src=x onerror=" in page.text  # it stays to be read


def _markdown(text: str, shapes: list[tuple[int, int]]) -> None:
    parsed = MARKDOWN.parse(text)
    inline = [one for token in parsed for one in token.children or ()]
    assert {one.type for one in inline} <= {"text", "softbreak", "strong_open", "strong_close", "code_inline"}
    assert sum(one.type == "code_inline" for one in inline) <= 1  # the command that repeats a search
    assert {token.type for token in parsed} <= {
        f"{what}_{end}"
        for what in ("heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td")
        for end in ("open", "close")
    } | {"inline"}
    if sum(token.type == "table_open" for token in parsed):
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


def _csv(text: str, shapes: list[tuple[int, int]]) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == text.count("\n")
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"\s*[=+\-@＝]", cell) or float(cell) is not None, cell


def _tex(text: str, shapes: list[tuple[int, int]]) -> None:
    assert text.isascii()
    assert "\\input{/etc" not in text.replace("\\{", "{")
    plain = re.sub(r"(?m)^%.*$|\\[\\&%$#_{}]", "", text)
    assert plain.count("{") == plain.count("}")


def _svg(text: str, shapes: list[tuple[int, int]]) -> None:
    root = ET.fromstring(text)
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= SHAPES
    assert root.tag.endswith("svg")


SHAPES = {*TAGS, *re.findall(r"\S+", "clipPath metadata RDF Work type date format creator Agent")}


@pytest.fixture(scope="session")
def outside() -> SimpleNamespace:
    """Hostile names; `read` checks a file of a report as whoever reads such files reads it, given the shapes of its tables."""
    return SimpleNamespace(names=HOSTILE, read=read, harmless=harmless, markdown=MARKDOWN)
