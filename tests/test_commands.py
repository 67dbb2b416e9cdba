"""Commands by name: a file each, and those of other packages."""

import sys
from pathlib import Path

import pytest

from ablate.__main__ import GROUP, command_of, main
from ablate.errors import AblateError
from ablate.system import commands

TOY = """
def run(arguments):
    print("a toy with", *arguments)
    return 3
"""
ENTRIES = {"toy": "toy_commands.toy", "broken": "toy_commands.broken", "idle": "toy_commands", "plan": "toy_commands.toy"}


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with commands, installed as others are."""
    package, info = tmp_path / "toy_commands", tmp_path / "toy_commands-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").touch()
    (package / "toy.py").write_text(TOY)
    (package / "broken.py").write_text("raise OSError('no such thing')")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-commands\nVersion: 1.0\n")
    lines = [f"[{GROUP}]", *(f"{name} = {place}" for name, place in ENTRIES.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("toy_commands")]:
        monkeypatch.delitem(sys.modules, name)


def ended(*words: str) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    return end.value.code


def test_every_module_beside_the_helpers_is_a_command() -> None:
    assert {"dashboard", "info", "plan", "report", "runs", "status"} <= set(commands.names())
    for name in commands.names():
        found = command_of(name)
        assert found is not None
        assert callable(found.run)


@pytest.mark.usefixtures("toys")
def test_a_command_of_another_package_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("toy", "a", "b=c") == 3
    assert capsys.readouterr().out == "a toy with a b=c\n"
    assert command_of("plan").__name__ == "ablate.commands.plan", "ours stay ours"  # type: ignore[union-attr]


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("name", "told"),
    [("broken", "cannot be loaded from toy_commands.broken: no such thing."), ("idle", "needs a function run")],
)
def test_one_that_cannot_run_is_named(name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AblateError, match=told):
        command_of(name)
    assert ended(name) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_no_command_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("pln", "lr=0.1") == 2
    assert "Did you mean 'plan'?" in capsys.readouterr().err


@pytest.mark.usefixtures("toys")
def test_commands_of_other_packages_are_among_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("toi") == 2
    told = capsys.readouterr().err
    assert "Choose from broken, dashboard, " in told
    assert "Did you mean 'toy'?" in told


@pytest.mark.usefixtures("toys")
def test_a_command_of_two_packages_is_refused(tmp_path: Path) -> None:
    info = tmp_path / "other-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\ntoy = no_such_module\n")
    with pytest.raises(AblateError, match=r"^Several packages define the command toy: other and toy-commands\. Uninstall all"):
        command_of("toy")
