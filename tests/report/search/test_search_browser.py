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


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads the print with pdftotext")
def test_the_print_of_a_search_says_what_the_page_says(opened, path, tmp_path):
    with opened(path) as tab:
        tab.pdf(format="A4", path=tmp_path / "page.pdf")
    subprocess.run(["pdftotext", "-layout", "page.pdf"], cwd=tmp_path, check=True)
    text = " ".join((tmp_path / "page.txt").read_text().split())
    assert "The search helped: " in text
    assert "is not a result" in text
    assert "python -m ablate lr=0.061300000123 batch_size=64" in text
