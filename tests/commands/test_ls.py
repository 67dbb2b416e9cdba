"""Sweeps by name: how they are listed, and which one a command means."""

import json
import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import Sweeps, alike
from omegaconf import OmegaConf

from ablate.commands import command_line, keys, ls, overview
from ablate.config import own_configs
from ablate.config.about import about_of
from ablate.errors import AblateError
from ablate.planning.folders import sweep_folder
from ablate.report import writing
from ablate.store import sweep_file, sweep_names
from ablate.system import commands
from ablate.text import age

FOUR = ("augment=on,off", "ema=on,off", "steps=10", "readout.last=1", "seed=0,1,2")


@pytest.fixture
def two(sweeps: Sweeps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A finished sweep with a name, a tag and a question; and a newer one that was not begun."""
    monkeypatch.chdir(tmp_path)
    about = {"name": "crops", "tags": ["paper"], "note": "for section 3"}
    planned = replace(sweeps.planned(*FOUR), about=about)
    first = sweeps.trained(
        planned, 10, measured=lambda run, step: (alike(0.7 + 0.05 * run.arm + 0.001 * run.seed**run.arm), {})
    )
    second = sweeps.multirun / "later"
    sweep_file.write(second, sweeps.planned("lrn=on,off", "steps=10").sweep)
    os.utime(first / "sweep.json", (1_000, 1_000))
    return first, second


def test_sweeps_are_listed_with_what_they_ask_and_found(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    writing.make([str(two[0])], formats=["csv"])
    assert ls.run([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["sweep", "question", "state", "verdicts", "age"]
    first, second = (" ".join(line.split()) for line in lines[2:4])
    assert first.startswith("crops for section 3 #paper complete ▲ ")
    assert second.startswith("later factorial: lrn 1/2 pending ")
    assert lines[-1] == "Next    ablate report later"
    assert ls.run(["--json", "--tag", "paper"]) == 0
    [one] = json.loads(capsys.readouterr().out)["sweeps"]
    assert (one["name"], one["tags"], one["note"], one["state"]) == ("crops", ["paper"], "for section 3", "complete")


def test_without_a_sweep_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ls.run([]) == 0
    assert capsys.readouterr().out.startswith("No sweep in multirun/ yet.")
    with pytest.raises(AblateError, match=r"^There is no sweep in multirun/ yet\."):
        sweep_folder(None)


def test_a_sweep_is_meant_by_folder_name_beginning_or_nothing(two: tuple[Path, Path]) -> None:
    first, second = (Path("multirun", folder.name) for folder in two)
    for named in (str(first), first.name, first.name[:11], "crops"):
        assert sweep_folder(named) == first
    assert sweep_folder(None) == second, "the newest"
    assert sweep_names.shortest(first) == "crops"


def test_the_command_of_a_sweep_is_its_name_behind_m(two: tuple[Path, Path]) -> None:
    line = command_line.of_sweep(command_line.read(["-m", "crops", "workers=1", "report.margin=2"]))
    assert line.overrides[-2:] == ("workers=1", "report.margin=2")
    assert {"augment=on,off", "ema=on,off", "seed=0,1,2", "steps=10"} <= set(line.overrides)
    untouched = command_line.read(["-m", "augment=on,off"])
    assert command_line.of_sweep(untouched) == untouched


def test_what_a_user_says_of_a_sweep_makes_no_other_folder(two: tuple[Path, Path]) -> None:
    first, _ = two
    file = sweep_file.read(first)
    assert file is not None
    assert (file.sweep.called, file.sweep.tags, file.sweep.note) == ("crops", ("paper",), "for section 3")
    other = replace(file.sweep, about={"note": "another"})
    assert other.identity(4).name == file.sweep.identity(4).name == first.name
    assert other.identity(4).is_that_of(file.sweep.identity(4))


@pytest.mark.parametrize(
    ("given", "told"),
    [({"name": 3}, "name must be text"), ({"note": ""}, "note must be text"), ({"tags": "a"}, "tags must be a list of words")],
)
def test_what_is_said_of_a_sweep_is_text(given: dict[str, object], told: str) -> None:
    with pytest.raises(AblateError, match=told):
        about_of(OmegaConf.create({"name": None, "tags": [], "note": None} | given))


@given(st.floats(0, 1e9))
def test_an_age_has_one_unit(seconds: float) -> None:
    amount, _, unit = age(seconds).partition(" ")
    assert amount == "now" or (int(amount.replace(",", "")) >= 1 and unit in ("min", "h", "d"))


def test_the_help_fits_a_terminal_of_80_by_24_and_marks_each_default() -> None:
    lines = overview.text().splitlines()
    assert len(lines) <= overview.LINES - 1, "the prompt follows"
    assert max(map(len, lines)) <= overview.WIDTH
    words = " ".join(lines).split()
    for group, level in overview.defaults().items():
        if group in own_configs.groups() and group not in overview.HIDDEN and level != "None":
            assert f"{overview.MARK}{level}" in words, group
        assert group in words or group in overview.HIDDEN or group not in own_configs.groups()
    assert any(line.startswith("A factor is ") for line in lines)


def test_every_key_has_a_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    found = {key: meaning for key, _, meaning in keys.described()}
    assert {"lr", "seed", "steps", "readout.last", "report.margin", "name", "workers"} <= found.keys()
    assert all(found.values()), [key for key, meaning in found.items() if not meaning]
    assert keys.run([]) == 0
    assert "replicate number" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in commands.names() if name != "runs"])
@pytest.mark.parametrize("width", [60, 80])
def test_the_help_of_a_command_fits_the_terminal(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with pytest.raises(SystemExit):
        import_module(f"ablate.commands.{name}").run(["--help"])
    lines = capsys.readouterr().out.splitlines()
    too_long = [line for line in lines if len(line) > width and not line.startswith(("  ablate ", "usage: "))]
    assert too_long == [], "but for a command, which stays whole"
