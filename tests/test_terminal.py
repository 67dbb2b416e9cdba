"""Tables and lines of a terminal, from 40 columns on: numbers stay whole, names stay, what is left out is told."""

import ast
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.progress import Progress

from ablate import escaping, terminal
from ablate.running import progress
from ablate.terminal import Column, Terminal

WIDTHS = (40, 48, 60, 80, 120)
NAMES = (
    "baseline (augment: on, ema: on)",
    "augment: on → off",
    "日本語の増強: あり → なし",
    "e\u0301" * 30,
    "x\x1b[31m\u202e|[red]y[/red]",
    "",
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(-(10**9), 10**9),
        st.floats(-99, 99),
        st.sampled_from(("hurts", "inconclusive: 4 to 28 seeds would tell")),
    ),
    min_size=1,
    max_size=4,
)


def screen(width: int | None) -> Terminal:
    return Terminal(file=io.StringIO(), width=width or 80, force_terminal=width is not None, color_system=None, highlight=False)


def written(console: Terminal) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def made(rows: list[tuple[str, int, float, str]]) -> list[Column]:
    names, counts, values, words = zip(*rows, strict=True)
    return [
        Column("arm", names, words=True),
        Column("parameters", tuple(f"{count:,}" for count in counts), spare=2),
        Column("98.3% interval", tuple(f"{value:+.2f} to {value + 1:+.2f}" for value in values)),
        Column("seconds of training", tuple(f"{count % 10_007:,}" for count in counts)),
        Column("verdict", words, words=True),
        Column("operations", tuple(f"{abs(count):,}" for count in counts), spare=1),
    ]


@settings(max_examples=30)
@given(ROWS, st.integers(40, 130))
def test_a_table_fits_and_no_number_is_cut_whatever_is_in_it(rows: list[tuple[str, int, float, str]], width: int) -> None:
    columns, console = made(rows), screen(width)
    dropped = terminal.draw(console, columns)
    lines = written(console)
    assert max(map(cell_len, lines)) <= width
    assert set(dropped) <= {"parameters", "operations"}
    seen = " ".join(lines)
    for column in columns:
        if column.heading not in dropped and not column.words:
            assert all(re.search(rf"(?<![\d,.]){re.escape(cell)}(?![\d,.])", seen) for cell in column.cells)
    letters = "".join(seen.split())
    for word in {word for cell in (*columns[0].shown, *columns[4].shown) for word in cell.split()}:
        assert word in letters or set(word) <= set(letters)  # one that is longer than a line goes on in the next
    assert all(sign not in seen for sign in "\x1b\u202e")


def test_a_wide_terminal_and_a_pipe_have_all_of_it() -> None:
    columns = made([(NAMES[0], 1_756_426, 3.14, "hurts"), ("[bold]", 12, 1.0, "inconclusive: 4 to 28 seeds would tell")])
    for console in (screen(200), screen(None)):
        assert terminal.draw(console, columns) == []
        lines = written(console)
        assert lines[0].split()[0] == "arm"
        assert lines[2].split() == [*NAMES[0].split(), "1,756,426", "+3.14", "to", "+4.14", "5,201", "hurts", "1,756,426"]
        assert lines[3].startswith("[bold] ")


def test_a_table_goes_from_whole_to_a_list_as_the_terminal_narrows() -> None:
    columns = made([("augment: on → off", 1_756_426, -5.14, "inconclusive: 4 to 28 seeds would tell")])
    shown = {}
    for width in (110, 88, 70, 40):
        console = screen(width)
        shown[width] = terminal.draw(console, columns), written(console)
    assert shown[110][0] == []
    assert shown[88][0] == ["operations"]
    assert shown[70][0] == ["operations", "parameters"]
    assert shown[40] == (
        ["operations", "parameters"],
        [
            "augment: on → off",
            "  98.3% interval -5.14 to -4.14",
            "  seconds of training 5,201",
            "  verdict inconclusive: 4 to 28 seeds",
            "  would tell",
        ],
    )


@pytest.mark.parametrize("columns", ["0", "-1", "x", ""])
def test_a_width_that_is_none_hides_nothing(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    terminal.say(terminal.standard(), "a line")
    assert capsys.readouterr().out == "a line\n"


def test_a_line_wraps_between_words_and_is_whole_in_a_pipe() -> None:
    text = "[b]augment[/b]: failed at step 1,756,426: \x1b[2J OSError: " + "no space left " * 5
    for width in (40, None):
        console = screen(width)
        terminal.say(console, text)
        lines = written(console)
        assert (len(lines) > 1) == (width is not None)
        assert " ".join(lines).split() == escaping.terminal(text).split()
    console = screen(40)
    terminal.say(console, text, whole=True)
    assert written(console) == [escaping.terminal(text).rstrip()]


@pytest.mark.parametrize(
    ("text", "width", "kept"), [("a 1,756,426 b", 11, "a…"), ("日本語です", 7, "日本語…"), ("\x1b[2Jab", 4, "�[…")]
)
def test_a_line_that_is_cut_has_a_mark(text: str, width: int, kept: str) -> None:
    assert terminal.one_line(text, width).plain == kept


def test_what_is_printed_as_a_string_is_text_too(capsys: pytest.CaptureFixture[str]) -> None:
    console = screen(80)
    console.print("[red]a[/red] :smile: \x1b[31m\nb")
    assert written(console) == ["[red]a[/red] :smile: �[31m", "b"]
    terminal.tell("a\x1b[31m\nb")
    terminal.complain("c\x9b\r\nd")
    assert capsys.readouterr() == ("a�[31m b\n", "c� d\n")


def test_only_this_module_writes_text_to_a_terminal() -> None:
    """All else goes through it, but for JSON, which escapes by itself."""
    for path in sorted((Path(terminal.__file__).parent).rglob("*.py")):
        source = path.read_text()
        if path.name == "terminal.py":
            continue
        assert "rich.text" not in source, path
        assert not re.search(r"[^\w.]Console\(|rich\.table|\bStyled\(", source), path
        parsed = ast.walk(ast.parse(source)) if re.search(r"\bprint\(", source) else ()
        for call in (node for node in parsed if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == "print":
                told = ast.unparse(call.args[0])
                assert told.startswith(
                    ("json.dumps(", "escaping.terminal", "'the program that started", "f'ablate {__version__}'")
                ), (path, told)


@pytest.mark.parametrize(("steps", "loss_from", "speed_from"), [(123_456, 80, 120), (150, 60, 80)])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_line_of_a_training_s_progress_has_whole_numbers(width: int, steps: int, loss_from: int, speed_from: int) -> None:
    console = screen(width)
    line = Progress(*progress._bar(width, steps, "accuracy"), console=console, expand=True)
    line.add_task(
        "", total=steps, completed=steps // 10, loss="1234.56", accuracy="12.3%", speed="12345", left="23 h 59 min left"
    )
    console.print(line.get_renderable())
    [seen] = written(console)
    assert cell_len(seen) <= width
    assert set(re.findall(r"\d[\d.]*(?:/\d+)?", seen)) <= {f"{steps // 10}/{steps}", "1234.56", "12.3", "12345", "23", "59"}
    assert f"step {steps // 10}/{steps} " in seen
    assert seen.endswith("23 h 59 min left")
    assert ("loss 1234.56" in seen, "12345 examples/s" in seen) == (width >= loss_from, width >= speed_from)
