"""The last screen of a report: what fits where, in which signs, and how a sweep is named in its commands."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ablate.report import screen
from ablate.report.screen import plot
from ablate.report.screen.plot import Interval
from ablate.store import sweep_names
from ablate.system import streams

WHOLE = [[0.80, 0.81, 0.79], [0.83, 0.842, 0.819], [0.77, 0.78, 0.765], [0.80, 0.812, 0.789]]
REPORT = Path("multirun/it/report/index.html")
values = st.floats(-100, 100).map(lambda value: round(value, 3))


def printed(analysis, width: int = 80, color: str | None = None, terminal: bool = True, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors=streams.PLAIN)
    console = Console(file=stream, width=width, force_terminal=terminal, color_system=color, highlight=False)  # type: ignore[arg-type]
    screen.show(analysis, console, REPORT, Path("multirun/it"))
    stream.flush()
    return raw.getvalue().decode(encoding).splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_nothing_is_cut_and_no_word_is_broken(study, width):
    analysis = study(WHOLE)
    lines = printed(analysis, width)
    assert max(cell_len(line) for line in lines if "ablate " not in line) <= width  # a command stays whole
    words = set(" ".join(lines).split())
    for name in analysis.comparisons["name"]:
        assert set(str(name).split()) <= words
    assert {"helps", "hurts", "+3.03", "−2.83"} <= words
    assert "…" not in "".join(lines)
    assert any("━" in line for line in lines) == (width >= 70)


def test_at_most_six_lines_follow_the_table(study):
    lines = printed(study([WHOLE[0], [0.83, "diverged", "failed"], WHOLE[2], [0.8, "missing", 0.79]]))
    last_row = max(number for number, line in enumerate(lines) if "░" in line or "│" in line)
    after = [line for line in lines[last_row + 1 :] if line.strip() and not line.startswith("  ")]
    assert len(after) <= 6
    assert any("3 of 12 runs have no value" in line for line in lines)


def test_a_change_that_makes_the_network_larger_is_said_below_the_answer(study):
    told = " ".join(line.strip() for line in printed(study(WHOLE)))
    assert "Different in size: no augmentation (+77% FLOPs, +64% parameters)" in told
    assert "Different in size" not in " ".join(printed(study([[0.7, 0.8], [0.8, 0.9]], "ema=on,off")))


def test_a_screen_without_color_says_the_same(study):
    analysis = study(WHOLE)
    colored = "\n".join(printed(analysis, color="256"))
    assert "\x1b[38;5;31m" in colored
    assert "\x1b" not in "\n".join(printed(analysis))
    assert "\x1b[38;5;31m" not in "\n".join(printed(analysis, terminal=False))


def test_a_terminal_that_knows_no_unicode_gets_plain_marks(study):
    lines = printed(study(WHOLE), encoding="ascii")
    text = "\n".join(lines)
    assert "?" not in text
    assert any("=^=" in line and line.endswith("^ helps") for line in map(str.rstrip, lines))
    assert any("=v=" in line for line in lines)


def test_a_sweep_with_missing_runs_ends_with_its_own_command(study):
    text = "\n".join(printed(study([*WHOLE[:3], [0.8, "missing", "failed"]])))
    assert "complete 2 runs:" in text
    assert "ablate -m " in text


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=6), st.integers(18, 60), st.none() | st.floats(0.1, 5))
def test_a_plot_keeps_the_order_of_its_values(rows, width, margin):
    intervals = [Interval(middle, low, high, "◇") for low, middle, high in (sorted(row) for row in rows)]
    axis = plot.axis(intervals, margin, width)
    for shown in intervals:
        cells = plot.line(shown, axis, margin)
        assert len(cells) == width
        own = [number for number, (_, mine) in enumerate(cells) if mine]
        assert own == list(range(own[0], own[-1] + 1))
        assert own[0] <= [character for character, _ in cells].index("◇") <= own[-1]
    assert axis.low <= 0 <= axis.high
    assert len(plot.ticks(axis)) == width
    assert "0" in plot.ticks(axis).split()


def test_a_sweep_is_named_as_short_as_commands_understand(sweeps, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    made = sweeps.planned("steps=10", "augment=on,off", "seed=0")
    folder = sweeps.trained(made, 10)
    name = sweep_names.shortest(folder)
    assert name == folder.name
    assert sweep_names.one(name).resolve() == folder.resolve()
    monkeypatch.chdir("/")
    assert sweep_names.shortest(folder) == str(folder)


def test_a_comparison_that_is_pending_shows_no_value_yet(study):
    analysis = study([*WHOLE[:3], [0.8, "missing", 0.79]])
    [line] = [line for line in printed(analysis) if line.rstrip().endswith("pending")]
    assert "–" in line
    assert not any(mark in line for mark in "━◇▲▼■")
