"""Versions of Python and of the installed packages that training code of the user's own imports."""

import dis
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ablate.errors import AblateError
from ablate.system import own_path, sources

ANSWER_S = 30.0  # for a Python to start and tell
OURS = "ablate"
PYTHON = re.compile(r"python[\d.]*")
# Programs that start the one that their words name, and do nothing else that matters here.
LAUNCHERS = ("env", "nice", "ionice", "nohup", "time", "stdbuf", "taskset", "uv", "poetry", "pdm", "pixi", "conda", "mamba")
OF_LAUNCHER = re.compile(r"-.*|\w+=.*|[\d,-]+|run", re.DOTALL)  # words between a launcher and what it starts
Versions = tuple[str | None, Mapping[str, str]]  # of Python, and by distribution


def installed(names: list[str]) -> dict[str, str]:
    """Versions by distribution, of modules by their first names, in this Python; those that nothing installed are left out."""
    from importlib import metadata  # all that it needs is in its source, which another Python is asked, too

    known: dict[str, list[str]] = {}
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = metadata.version(name)  # most distributions are called as their module; a list of all is slow
        except metadata.PackageNotFoundError:
            known = known or dict(metadata.packages_distributions())
            found |= {each: metadata.version(each) for each in known.get(name, ())}
    return found


_ASKED = f"""{inspect.getsource(installed)}
import json, platform, sys
print(json.dumps([platform.python_version(), installed(sys.argv[1:])]))
"""


def imported(here: Path, names: Iterable[str]) -> set[str]:
    """The modules, by their first names, that Python files import and that are neither own nor the standard library's.

    Args:
        names: of the files, as seen from `here`: what is named by one of them, or by a folder between, is own.
    """
    listed = [Path(name) for name in names if name.endswith(sources.SOURCE)]
    own = {part for file in listed for part in ((file.stem,) if file.is_absolute() else file.with_suffix("").parts)}
    found: set[str] = set()
    for file in listed:
        try:
            found |= sources.packages(sources.parsed(here / file))
        except AblateError:  # the training will tell
            continue
    return found - own - {OURS}


def used(function: Callable[..., Any]) -> set[str]:
    """The same of a function: what it imports itself, and where its global values come from."""
    inner = function if hasattr(function, "__globals__") else type(function).__call__
    space: Mapping[str, Any] = getattr(inner, "__globals__", {})
    homes = [each.__name__ if isinstance(each, ModuleType) else getattr(each, "__module__", None) for each in space.values()]
    names = [*(home for home in homes if isinstance(home, str)), *_imports(getattr(inner, "__code__", None))]
    first = {name.partition(".")[0] for name in names}
    return {name for name in first if not _is_own(name)} - sys.stdlib_module_names - {OURS, "__main__"}


def _imports(code: CodeType | None) -> Iterable[str]:
    if code is not None:
        yield from (each.argval for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME")
        for within in code.co_consts:
            yield from _imports(within) if isinstance(within, CodeType) else ()


def _is_own(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and sources.is_own(Path(file))


def of_command(command: Sequence[str], here: Path, names: Iterable[str]) -> Versions:
    """Those of the Python that a command starts; nothing where it starts none that can be asked."""
    python = _started(command)
    if python:
        return asked(python, here, tuple(sorted(names)))
    script = shutil.which(command[0])
    return (None, {}) if script is None else asked(_interpreter(Path(script)), here, tuple(sorted(names)))


def _started(command: Sequence[str]) -> tuple[str, ...]:
    """The words up to the Python that a command starts, itself or by launchers; none where another program may have them."""
    for place, word in enumerate(command):
        if PYTHON.fullmatch(Path(word).name):
            return tuple(command[: place + 1])
        if Path(word).name not in LAUNCHERS and (place == 0 or not OF_LAUNCHER.fullmatch(word)):
            return ()
    return ()


def _interpreter(script: Path) -> tuple[str, ...]:
    """The words that start the Python of an installed script, such as torchrun; none where it is no script of Python's."""
    try:
        with script.open("rb") as stream:
            line = stream.readline(1000).decode(errors="replace")
    except OSError:
        return ()
    words = line.removeprefix("#!").split() if line.startswith("#!") else []
    return tuple(words) if words and PYTHON.fullmatch(Path(words[-1]).name) else ()


@lru_cache(maxsize=16)
def asked(python: tuple[str, ...], here: Path, names: tuple[str, ...]) -> Versions:
    """What a Python says of itself and of the modules of these names; nothing where it does not answer.

    Args:
        python: the words that start it. here: where.
    """
    if not python:
        return None, {}
    try:
        version, versions = json.loads(_printed([*python, "-c", _ASKED, *names], here))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None, {}
    return str(version), {str(name): str(one) for name, one in versions.items()}


def _printed(words: Sequence[str], here: Path) -> bytes:
    """What a program prints.

    Raises:
        OSError, subprocess.SubprocessError: it cannot be started, fails, or takes too long, and is ended with all it started.
    """
    with subprocess.Popen(
        words,
        cwd=here,
        env=own_path.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        try:
            printed, _ = running.communicate(timeout=ANSWER_S)
        except BaseException:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)
            raise
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, words)
    return printed
