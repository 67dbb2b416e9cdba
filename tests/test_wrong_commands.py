"""Whatever is wrong with a command line, a study or a config file: one clear line, in our words, that names the user's."""

import contextlib
import importlib.util
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ablate import __main__ as program
from ablate import app
from ablate.running import signals, sweep

SPEC = importlib.util.spec_from_file_location("wrong_commands", Path(__file__).with_name("wrong_commands.py"))
assert SPEC is not None
wrong_commands = sys.modules["wrong_commands"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(wrong_commands)
KINDS, draw = wrong_commands.KINDS, wrong_commands.draw

# Words of libraries, and of Python, that tell a user nothing.
FOREIGN = re.compile(
    r"\b\w*(Error|Exception|Warning)\b|Traceback|OmegaConf|DictConfig|ListConfig|Hydra\b|hydra\.cc|pydantic|NoneType|None\b|<class"
    r"|object is not|\bGot\b|mismatched input|no viable|LexerNo|in struct|full_key|object_type|argument of type|invalid literal"
    r"|Input should be|not iterable|Errno|unhashable|positional|\btype '?(int|str|bool|dict|list|float)\b|_target_"
)
TRAINED = "it would have been trained"
QUICK = (  # kinds that are refused before anything is composed
    *(
        "level",
        "swept_level",
        "no_level",
        "list_of_levels",
        "twice",
        "braces",
        "empty",
        "spaces",
        "grammar",
        "lookalike",
        "option",
    ),
    *("option_value", "command", "no_sweep", "encoding", "study", "ambiguous", "misplaced", "deletion"),
)
COSTLY = ("interpolation", "of_search", "data", "model")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is trained, whatever is not refused."""

    def accepted(*_: object) -> None:
        raise RuntimeError(TRAINED)

    monkeypatch.setattr(app, "_ensured", accepted)
    monkeypatch.setattr(sweep, "run", accepted)
    monkeypatch.setattr("ablate.search.run.run", accepted)


def told(wrong: Any, folder: Path) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of a command in a folder of its own."""
    wrong.write(folder)
    out, err = io.StringIO(), io.StringIO()
    printed = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with contextlib.chdir(folder), printed[0], printed[1], signals.raising():
        try:
            status = program._guarded(list(wrong.words))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
    return status, out.getvalue(), err.getvalue()


def faults(wrong: Any, folder: Path) -> Iterator[str]:
    """What is wrong with how a wrong command is refused."""
    status, out, err = told(wrong, folder)
    lines = err.splitlines()
    if status not in (1, 2):
        yield f"exit status {status}"
    if out:
        yield f"on standard output: {out[:200]}"
    if len(lines) != 1 or not err.startswith("ablate") or not err.endswith("\n"):
        yield f"{len(lines)} lines"
    elif len(err) < 30 or not lines[0].endswith((".", "?", "'", ")")):
        yield "no sentence"
    elif found := FOREIGN.search(err):
        yield f"a library's word: {found[0]}"
    elif not any(word in err or repr(word)[1:-1] in err for word in wrong.named if word):
        yield f"none of {wrong.named[:4]} is named"
    elif TRAINED in err:
        yield "not refused"
    if list(folder.glob("multirun/*")) or (folder / "runs").exists():
        yield "something was written"


def refuted(seeds: Iterable[int], folder: Path) -> list[str]:
    """The wrong commands of some seeds that are not refused as they should be, with why."""
    found = []
    for seed in seeds:
        wrong = draw(seed)
        place = folder / str(seed)
        place.mkdir()
        why = list(faults(wrong, place))
        if why:
            said = told(wrong, place)[2][:500]
            found.append(f"{seed} {wrong.kind} {list(wrong.words)} {list(wrong.files.values())}: {why}: {said}")
    return found


def test_a_wrong_command_of_most_kinds_gets_one_clear_line(tried: None, tmp_path: Path) -> None:
    quick = [seed for seed, kind in enumerate(KINDS) if kind in QUICK or kind in COSTLY]
    assert len(quick) == len(QUICK) + len(COSTLY)
    assert refuted(quick, tmp_path) == []


@pytest.mark.slow
@pytest.mark.exhaustive
def test_wrong_commands_get_one_clear_line(tried: None, tmp_path: Path) -> None:
    seeds = range(14 * len(KINDS))
    assert len(seeds) > 500
    assert refuted(seeds, tmp_path) == []
