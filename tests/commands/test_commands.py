"""Commands by name: a file each, and those of other packages."""

from collections.abc import Callable
from typing import Any

import pytest

from ablate.__main__ import COMMANDS, main
from ablate.errors import AblateError
from ablate.system import commands

Install = Callable[..., Any]

TOY = """
def run(arguments):
    print("a toy with", *arguments)
    return 3
"""
ENTRIES = {"toy": "toy_commands.toy", "broken": "toy_commands.broken", "idle": "toy_commands", "plan": "toy_commands.toy"}


@pytest.fixture
def toys(install: Install) -> None:
    """A package with commands, installed as others are."""
    modules = {"toy_commands.__init__": "", "toy_commands.toy": TOY, "toy_commands.broken": "raise OSError('no such thing')"}
    install("toy-commands", modules, {COMMANDS.group: ENTRIES})


def ended(*words: str) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    return end.value.code


def test_every_module_beside_the_helpers_is_a_command() -> None:
    assert {"dashboard", "info", "plan", "report", "runs", "status"} <= set(commands.names())
    for name in commands.names():
        found = COMMANDS.known(name)
        assert found is not None
        assert callable(found.run)


@pytest.mark.usefixtures("toys")
def test_a_command_of_another_package_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("toy", "a", "b=c") == 3
    assert capsys.readouterr().out == "a toy with a b=c\n"
    assert COMMANDS.known("plan").__name__ == "ablate.commands.plan", "ours stay ours"  # type: ignore[union-attr]


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken", "cannot be loaded from toy_commands.broken: no such thing. Reinstall its package."),
        ("idle", "must be a module with a function run"),
    ],
)
def test_one_that_cannot_run_is_named(name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AblateError, match=told):
        COMMANDS.known(name)
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
def test_a_command_of_two_packages_is_refused(install: Install) -> None:
    install("other", {}, {COMMANDS.group: {"toy": "no_such_module"}})
    with pytest.raises(AblateError, match=r"^Several packages define the command toy: other and toy-commands\. Uninstall all"):
        COMMANDS.known("toy")
