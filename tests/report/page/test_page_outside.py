"""A sweep in which every name and message is hostile: each file of its report, and the terminal, read by a parser."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len

from ablate.report import figures, files, notebook, tables
from ablate.results import analysis, question
from ablate.results.analysis import Analysis
from ablate.store import SWEEP
from ablate.terminal import Terminal


def hostile(made: Analysis, names: tuple[str, ...], study: str) -> Analysis:
    """The same sweep with hostile text wherever text comes in from outside its names of arms."""
    told, results = iter(names * 20), made.results
    trainings = results.trainings.copy()
    for column in ("device", "host", "processor", "python", "tensorflow", "keras", "ablate", "commit"):
        trainings[column] = [next(told) for _ in range(len(trainings))]
    classes = [next(told) for _ in range(10)]
    runs = results.runs.assign(error=[next(told) if status == "failed" else None for status in results.runs["status"]])
    sweep = replace(results.sweep, study=study, question=next(told))
    notes = tuple(next(told) for _ in range(3))
    outside = replace(results, trainings=trainings, runs=runs, sweep=sweep, notes=notes, class_names=classes)
    return analysis.analyze(*question.ask(outside))


def every_format(made: Analysis, out: Path, formats: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for path in files.write(made, out, "multi run/\x1b[31m\n=x", formats):
        yield path, "" if path.suffix == ".png" else path.read_bytes().decode()


def in_notebook(made: Analysis, **parts: object) -> notebook.Report:
    """What the notebook shows of an analysis that lies nowhere."""
    return type("Made", (notebook.Report,), {"found": None, "analysis": made, **parts})("made")


def shapes(made: Analysis) -> list[tuple[int, int]]:
    """Rows and columns of the tables of a report."""
    return [one.text.shape for one in tables.in_file(made)]


@pytest.fixture(scope="module")
def few(make_study, outside) -> Analysis:
    """Two arms whose names hold all that is hostile."""
    parts = ["\n".join(outside.names[start::3]).replace("n" * 700, "n" * 90) for start in range(3)]
    made = make_study({parts[0]: [parts[1], parts[2]]}, seeds=2, evaluations=2, troubled=1)
    return hostile(made, outside.names, parts[0])


def test_every_text_of_a_report_stays_what_it_is(few, outside, tmp_path):
    for path, text in every_format(few, tmp_path, ("csv", "md", "tex")):
        outside.read(path, text, shapes(few))


def test_the_page_and_its_figures_stay_what_they_are(few, outside, tmp_path, monkeypatch):
    first = next(iter(figures.drawn(few)))  # each of the others takes as long
    monkeypatch.setattr(figures, "drawn", lambda _: [first])
    for path, text in every_format(few, tmp_path, ("html", "svg")):
        outside.read(path, text, shapes(few))


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("design", ["one_factor", "fractional"])
def test_many_hostile_names_in_every_place(make_study, outside, tmp_path, design):
    factors = {outside.names[0]: list(outside.names[1:9]), outside.names[9]: list(outside.names[10:18])}
    if design in ("factorial", "fractional"):
        factors = {outside.names[number]: list(outside.names[number + 1 : number + 3]) for number in range(0, 24, 3)}
        factors = dict(list(factors.items())[: 3 if design == "factorial" else 8])
    made = hostile(make_study(factors, seeds=2, evaluations=2, design=design, troubled=3), outside.names, outside.names[1])
    for path, text in every_format(made, tmp_path, files.FORMATS):
        outside.read(path, text, shapes(made))


@pytest.mark.parametrize("width", [40, 80, None])
def test_the_terminal_shows_text(few, outside, width):
    console = Terminal(file=io.StringIO(), width=width or 80, force_terminal=width is not None, color_system=None)
    tables.show(few, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert outside.harmless(text)
    assert width is None or max(map(cell_len, text.splitlines())) <= width
    assert "[red]b[/red] :smile:" in text or width == 40
    seen = " ".join(text.split())
    for column in tables.in_file(few)[1].columns:
        assert column.words or column.spare or all(cell in seen for cell in column.text)


def test_the_notebook_shows_text(few, outside, tmp_path):
    (tmp_path / SWEEP).touch()
    report = in_notebook(few, _pictures={}, _place=(str(tmp_path), "a\n```\n<b>\x1b"))
    shown = [report.question(), report.answer(), report.notes(), *(report.table(one.name) for one in tables.in_file(few))]
    for one in [*shown, report.figure("<img src=x>`\n")]:
        assert outside.harmless(one.markdown)
        inline = [each.type for token in outside.markdown.parse(one.markdown) for each in token.children or ()]
        assert set(inline) <= {"text", "softbreak", "strong_open", "strong_close", "code_inline"}
    [block] = outside.markdown.parse(report.repeat().markdown)
    assert (block.type, outside.harmless(block.content)) == ("fence", True)


def test_the_notebook_shows_what_was_judged_as_text(few, outside):
    report = in_notebook(few)
    frame = report.comparisons()
    assert isinstance(frame, pd.DataFrame)
    html = frame._repr_html_()
    assert outside.harmless(html)
    assert "mathjax_ignore" in html
    assert "<img src=x" not in html
    assert frame["points"].equals(few.comparisons["points"])
