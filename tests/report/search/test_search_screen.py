"""The last screen of a search, as its user gets it in a terminal of 80 columns."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from ablate.report.search import screen
from ablate.results import search


def shown(folder: Path, width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None, highlight=False)
    screen.show(search.load(folder), console, Path("multirun/search/report/index.html"))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


@pytest.mark.parametrize("name", ["confirmed", "unfinished"])
def test_what_the_last_screen_says(
    name: str, made: Callable[..., Path], confirmed: Callable[..., Path], tmp_path: Path, read_by_users: SnapshotAssertion
) -> None:
    folder = confirmed() if name == "confirmed" else made()
    text = shown(folder).replace(str(tmp_path), "FOLDER")
    assert text == read_by_users
    assert max(cell_len(line) for line in text.splitlines() if "ablate " not in line) <= 80
