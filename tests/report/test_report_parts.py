"""A figure and a table of another package: one file each, found by its entry point, given the frames that it names."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ablate.errors import AblateError
from ablate.report import figures, files, tables
from ablate.report.figures.all_figures import FIGURES
from ablate.report.tables.order import TABLES
from ablate.results import analysis as by_name
from ablate.results.analysis import Analysis

FIGURE = """
from ablate.report.figures import Drawn, fit, single

PLACE = 15


def part(arms, question, places):
    ax = single()
    ax.bar(arms["label"], arms["sd"])
    ax.set_ylabel(f"sd ({question.metric.points})")
    return Drawn("deviations", "How far each arm scatters", fit(ax, 1.5))
"""
TABLE = """
from ablate.report.tables.table import Table, decimal, wordy


def part(arms, names, places, note="the toy's own"):
    columns = (wordy("arm", names.values()), decimal("range", arms["high"] - arms["low"], places))
    return Table("ranges", "How wide each interval is", columns, (note,))
"""
SAID = ("verdict_notes", "ax", "cost")  # what parts may take besides frames
WORDS = ("augment=on,off",)
VALUES = [[0.8, 0.81, 0.82], [0.7, 0.72, 0.71]]


def test_a_figure_and_a_table_of_another_package_stand_in_report_and_page(
    study: Callable[..., Analysis], install: Callable[..., Path], tmp_path: Path
) -> None:
    install(
        "toy-parts",
        {"toy_parts.__init__": "", "toy_parts.deviations": FIGURE, "toy_parts.ranges": TABLE},
        {
            "ablate.figures": {"deviations": "toy_parts.deviations:part"},
            "ablate.tables": {"ranges": "toy_parts.ranges:part"},
        },
    )
    found = study(VALUES, *WORDS)
    names = [name for name, *_ in figures.drawn(found)]
    assert names[:2] == ["effects", "deviations"], "its PLACE is behind the first"
    assert tables.in_file(found)[-1].name == "ranges", "without a PLACE it comes last"
    files.write(found, tmp_path, "multirun/toy", ["html", "md", "png"])
    page = (tmp_path / "index.html").read_text()
    assert "How far each arm scatters" in page
    assert "How wide each interval is" in page
    assert "More tables" in page
    assert "the toy's own" in (tmp_path / "table.md").read_text().replace("\\", "")
    assert (tmp_path / "figures" / "deviations.png").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def part(comparison): ...", r"Unknown frame of toy_parts\.bad\.part 'comparison'\. .* Did you mean 'comparisons'\?"),
        ("def part(arms):\n    return arms", r"The table bad must give a Table or None, got DataFrame\."),
        (
            "def part(arms):\n    return arms['no such\\ncolumn']",
            r"The table bad cannot be made: 'no such.*column'\. Correct or uninstall its package\.$",
        ),
        (
            "part = 3",
            r"The table bad: toy_parts\.bad:part must be a function whose parameters name the frames it takes, got 3\.",
        ),
        ("raise OSError('no file')", r"The table bad cannot be loaded from toy_parts\.bad:part: no file\."),
    ],
)
def test_what_is_no_table_is_told_with_its_name(
    study: Callable[..., Analysis], install: Callable[..., Path], source: str, said: str
) -> None:
    modules = {"toy_parts.__init__": "", "toy_parts.bad": source}
    install("toy-parts", modules, {"ablate.tables": {"bad": "toy_parts.bad:part"}})
    with pytest.raises(AblateError, match=said):
        tables.every(study(VALUES, *WORDS))


def test_every_part_takes_frames_as_they_are_computed() -> None:
    """What a parameter is said to be is what the function that computes the frame of its name is said to give."""
    computed = by_name.functions()
    gives = {name: function.__annotations__["return"] for name, function in computed.items()}
    makers = [kind.find(name) for kind in (FIGURES, TABLES) for name in kind.ours()]
    for function in (*computed.values(), *makers):
        takes = {name: hint for name, hint in function.__annotations__.items() if name in gives}
        assert set(by_name.wanted(function, (*by_name.names(), *SAID))) == set(inspect.signature(function).parameters)
        for name, hint in takes.items():
            assert hint == gives[name], f"{name} of {function.__module__}.{function.__name__}"


def test_a_frame_that_is_given_stands_in_place_of_the_one_computed(study: Callable[..., Analysis]) -> None:
    found = study(VALUES, *WORDS)
    given = Analysis(found.results, found.question, {"wide": found.wide + 1})
    pd.testing.assert_series_equal(given.arms["mean"], found.arms["mean"] + 1)
    with pytest.raises(AttributeError, match="Did you mean 'comparisons'"):
        _ = found.comparison
