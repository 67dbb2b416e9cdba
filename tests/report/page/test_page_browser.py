import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from ablate.report import page

pytestmark = pytest.mark.slow


@pytest.fixture
def path(tmp_path, html) -> Path:
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    return tmp_path / "index.html"


@pytest.fixture
def large(tmp_path, make_study, make_report) -> Path:
    """A real report: 20 arms, with figures."""
    levels = [str(level) for level in range(5)]
    html = make_report(make_study({"width": levels, "<b>lr": levels[:4]}, seeds=5, evaluations=10, troubled=2))
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    return tmp_path / "index.html"


def column(tab, number: int, table: int = 0) -> list[str]:
    return tab.locator("table").nth(table).locator(f"tbody tr > :nth-child({number})").all_inner_texts()


def orders(tab, table: int = 0) -> list[str | None]:
    return [heading.get_attribute("aria-sort") for heading in tab.locator("table").nth(table).locator("thead th").all()]


def test_the_page_opens_from_a_file_without_complaint_or_request(opened, path):
    with opened(path) as tab:
        assert tab.evaluate("document.compatMode") == "CSS1Compat"
        assert tab.locator("figure svg").count() == 2
        assert tab.locator("figure svg").first.bounding_box()["width"] > 300


def test_what_users_named_stays_text_in_a_browser(opened, path):
    with opened(path) as tab:
        tab.wait_for_timeout(200)
        assert tab.title().startswith("seed_ladder <script>document.title = 'taken'</script>")
        assert tab.locator("img").count() == 0
        assert tab.locator("script").count() == 1


def test_a_script_that_got_in_after_all_would_not_run(browser, tmp_path, html):
    broken = html.replace('<main class="wrap">', "<main class=\"wrap\"><script>document.title = 'taken'</script>")
    path = tmp_path / "broken.html"
    path.write_text(broken, encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    assert tab.title() != "taken"
    tab.close()


def test_a_click_on_a_heading_sorts_by_the_numbers_with_the_missing_last(opened, path):
    with opened(path) as tab:
        written = column(tab, 2)
        heading = tab.locator("table").first.get_by_role("button", name="difference")
        heading.click()
        assert column(tab, 2) == ["−1.2 (−2.0 to −0.4)", "+0.31 (−0.10 to +0.72)", "+10.0 (+9.0 to +11.0)", "–"]
        assert orders(tab) == ["none", "ascending", "none", "none"]
        heading.click()
        assert column(tab, 2) == ["+10.0 (+9.0 to +11.0)", "+0.31 (−0.10 to +0.72)", "−1.2 (−2.0 to −0.4)", "–"]
        assert orders(tab) == ["none", "descending", "none", "none"]
        heading.click()
        assert column(tab, 2) == written
        assert orders(tab) == ["none"] * 4


def test_rows_stay_together_when_they_are_sorted(opened, path):
    with opened(path) as tab:
        rows = tab.locator("tbody").first.locator("tr").all_inner_texts()
        tab.locator("table").first.get_by_role("button", name="verdict").click()
        assert column(tab, 4)[0].startswith("helps")
        assert sorted(tab.locator("tbody").first.locator("tr").all_inner_texts()) == sorted(rows)


def test_a_table_is_sorted_with_the_keyboard_alone(opened, path):
    with opened(path) as tab:
        for _ in range(40):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement.textContent") == "operations":
                break
        tab.keyboard.press("Enter")
        assert column(tab, 3) == ["987", "19,000", "1,234,567", "–"]
        tab.keyboard.press("Space")
        assert column(tab, 3) == ["1,234,567", "19,000", "987", "–"]


def test_pointing_shows_values(opened, path):
    with opened(path) as tab:
        assert tab.locator("tbody td.number").first.get_attribute("title") == "−1.2345678"
        ring = tab.locator(".points circle").first
        assert ring.locator("title").text_content().startswith("0.5 at <script>")
        before = ring.evaluate("ring => getComputedStyle(ring).stroke")
        ring.hover()
        assert ring.evaluate("ring => getComputedStyle(ring).stroke") != before


def test_the_commands_are_copied_as_they_are(opened, path):
    with opened(path) as tab:
        tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab.get_by_role("button", name="copy").click()
        tab.get_by_role("button", name="copied").wait_for()
        assert tab.evaluate("navigator.clipboard.readText()").startswith("python -m ablate -m augment=on,off\necho <script>")


def test_the_print_has_several_pages_and_shows_what_is_folded(opened, path, tmp_path):
    with opened(path) as tab:
        assert not tab.locator("details").evaluate("part => part.open")
        tab.evaluate("addEventListener('beforeprint', () => { window.shown = document.querySelector('details').open })")
        pdf = tab.pdf(format="A4")
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") > 1
        assert tab.evaluate("window.shown")
        assert not tab.locator("details").evaluate("part => part.open")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads the print with pdftotext")
def test_the_heading_of_a_long_table_is_on_each_of_its_pages_and_never_alone(opened, tmp_path):
    text = pd.DataFrame({"run": [f"row{number}" for number in range(150)], "heading": ["done"] * 150})
    lead = page.Lines(tuple(f"line {number}" for number in range(30)))
    html = page.render("title", (), (), [page.Section("one", "One", blocks=(lead, page.Table(text, "All runs")))])
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    with opened(tmp_path / "index.html") as tab:
        tab.pdf(format="A4", path=tmp_path / "page.pdf")
    subprocess.run(["pdftotext", "-layout", "page.pdf"], cwd=tmp_path, check=True)
    pages = [sheet for sheet in (tmp_path / "page.txt").read_text().split("\f") if sheet.strip()]
    assert sum("row" in sheet for sheet in pages) > 1
    for sheet in pages:
        assert ("heading" in sheet) == ("row" in sheet)


def test_the_button_that_copies_hides_no_letter(opened, tmp_path):
    code = page.Code(("python -m ablate " + "augment=on,off " * 40,))
    html = page.render("title", (), (), [page.Section("one", "One", blocks=(code,))])
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    for width in (400, 1280):
        with opened(tmp_path / "index.html", viewport={"width": width, "height": 800}) as tab:
            button = tab.get_by_role("button", name="copy").bounding_box()
            text = tab.locator("pre code").bounding_box()
            assert text["x"] + text["width"] <= button["x"]


def test_the_verdict_and_what_is_not_done_are_in_sight(opened, large):
    def right(found) -> float:
        box = found.first.bounding_box()
        return box["x"] + box["width"]

    with opened(large, viewport={"width": 400, "height": 800}) as tab:
        assert right(tab.locator(".row .chip")) <= 400
        assert right(tab.locator(".row .val")) <= 400
    with opened(large, viewport={"width": 1280, "height": 800}) as tab:
        assert right(tab.locator("#arms thead th").filter(has_text=re.compile("^not done$"))) <= 1280


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_only_tables_are_wider_than_the_window(opened, path, width):
    with opened(path, viewport={"width": width, "height": 800}) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [400, 1280])
def test_a_report_of_twenty_arms_opens_and_fits(opened, large, width):
    with opened(large, viewport={"width": width, "height": 800}, reduced_motion="reduce") as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.locator(".figures svg").count() >= 5
        tab.evaluate("location.hash = '#environment'")
        tab.locator("#environment").wait_for()
        assert tab.get_by_role("tab", name="Reproducibility").get_attribute("aria-selected") == "true"
        assert tab.locator("#environment").bounding_box()["y"] < 800


def test_every_table_of_a_report_sorts_by_every_column(opened, sort_all, large):
    with opened(large) as tab:
        sort_all(tab)
