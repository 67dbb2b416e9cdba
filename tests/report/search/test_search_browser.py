"""The page of a search as a reader has it: in a browser of any width, and printed."""

import shutil
import subprocess

import pytest

from ablate.commands import report

pytestmark = pytest.mark.slow


@pytest.fixture
def path(confirmed):
    """The page of a search whose winner was measured."""
    folder = confirmed()
    report.run([str(folder), "--format", "html"])
    return folder / "report" / "index.html"


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_of_a_search_opens_fits_and_sorts(opened, sort_all, path, width):
    with opened(path, viewport={"width": width, "height": 800}) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.locator("svg").count() >= 6
        sort_all(tab)


@pytest.mark.parametrize(
    "views",
    [
        ((1400, "light"), (1024, "dark"), (390, "light")),
        pytest.param(((1400, "dark"), (1024, "light"), (390, "dark")), marks=pytest.mark.exhaustive),
    ],
)
def test_nothing_keeps_a_reader_out_of_a_search(opened, barriers, path, views):
    for width, theme in views:
        view = {"width": width, "height": 900}
        with opened(path, viewport=view, color_scheme=theme, reduced_motion="reduce") as tab:
            for part in tab.get_by_role("tab").all():
                part.click()
                assert barriers(tab) == [], (width, theme, part.inner_text())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_kept_on_an_axis_is_kept_in_every_view(opened, path):
    with opened(path, viewport={"width": 1400, "height": 900}) as tab:
        rows = tab.locator("#trials tbody tr:visible")
        all_rows, drawn = rows.count(), tab.locator("#map .t").count()
        best = tab.get_by_role("slider", name="validation accuracy, lowest kept")
        best.focus()
        for _ in range(8):
            best.press("ArrowUp")
        kept = int(tab.locator("#kept").inner_text().split()[0])
        assert 0 < kept < drawn
        assert rows.count() == kept < all_rows
        for view in ("#history", "#map", "#parallel"):
            assert tab.locator(f"{view} .t:not(.off)").count() == kept
        tab.get_by_role("button", name="Show all").click()
        assert rows.count() == all_rows
        assert tab.locator(".t.off").count() == 0


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads the print with pdftotext")
def test_the_print_of_a_search_says_what_the_page_says(opened, path, tmp_path):
    with opened(path) as tab:
        tab.pdf(format="A4", path=tmp_path / "page.pdf")
    subprocess.run(["pdftotext", "-layout", "page.pdf"], cwd=tmp_path, check=True)
    text = " ".join((tmp_path / "page.txt").read_text().split())
    assert "The search helped: " in text
    assert "is not a result" in text
    assert "python -m ablate lr=0.061300000123 batch_size=64" in text
