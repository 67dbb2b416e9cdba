import re
from collections import Counter
from html.parser import HTMLParser

import pandas as pd
import pytest

from ablate.report import page

VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """What a browser makes of a page: its elements in order, and the text inside each kind of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def inside(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def rendered(text: pd.DataFrame, exact: pd.DataFrame | None = None) -> Reader:
    table = page.Table(text, "a table", exact)
    return Reader(page.render("title", (), (), [page.Section("one", "One", blocks=(table,))]))


def cells(reader: Reader, column: int, width: int) -> list[dict[str, str | None]]:
    found = [attributes for tag, attributes in reader.elements if tag == "td" or attributes.get("scope") == "row"]
    return found[column::width]


def test_every_element_is_closed_where_it_was_opened(html):
    assert Reader(html).open == []


def test_the_page_asks_for_nothing_from_outside(html):
    reader = Reader(html)
    for tag, attributes in reader.elements:
        for name in {"src", "srcset", "data", "poster", "action"} & attributes.keys():
            pytest.fail(f"{tag} has {name}={attributes[name]}")
        if "href" in attributes and tag != "a":
            assert attributes["href"].startswith(("#", "data:,"))
    assert not re.search(r"@import|@font-face|url\((?!#)", html)
    assert [attributes["href"] for attributes in reader.all("a") if not attributes["href"].startswith("#")] == [
        "runs.csv",
        "figures/a%26b.svg",
    ]


def test_what_users_named_stays_text(html):
    reader = Reader(html)
    assert len(reader.all("script")) == 1
    assert not reader.all("img")
    assert len(reader.all("style")) == 1 + 2  # the page's, and one in each figure
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]
    nasty = "<script>document.title = 'taken'</script> & \"quotes\" ' </style>"
    for tag in ("title", "h1", "h2", "p", "li", "th", "figcaption", "code"):
        assert any(nasty in text for text in reader.inside(tag)), tag


def test_only_the_script_of_the_page_may_run(html):
    policy = next(a["content"] for a in Reader(html).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    script = re.search(r"script-src ([^;]*);", policy)
    assert script
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", script[1])
    assert "default-src 'none'" in policy


def test_no_two_elements_have_one_id_and_all_that_refer_to_one_find_it(html):
    reader = Reader(html)
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert max(Counter(ids).values()) == 1
    wanted = {
        value for _, a in reader.elements for value in re.findall(r"url\(#([^)]+)\)", " ".join(v or "" for v in a.values()))
    }
    wanted |= {a["href"][1:] for _, a in reader.elements if a.get("href", "").startswith("#")}
    wanted |= {a["aria-labelledby"] for _, a in reader.elements if "aria-labelledby" in a}
    assert wanted
    assert wanted <= set(ids)


def test_the_style_of_a_figure_speaks_only_of_that_figure(html):
    first, second = re.findall(r'<style type="text/css">(.*?)</style>', html)
    assert first == "#figure1-svg *{stroke-linejoin: round; stroke-linecap: butt}".replace("figure1", "figure2")
    assert second.startswith("#figure3-svg *{")


def test_a_figure_has_a_text_in_its_place_and_keeps_its_own_text(html):
    reader = Reader(html)
    assert [a["aria-label"] for a in reader.all("svg") if "role" in a][1] == "A second figure."
    assert all(a.get("role") == "img" or a.get("aria-hidden") == "true" for a in reader.all("svg") if a.get("class") != "gl")
    assert "first & <b>" in reader.inside("text")
    assert not reader.all("metadata")


def test_tables_have_a_caption_headings_and_a_name_in_each_row(html):
    reader = Reader(html)
    assert reader.inside("caption") == ["Verdicts", "All runs"]
    assert Counter(a.get("scope") for a in reader.all("th")) == {"col": 4 + 2, "row": 4 + 60}
    assert reader.all("html") == [{"lang": "en"}]
    assert len(reader.all("h1")) == 1


def test_rows_are_sorted_by_the_exact_value_and_show_it():
    reader = rendered(
        pd.DataFrame({"arm": ["a", "b", "c"], "x": ["−1.2", "–", "1,000"]}), pd.DataFrame({"x": [-1.23456, None, 1000]})
    )
    first, second, third = cells(reader, 1, 2)
    assert first == {"class": "number", "data-value": "-1.23456", "title": "−1.23456"}
    assert second == {"class": "number"}
    assert third == {"class": "number", "data-value": "1000.0"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("−3.1 (−4.0 to −2.2)", "-3.1"),
        ("+0.31 †", "0.31"),
        ("1,234,567", "1234567.0"),
        ("± 0.5", "0.5"),
        ("78.1 ± 0.3", "78.1"),
        ("2.5e-07", "2.5e-07"),
        ("12%", "12.0"),
        ("95%", "95.0"),
    ],
)
def test_without_exact_values_the_number_that_a_cell_begins_with_counts(text, value):
    reader = rendered(pd.DataFrame({"arm": ["a", "b"], "x": [text, "–"]}))
    assert [cell.get("data-value") for cell in cells(reader, 1, 2)] == [value, None]
    assert reader.all("th")[1]["data-kind"] == "number"


@pytest.mark.parametrize("text", ["0b7ea4f1900784f4", "24x24", "done", "2.20.0", "−", "v2"])
def test_names_with_digits_are_no_numbers(text):
    reader = rendered(pd.DataFrame({"arm": ["a", "b", "c"], "x": [text, "–", "12"]}))
    assert [cell.get("data-value") for cell in cells(reader, 1, 2)] == [text, None, "12"]
    assert reader.all("th")[1]["data-kind"] == "text"


def test_what_is_not_ordinary_comes_before_the_numbers(html):
    assert html.index("exploratory: changed after training") < html.index("<table")
    assert "exploratory" not in page.render("title", ("answer",), (), [])


@pytest.mark.parametrize(("rows", "kept"), [(24, True), (25, False)])
def test_a_short_table_is_printed_on_one_page(rows, kept):
    reader = rendered(pd.DataFrame({"arm": ["a"] * rows}))
    assert [("short" in str(a["class"])) for a in reader.all("div") if "scroll" in str(a.get("class"))] == [kept]


def test_a_table_without_rows_says_so():
    assert rendered(pd.DataFrame({"arm": [], "x": []})).inside("td") == ["no rows"]


def test_the_same_content_gives_the_same_page(sections):
    assert page.render("t", ("a",), (), sections) == page.render("t", ("a",), (), sections)
