"""The page of a sweep as a reader uses it, in a real browser: rows, chips, charts, themes, widths, print, and barriers."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WIDTHS, THEMES = (1400, 1024, 390), ("light", "dark")
TWO = {"augment": ["on", "off"], "ema": ["on", "off"]}


@pytest.fixture(scope="module")
def path(tmp_path_factory, make_study, make_report) -> Path:
    """A page with two verdicts, an inconclusive one, a failure, and charts."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(make_report(make_study(TWO, troubled=1)), encoding="utf-8")
    return folder / "index.html"


def names(tab) -> list[str]:
    return tab.locator(".row:visible .nm strong").all_inner_texts()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_keeps_a_reader_out(opened, path, barriers, width, theme):
    with opened(path, viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce") as tab:
        assert barriers(tab) == []
        for row in tab.locator(".nm[aria-expanded]").all():
            row.click()
        for part in tab.get_by_role("tab").all():
            part.click()
            assert barriers(tab) == [], part.inner_text()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [*WIDTHS, 320])
def test_the_page_is_never_wider_than_the_window(opened, path, width, theme):
    with opened(path, viewport={"width": width, "height": 900}, color_scheme=theme) as tab:
        for row in tab.locator(".nm[aria-expanded]").all():
            row.click()
        for part in tab.get_by_role("tab").all():
            part.click()
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, part.inner_text()


def test_the_answer_is_on_the_first_screen(opened, path):
    with opened(path, viewport={"width": 1400, "height": 900}) as tab:
        last = tab.locator(".row").last.bounding_box()
        assert last["y"] + last["height"] <= 900
        assert tab.locator(".chips .chip").count() == len(set(tab.locator(".row .chip").all_inner_texts()) - {"†"})


def test_a_row_opens_by_click_and_by_key_and_tells_its_intervals_when_pointed_at(opened, path):
    with opened(path) as tab:
        button = tab.locator(".nm[aria-expanded]").first
        details = tab.locator(".more").first
        assert not details.is_visible()
        button.click()
        assert details.is_visible()
        assert button.get_attribute("aria-expanded") == "true"
        for part in ("Intervals", "Seeds", "Over training", "By class"):
            assert details.get_by_role("heading", name=part).is_visible()
        button.press("Enter")
        assert not details.is_visible()
        tab.locator(".lane").nth(1).hover()
        assert "(decides)" in tab.locator("#tip").inner_text()
        tab.keyboard.press("Escape")
        assert not tab.locator("#tip").is_visible()


def test_rows_are_sorted_and_a_chip_keeps_its_own(opened, path):
    with opened(path) as tab:
        by_effect = names(tab)
        tab.locator("#sort").get_by_role("button", name="verdict").click()
        assert sorted(names(tab)) == sorted(by_effect)
        kinds = tab.locator(".v > tbody[id]").evaluate_all("rows => rows.map(row => row.classList[0])")
        assert kinds == sorted(kinds, key=["helps", "hurts", "ink", "none", "open", "quiet"].index)
        tab.locator("#sort").get_by_role("button", name="effect").click()
        assert names(tab) == by_effect
        chip = tab.locator(".chips .chip").first
        chip.click()
        assert len(names(tab)) == int(chip.inner_text().split()[0])
        assert "shown" in tab.locator("#live").inner_text()
        chip.click()
        assert names(tab) == by_effect


def test_differences_are_shown_as_changes_of_the_error(opened, path):
    with opened(path) as tab:
        value = tab.locator(".row .val:visible").first
        assert value.inner_text().startswith("+")
        tab.get_by_role("button", name="relative error").click()
        shown = tab.locator(".row .val:visible").first.inner_text()
        assert shown.startswith("−")
        assert shown.endswith("%")


def test_a_finding_in_the_headline_leads_to_its_row(opened, path):
    with opened(path) as tab:
        link = tab.locator("h1 a").first
        target = link.get_attribute("href")
        link.click()
        assert tab.locator(f"{target} .more").is_visible()


def test_the_crosshair_goes_from_evaluation_to_evaluation(opened, path):
    with opened(path, viewport={"width": 1400, "height": 900}) as tab:
        cross = tab.get_by_role("slider")
        cross.focus()
        cross.press("Home")
        assert cross.get_attribute("aria-valuetext").startswith("Step 1,000: ")
        cross.press("ArrowRight")
        assert cross.get_attribute("aria-valuetext").startswith("Step 2,000: ")
        assert "Step 2,000" in tab.locator("#tip").inner_text()
        before = tab.locator("#over .arm").count()
        tab.locator("#over .lab").first.click()
        assert tab.locator("#over .arm").count() == before - 1
        tab.locator("#each-seed").click()
        assert tab.locator("#over .ln.e").count() > 0
        tab.locator("#by").get_by_role("button", name="epoch").click()
        assert tab.get_by_role("slider").get_attribute("aria-valuetext").startswith("Epoch ")


def test_tabs_go_by_arrow_keys(opened, path):
    with opened(path) as tab:
        first = tab.get_by_role("tab").first
        first.focus()
        first.press("ArrowRight")
        second = tab.get_by_role("tab").nth(1)
        assert second.get_attribute("aria-selected") == "true"
        assert second.evaluate("tab => tab === document.activeElement")
        assert tab.get_by_role("tabpanel").count() == 1


@pytest.mark.parametrize("system", THEMES)
def test_a_theme_is_the_systems_until_it_is_chosen(opened, path, system):
    def background(tab) -> str:
        return tab.evaluate("getComputedStyle(document.body).backgroundColor")

    with opened(path, color_scheme=system) as tab:
        before = background(tab)
        assert (before == "rgb(255, 255, 255)") == (system == "light")
        other = next(theme for theme in THEMES if theme != system)
        tab.locator(".theme").get_by_role("button", name=other).click()
        assert background(tab) != before
        tab.locator(".theme").get_by_role("button", name="system").click()
        assert background(tab) == before


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads the print with pdftotext")
def test_page_one_of_the_print_is_the_answer(opened, path, tmp_path):
    with opened(path, color_scheme="dark") as tab:
        tab.pdf(format="A4", path=tmp_path / "page.pdf")
    subprocess.run(["pdftotext", "-layout", "page.pdf"], cwd=tmp_path, check=True)
    first, *others = (tmp_path / "page.txt").read_text().split("\f")
    assert "Three changes" in first
    assert "no augmentation" in first
    assert "What next" in first
    assert "Checklist" in " ".join(others)


def test_without_its_script_the_page_shows_all_that_it_says(browser, path):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(path.as_uri())
    assert tab.locator(".more").first.is_visible()
    assert tab.locator("#environment").is_visible()
    assert not tab.locator(".tabs").is_visible()
    context.close()
