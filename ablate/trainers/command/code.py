"""What a command runs: the user's own files, which are part of what its training is."""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from ablate.errors import AblateError, did_you_mean, shown
from ablate.store.references import SWEEP
from ablate.store.result_file import RESULT
from ablate.system import sources
from ablate.trainers.command.template import names

LAUNCHERS = re.compile(r"python[\d.]*|torchrun|accelerate|uv|uvx")  # programs that run a Python file
_PLAIN_PATH = re.compile(r"[\w./-]+")  # that needs no quotes on the command line
_SNIFFED = 8192  # bytes of a file, that tell whether it is text
MOST_FILES = 10_000  # below a folder that is named
RESULTS = ("multirun", "outputs")  # folders for what comes of sweeps and runs
OF_RESULTS = (SWEEP, RESULT, ".hydra")  # what such folders have, whatever their names

Files = tuple[tuple[str, str], ...]  # (path as shown, digest), in order of path


def program(word: str, here: Path) -> str:
    """The program that the first word of a command names, with a whole path where it is one.

    Raises:
        AblateError: there is none.
    """
    if names([word]):
        raise AblateError(f"The program must be the same for all runs, got {shown(word)}. Put values after it.")
    if "/" not in word:
        if shutil.which(word) is None:
            near = did_you_mean(word, [each for each in ("python", "python3", "bash", "sh") if shutil.which(each)])
            raise AblateError(f"Cannot find {shown(word)} on the PATH.{near}")
        return word
    path = here / word
    if not path.is_file():
        raise AblateError(f"Cannot find {shown(word)}. Check its path.")
    if shutil.which(str(path)) is None:
        raise AblateError(f"{word} is not executable. Run chmod +x on it, or put its interpreter in front of it.")
    return str(path)


def of(
    command: Sequence[str], here: Path, base: Path | None, store: Path, code: Sequence[str], data: Sequence[str]
) -> tuple[Files, Files]:
    """(the own files that a command runs, those of its data), with digests.

    Args:
        here: where it was asked for, which `code` and `data` are relative to. base: where its words are relative to; None
            where that is not known before it runs.
        store: of trainings, which is left out of folders that are named, as results are.

    Raises:
        AblateError: a file is missing, or what the command runs is not known.
    """
    apart = {folder.resolve() for folder in (here / store, *(here / name for name in RESULTS))}
    named = [file for one in code for file in _below(here / one, one, "trainer.code", apart)]
    found = _of_python(command, base)
    if found is None and not named:
        raise AblateError(
            f"Cannot tell which files {shown(Path(command[0]).name)} runs, so changes would go unnoticed. List them: "
            f"trainer.code=[{_typed_file(command, here)}]."
        )
    files = dict.fromkeys([*(found or ()), *named])
    given = [file for one in data for file in _below(here / one, one, "trainer.data", apart)]
    return tuple(digested(file, here) for file in sorted(files)), tuple(digested(file, here) for file in sorted(set(given)))


def _typed_file(command: Sequence[str], here: Path) -> str:
    """A word of the command that is a text file, to suggest it; an example where there is none."""
    plain = [word for word in (*command[1:], command[0]) if _PLAIN_PATH.fullmatch(word)]
    return next((word for word in plain if _script(word, here) is not None), "train.sh")


def _of_python(command: Sequence[str], base: Path | None) -> list[Path] | None:
    """The script or module that a command runs and what it imports; None where that cannot be told."""
    runs = LAUNCHERS.fullmatch(Path(command[0]).name) is not None
    found = _started(command, base) if runs else _script(command[0], base)
    if found is None or (not runs and found[0].suffix != sources.SOURCE):
        return None
    file, module, folder = found
    return _imported(file, module, folder, _signature([file]))


def _started(command: Sequence[str], base: Path | None) -> tuple[Path, str, Path] | None:
    """(file, module, folder of its imports) that a program of `LAUNCHERS` starts: a module behind -m, else a file."""
    words = command[1:]
    for place, word in enumerate(words[: _options(command, base)]):
        if word == "-m" and place + 1 < len(words) and not names(words[place + 1 : place + 2]):
            name, folder = words[place + 1], base or Path()
            for module in (f"{name}.__main__", name):
                file = sources.module_file(module, [str(folder), *_path()])
                if file is not None and file.name != "__init__.py" and sources.is_own(file):
                    return file, module, folder
        if word == "-c":
            return None
    scripts = [found for word in words if not word.startswith("-") if (found := _script(word, base)) is not None]
    named = next((word for word in words if word.endswith(sources.SOURCE) and not names([word])), None)
    if named is not None and not scripts:
        if base is None:
            raise AblateError(
                f"There is no file {shown(named)} in the training's folder, which starts empty. Write its full path."
            )
        beside = [str(Path(named).with_name(each.name)) for each in (base / named).parent.glob(f"*{sources.SOURCE}")]
        raise AblateError(f"There is no file {shown(named)}.{did_you_mean(named, sorted(beside)) or ' Check its path.'}")
    return next((found for found in scripts if found[0].suffix == sources.SOURCE), next(iter(scripts), None))


def _options(command: Sequence[str], base: Path | None) -> int:
    """How many words behind the program come before its script, whose own -m and -c mean something else."""
    plain = Path(command[0]).name.startswith("python")  # other launchers have files among their options
    scripts = (
        place
        for place, word in enumerate(command[1:])
        if not word.startswith("-") and (word.endswith(sources.SOURCE) or (plain and _script(word, base) is not None))
    )
    return next(scripts, len(command) - 1)


def _script(word: str, base: Path | None) -> tuple[Path, str, Path] | None:
    if names([word]) or (base is None and not Path(word).is_absolute()):
        return None
    file = (base or Path()) / word
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            stream.read(_SNIFFED).decode()
    except (OSError, ValueError) as error:
        if not (isinstance(error, UnicodeDecodeError) and error.reason == "unexpected end of data"):
            return None
    return file.resolve(), "__main__", file.resolve().parent


def _path() -> list[str]:
    return [folder for folder in sys.path if folder]


@lru_cache(maxsize=64)
def _kept(file: Path, module: str, folder: Path, signature: tuple[object, ...]) -> tuple[tuple[Path, ...], tuple[object, ...]]:
    files = tuple(sources.imported(file, [str(folder), *_path()], module))
    return files, _signature(files)


def _imported(file: Path, module: str, folder: Path, signature: tuple[object, ...]) -> list[Path]:
    """The file and what it imports, looked up once as long as none of them changes."""
    files, seen = _kept(file, module, folder, signature)
    if _signature(files) != seen:
        _kept.cache_clear()
        files, _ = _kept(file, module, folder, signature)
    return list(files)


def _signature(files: Iterable[Path]) -> tuple[object, ...]:
    """What changes when a file does."""
    found: list[object] = []
    for file in files:
        try:
            stat = file.stat()
            found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        except OSError:
            found.append(None)
    return tuple(found)


def _below(path: Path, named: str, key: str, apart: Collection[Path]) -> list[Path]:
    """A file, or all files below a folder, but for folders that are hidden, compiled by Python, `apart`, or of results."""
    if path.is_file():
        return [path.resolve()]
    if not path.is_dir():
        raise AblateError(f"{key} names {shown(named)}, and there is no such file or folder.")
    found: list[Path] = []
    seen = {path.resolve(), *apart}  # links to folders are followed, each once
    for place, folders, files in os.walk(path, onerror=_unreadable, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        whole = {name: Path(place, name).resolve() for name in folders}
        folders[:] = [name for name in folders if whole[name] not in seen and not _has_results(whole[name])]
        seen |= {*whole.values()}
        found += [file.resolve() for name in files if (file := Path(place, name)).is_file()]
        if len(found) > MOST_FILES:
            raise AblateError(
                f"{key} names {shown(named)}, which holds more than {MOST_FILES:,} files. Name fewer, or an archive."
            )
    return found


def _has_results(folder: Path) -> bool:
    """Whether a folder is that of a sweep or a run, as `hydra.sweep.dir` and `hydra.run.dir` name them."""
    return any((folder / name).exists() for name in OF_RESULTS)


def _unreadable(error: OSError) -> None:
    raise AblateError(f"Cannot read {error.filename}: {(error.strerror or str(error)).lower()}.") from error


def digested(file: Path, here: Path) -> tuple[str, str]:
    """(a file's path as seen from where the command was asked for, its digest)."""
    return _seen_from(here, file), _digest(file, _signature([file]))


@lru_cache(maxsize=64)
def mention(text: str, files: Files, here: Path) -> bool:
    """Whether one of the files that a command runs has a text in it."""
    return any(text.encode() in (here / shown).read_bytes() for shown, _ in files)


def beside(command: Sequence[str], here: Path, base: Path | None, known: Collection[str]) -> list[str]:
    """The files that words of a command name, besides the known ones, as seen from `here`. base: as for `of`."""
    words = [word.rpartition("=")[2] for word in command[1:] if not names([word])]
    files = [(base or Path()) / word for word in words if base is not None or Path(word).is_absolute()]
    own = [file for file in files if _is_file(file) and sources.is_own(file) and not LAUNCHERS.fullmatch(file.name)]
    return [name for name in dict.fromkeys(_seen_from(here, file.resolve()) for file in own) if name not in known]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a word that is too long for a path
        return False


def _seen_from(here: Path, file: Path) -> str:
    return file.relative_to(here).as_posix() if file.is_relative_to(here) else file.as_posix()


@cache  # of all: a training needs every one
def _digest(file: Path, signature: tuple[object, ...]) -> str:
    if file.suffix == sources.SOURCE:
        return sources.digest(file)[:16]
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except OSError as error:
        raise AblateError(f"Cannot read {file}: {(error.strerror or str(error)).lower()}.") from None
