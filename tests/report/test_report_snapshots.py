"""Every sentence of a report as its reader gets it: what changes in wording shows here, file by file, to be read and taken.

`make test ARGS="tests/report/test_report_snapshots.py --snapshot-update"` takes it.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import Sweeps, alike
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from ablate import __version__
from ablate.planning.plan import Run
from ablate.report import files, screen, tables
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.results.sources import load

FIVE = [0.71, 0.72, 0.70, 0.73, 0.71]


def moved(by: float, *more: float) -> list[float]:
    """Five seeds that differ from the first by about the same."""
    return [value + by + extra for value, extra in zip(FIVE, more or (0.001, -0.001, 0.002, 0.0, -0.002), strict=True)]


# name: (values of each arm, words, what else the made-up sweep is given)
SWEEPS: dict[str, tuple[Sequence[Sequence[float | str]], Sequence[str], dict[str, Any]]] = {
    "factorial": ([FIVE, moved(0.03), moved(-0.04), moved(0.0)], ("augment=on,off", "ema=on,off"), {}),
    "one_factor": (
        [FIVE, moved(0.03), moved(-0.04), moved(0.0001)],
        ("augment=on,off", "ema=on,off", "weight_decay=scaled,off"),
        {"design": "one_factor", "margin": 0.5},
    ),
    "ladder": (
        [FIVE, moved(0.03), [*moved(-0.04)[:4], "diverged"]],
        ("augment=off,center,on",),
        {"design": "ladder"},
    ),
    "fractional": (
        [moved(by) for by in (0, 0.01, 0.02, 0.0, 0.03, 0.02, 0.01, 0.0)],
        ("augment=on,off", "ema=on,off", "lrn=on,off", "weight_decay=scaled,off"),
        {"design": "fractional"},
    ),
    "one_seed": ([[0.7], [0.8], [0.6], [0.7]], ("augment=on,off", "ema=on,off"), {}),
    "in_trouble": (
        [FIVE, [*FIVE[:3], "failed", "missing"], ["diverged"] * 5, moved(0.02)],
        ("augment=on,off", "ema=on,off"),
        {},
    ),
    "of_the_loss": ([FIVE, moved(0.03)], ("augment=on,off",), {"metric": "loss"}),
    "one_arm": ([FIVE], ("augment=on",), {}),
}
READ = ("table.md", "methods.md", "checklist.md", "caption.tex", "table.tex")


def settled(text: str, folder: Path) -> str:
    """Without what differs from machine to machine and from version to version."""
    text = text.replace(str(folder), "FOLDER").replace(__version__, "VERSION")
    return re.sub(r"multirun/(\w+)-[0-9a-f]{8}", r"multirun/\1-DIGEST", text)


def on_screen(analysis: Analysis, width: int = 80, folder: Path | None = Path("multirun/it")) -> str:
    """The last screen, in a terminal; no line of its table or text is wider than that, and few follow the table."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    screen.show(analysis, console, Path("multirun/it/report/index.html"), folder)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def explained(analysis: Analysis) -> str:
    stream = io.StringIO()
    tables.show(analysis, Console(file=stream, width=120, color_system=None))
    return stream.getvalue()


@pytest.mark.parametrize("name", SWEEPS)
def test_what_a_report_says(
    name: str, study: Callable[..., Analysis], tmp_path: Path, read_by_users: SnapshotAssertion
) -> None:
    values, words, changes = SWEEPS[name]
    analysis = study(values, *words, **changes)
    files.write(analysis, tmp_path / "report", "multirun/it", ["md", "tex"])
    parts = {
        "screen": on_screen(analysis),
        "explained": explained(analysis),
        **{each: (tmp_path / "report" / each).read_text() for each in READ},
    }
    told = "\n".join(f"===== {part} =====\n{text}" for part, text in parts.items())
    assert settled(told, tmp_path) == read_by_users


def test_what_the_last_screen_of_joined_sweeps_says(sweeps: Sweeps, read_by_users: SnapshotAssertion) -> None:
    def measured(run: Run, step: int) -> tuple[Mapping[str, float], Mapping[str, np.ndarray]]:
        return alike((FIVE, moved(0.03))[run.arm][run.seed]), {"raw": np.arange(4), "averaged": np.arange(4)}

    folders = [
        sweeps.trained(sweeps.planned("augment=on,off", "steps=10", f"seed={seeds}"), 5, 10, measured=measured)
        for seeds in ("0,1,2", "3,4")
    ]
    analysis = analyze(*ask(load(*folders)))
    assert settled(on_screen(analysis, folder=None), sweeps.store) == read_by_users
