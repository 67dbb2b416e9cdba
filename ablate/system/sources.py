"""A project's own source files: which of them a Python file imports, and a digest of each that only its program changes.

Own are those outside the standard library and site-packages, so that packages installed in editable mode are among them; ablate
itself is not. Nothing is imported or run.
"""

import ast
import hashlib
import importlib
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from importlib.util import resolve_name
from pathlib import Path

from ablate.errors import AblateError

INSTALLED = ("site-packages", "dist-packages")  # folders of what is installed, whatever their Python
SOURCE = ".py"
_SILENT = ("ctx", "kind", "type_comment")  # fields of a syntax tree that say nothing about what is done
_OWN_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARY = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")})


def is_own(file: Path) -> bool:
    """Whether a file is the project's own."""
    whole = file.resolve()
    if any(part in INSTALLED for part in whole.parts):
        return False
    return not any(whole.is_relative_to(folder) for folder in (*_LIBRARY, _OWN_PACKAGE))


def imported(file: Path, path: Sequence[str], module: str = "__main__") -> list[Path]:
    """A file and all own files that it imports, also those that these import, wherever the statements are; in order of path.

    What is imported by a name that is only made while it runs is not seen.

    Args:
        path: of folders in which modules are looked for, the first that has it counts; that of a script begins with its folder.
        module: the file's name as a module, which imports that begin with a dot go by.

    Raises:
        AblateError: a file cannot be read, or is no Python.
    """
    start = file.resolve()
    package = module if file.name == f"__init__{SOURCE}" else module.rpartition(".")[0]
    return sorted({start, *imported_by(parsed(start), path, package)})


def imported_by(tree: ast.AST, path: Sequence[str], package: str = "") -> list[Path]:
    """All own files that a piece of a program imports; see `imported`.

    Args:
        package: that imports which begin with a dot go by.
    """
    importlib.invalidate_caches()  # a file that was just written is seen
    seen: set[Path] = set()
    waiting = [(tree, package)]
    while waiting:
        for name in _names(*waiting.pop()):
            for found, its_package in _files(name, path):
                if found not in seen and is_own(found):
                    seen.add(found)
                    if found.suffix == SOURCE:  # others are compiled
                        waiting.append((parsed(found), its_package))
    return sorted(seen)


def module_file(name: str, path: Sequence[str]) -> Path | None:
    """The file of a module, that of its `__init__` where it is a package; None where there is none."""
    importlib.invalidate_caches()
    found = list(_specs(name, path))
    origin = found[-1].origin if len(found) == name.count(".") + 1 else None
    return Path(origin).resolve() if origin is not None and Path(origin).is_file() else None


def digest(file: Path) -> str:
    """SHA-256 of what a file does: comments and layout do not count, docstrings do, since a program can read them.

    It is the same with every version of Python. A file that is no Python source is taken byte by byte.

    Raises:
        AblateError: it cannot be read, or is no Python though its name says so.
    """
    if file.suffix == SOURCE:
        return digest_of(parsed(file))
    return hashlib.sha256(_read(file)).hexdigest()


def digest_of(tree: ast.AST) -> str:
    """SHA-256 of a piece of a program; see `digest`."""
    return hashlib.sha256("\n".join(_words(tree)).encode("utf-8", "surrogatepass")).hexdigest()


def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        AblateError: it cannot be read, or is no Python.
    """
    try:
        return ast.parse(_read(file))
    except SyntaxError as error:
        line = "" if error.lineno is None else f", line {error.lineno}"
        raise AblateError(
            f"{file}{line}: {error.msg}. Fix it; it is not Python {sys.version_info[0]}.{sys.version_info[1]}."
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise AblateError(f"{file} is not valid Python. Fix it.") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise AblateError(f"Cannot read {file}: {(error.strerror or str(error)).lower()}.") from None


def _words(tree: ast.AST) -> Iterator[str]:
    """A syntax tree as words, one way to read them. What is empty is left out: later versions of Python have more fields."""
    waiting: list[object] = [tree]
    while waiting:  # not recursive: a long chain of `elif` is as deep as it is long
        one = waiting.pop()
        if isinstance(one, ast.AST):
            fields = [(name, value) for name, value in ast.iter_fields(one) if name not in _SILENT and value not in (None, [])]
            yield f"({type(one).__name__} {len(fields)}"
            for name, value in reversed(fields):
                waiting += [value, name]
        elif isinstance(one, list):
            yield f"[{len(one)}"
            waiting += reversed(one)
        else:
            yield hex(one) if type(one) is int else repr(one)  # a long number has no decimal text


def packages(tree: ast.AST) -> set[str]:
    """The first names of the modules that a piece of a program imports, without those of the standard library.

    Examples:
        >>> import ast
        >>> from ablate.system.sources import packages
        >>> sorted(packages(ast.parse("import os, numpy.random; from torch import nn; from . import helpers")))
        ['numpy', 'torch']
    """
    return {name.partition(".")[0] for name in _names(tree, "")} - sys.stdlib_module_names


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    """The modules that a file may import: of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            try:
                origin = resolve_name("." * node.level + (node.module or ""), package) if node.level else str(node.module)
            except ImportError:  # it would fail, if it were reached
                continue
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _files(name: str, path: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """(file, package) for each module that importing a name runs: those of its packages, and its own if it is one."""
    whole: list[str] = []
    for part, spec in zip(name.split("."), _specs(name, path), strict=False):
        whole.append(part)
        package = ".".join(whole if spec.submodule_search_locations is not None else whole[:-1])
        if spec.origin is not None and Path(spec.origin).is_file():
            yield Path(spec.origin).resolve(), package


def _specs(name: str, path: Sequence[str]) -> Iterator[ModuleSpec]:
    """Where each part of a dotted name is, as far as there are modules of that name."""
    first, *others = name.split(".")
    spec = None if first in sys.builtin_module_names else PathFinder.find_spec(first, path) or _elsewhere(first)
    for part in (*others, None):
        if spec is None:
            return
        yield spec
        if part is None or spec.submodule_search_locations is None:
            return
        # By its last name alone: a whole one is looked up in packages that are imported already.
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))


def _elsewhere(name: str) -> ModuleSpec | None:
    """Where what else can import finds a module: packages in editable mode may have an importer of their own."""
    for finder in sys.meta_path:
        if finder not in (BuiltinImporter, FrozenImporter, PathFinder):
            found = finder.find_spec(name, None)
            if found is not None:
                return found
    return None
