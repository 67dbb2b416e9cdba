"""The style of all figures, chosen by a reader: by the config of a sweep, or when a report is written."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ablate.commands import report
from ablate.errors import AblateError
from ablate.report.writing import at_end

OWN = "figure.figsize: 3.25, 1  # one column\ntext.color: ff0000\n"


@pytest.fixture
def style(tmp_path: Path) -> Path:
    path = tmp_path / "my.mplstyle"
    path.write_text(OWN)
    return path


def width_in(path: Path) -> float:
    """Of a figure, in inches."""
    return float(ElementTree.parse(path).getroot().attrib["width"].removesuffix("pt")) / 72


def test_a_report_is_drawn_in_the_style_that_is_named(kept_sweep: Path, style: Path, tmp_path: Path) -> None:
    for out, words, width in (("mine", ["--style", str(style)], 3.25), ("ours", [], 6.75)):
        assert report.run([str(kept_sweep), "--format", "svg", "--out", str(tmp_path / out), *words]) == 0
        drawn = sorted((tmp_path / out / "figures").glob("*.svg"))
        assert len(drawn) >= 5
        assert {round(width_in(path), 2) for path in drawn} == {width}
        assert all(("#ff0000" in path.read_text()) == bool(words) for path in drawn)


def test_a_sweep_reads_its_style_before_it_trains(
    sweeps, style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style.write_text("text.colour: red\n")
    with pytest.raises(
        AblateError, match=r"my\.mplstyle, line 1: unknown style setting 'text.colour'\. Did you mean 'text.color'"
    ):
        at_end(["svg"], str(style))
    style.write_text(OWN)
    made = sweeps.planned("augment=on,off", "seed=0,1", "steps=20", "eval_every=10")
    folder = sweeps.trained(made, 10, 20)
    at_end(["svg"], str(style))(folder)
    assert width_in(folder / "report" / "figures" / "effects.svg") == pytest.approx(3.25)
    assert "report" in capsys.readouterr().out
