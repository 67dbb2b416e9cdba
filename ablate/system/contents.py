"""A digest of a Python function: of its source, of the functions of its project that it calls, and of the values that it uses.

It is the same in every process. Comments and layout do not count, docstrings do, since a program can read them. What is
installed is known by its name alone: versions are recorded with each training.
"""

import _thread
import ast
import builtins
import enum
import hashlib
import io
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ablate.errors import AblateError
from ablate.system import code, owners, sources, tables

MOST_BYTES = 64 * 2**20  # of all values that a function uses
_AS_WRITTEN = (type(None), bool, float, complex, str, range, type(...), type(NotImplemented))
_BOUND_TO_A_PROCESS = (
    (io.IOBase, "an open file"),
    ((types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType), "a generator"),
    ((_thread.LockType, _thread.RLock), "a lock"),
)


@dataclass(frozen=True)
class Digest:
    """What a function is known to do.

    text: SHA-256. Of the modules that other processes import anew: values: (module, names, SHA-256) of each value that it reads
    off one. files: (path, SHA-256) of each file.
    """

    text: str
    values: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    def check(self) -> None:
        """Refuse a process that has just imported other modules than those of which the digest was made.

        Raises:
            AblateError: names the file or the value.
        """
        for file, text in self.files:
            if sources.digest(Path(file)) != text:
                raise AblateError(f"{file} changed after planning, so no more trainings start. Run the sweep again.")
        for module, names, text in self.values:
            value: Any = sys.modules.get(module)
            for name in names:
                value = getattr(value, name, None)
            if _of_value(value) != text:
                name = ".".join((module, *names))
                raise AblateError(f"{name} changed after import, which worker processes cannot see. Pass workers=0.")


def digest(function: Callable[..., Any], version: str | None = None) -> Digest:
    """What a function is known to do: by its content, or with a version by its name and that.

    Raises:
        AblateError: something that it uses cannot be known by its content.
    """
    name = getattr(function, "__qualname__", type(function).__qualname__)
    reader = _Reader()
    if version is not None:
        reader.word("version", name, version)
        return Digest(reader.digest())
    try:
        reader.read(function, name)
    except _Unknown as error:
        raise AblateError(
            f'Cannot identify {name} by its code: {error}. Pass version="1", and change it whenever the training changes.'
        ) from None
    except RecursionError:
        raise AblateError(f'{name} uses values that are nested too deeply to be read. Pass version="1".') from None
    files = tuple((file, sources.digest(Path(file))) for file in sorted(reader.files))
    return Digest(reader.digest(), tuple(sorted(set(reader.values))), files)


class _Unknown(Exception):
    """Something that cannot be known by its content: its name, whose it is, and what it is."""


def _of_value(value: Any) -> str:
    reader = _Reader()
    try:
        reader.read(value, "")
    except _Unknown:
        return ""
    return reader.digest()


class _Reader:
    """Reads values into a digest, each in one way that no other value is read in."""

    def __init__(self) -> None:
        self.values: list[tuple[str, tuple[str, ...], str]] = []
        self.files: set[str] = set()
        self._hash = hashlib.sha256()
        self._size = 0
        self._known: dict[int, int] = {}  # functions, classes and modules that were read, by id
        self._around: list[int] = []  # ids of the values that the one being read is in
        self._kept: list[Any] = []  # so that no other object gets one of these ids
        self._read: set[tuple[int, tuple[str, ...]]] = set()  # names that were read, with the id of their module's globals
        self._of = ""  # the function that is being read

    def digest(self) -> str:
        """Of all that was read."""
        return self._hash.hexdigest()

    def word(self, *parts: str | bytes | memoryview) -> None:
        """Take something in by how it is written."""
        for part in parts:
            content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            size = content.nbytes if isinstance(content, memoryview) else len(content)
            self._size += size + 1
            if self._size > MOST_BYTES:
                raise _Unknown(f"{self._named('the values')} have more than {MOST_BYTES // 2**20} MB")
            self._hash.update(b"%d:" % size)
            self._hash.update(content)

    def read(self, value: Any, name: str) -> None:
        """Take a value in by its content.

        Args:
            name: of the value, for messages.

        Raises:
            _Unknown: that cannot be.
        """
        kind = type(value)
        if kind in _AS_WRITTEN:
            self.word(kind.__name__, repr(value))
        elif kind is int:
            self.word("int", hex(value))
        elif kind in (bytes, bytearray):
            self.word(kind.__name__, bytes(value))
        elif isinstance(value, PurePath):
            self.word("path", str(value))
            self.read([kind, getattr(value, "__dict__", None)] if owners.is_own_class(kind) else None, name)
        elif isinstance(value, types.ModuleType):
            self._module(value)
        elif isinstance(value, type):
            self._class(value, name)
        elif isinstance(value, types.FunctionType):
            self._function(value, name)
        elif (of_package := owners.name_of(value)) is not None:
            self.word("name", of_package)
        else:
            with self._entered(value) as depth:
                if depth is not None:
                    self.word("around", str(depth))
                else:
                    self._content(value, name)

    @contextmanager
    def _entered(self, value: Any) -> Iterator[int | None]:
        """How far around a value is itself, where it is in itself; None elsewhere."""
        if id(value) in self._around:
            yield self._around[::-1].index(id(value))
            return
        self._around.append(id(value))
        self._kept.append(value)
        yield None
        self._around.pop()

    def _content(self, value: Any, name: str) -> None:
        kind = type(value)
        if kind in (list, tuple):
            self.word(kind.__name__, str(len(value)))
            for each in value:
                self.read(each, name)
        elif kind is dict:
            self.word("dict", str(len(value)))
            for key, each in value.items():
                self.read(key, name)
                self.read(each, f"{name}[{key!r:.30}]")
        elif kind in (set, frozenset):
            self._set(value, name)
        elif (parts := owners.parts_of(value)) is not None:
            self.word("made of")
            self.read([kind, parts, getattr(value, "__dict__", None) if owners.is_own_class(kind) else None], name)
        elif tables.is_table(value):
            self._table(value, name)
        else:
            self._object(value, name)

    def _set(self, value: frozenset[Any], name: str) -> None:
        """The digests of the members, in their order: that of a set is another one in each process."""
        members = []
        for each in value:
            reader = _Reader()
            reader._of, reader._around = self._of, [*self._around]
            reader.read(each, name)
            self._size += reader._size
            self.values += reader.values
            self.files |= reader.files
            members.append(reader.digest())
        self.word(type(value).__name__, *sorted(members))

    def _table(self, value: Any, name: str) -> None:
        self._allow(tables.size(value), name)
        try:
            words, others = tables.content(value)
        except TypeError as error:
            raise _Unknown(f"{self._named(name)} {error}") from None
        self.word(*words)
        self.read(others, name)

    def _allow(self, size: int, name: str) -> None:
        """Refuse a value of too many bytes before they are copied."""
        if self._size + size > MOST_BYTES:
            raise _Unknown(f"{self._named(name)} is {size / 2**20:,.0f} MB (limit for all: {MOST_BYTES // 2**20} MB)")

    def _object(self, value: Any, name: str) -> None:
        """Any other object by its class, and by what a copy is made from."""
        for kinds, what in _BOUND_TO_A_PROCESS:
            if isinstance(value, kinds):
                raise _Unknown(f"{self._named(name)} is {what}")
        try:
            made = value.__reduce_ex__(4)
        except Exception:
            raise _Unknown(f"{self._named(name)} is an object that cannot be copied ({type(value).__qualname__})") from None
        self.word("object")
        self.read(dict(owners.hidden_state(value)), name)
        if isinstance(made, str):
            self.word(type(value).__qualname__, made)
            return
        make, arguments, *rest = made
        state, items, pairs = (*rest, None, None, None)[:3]
        self.read(make, name)
        for each in (*arguments, state, None if items is None else list(items), None if pairs is None else dict(pairs)):
            self.read(each, name)

    def _is_known(self, value: Any, kind: str) -> bool:
        """Whether a function, class or module was read before; it then only says which."""
        known = id(value) in self._known
        self._kept.append(value)
        self.word(kind, str(self._known.setdefault(id(value), len(self._known))))
        return known

    def _module(self, value: types.ModuleType) -> None:
        """A module that is used as a whole."""
        file = getattr(value, "__file__", None)
        if file is None or not owners.is_own(file):
            self.word("module", value.__name__)
        elif not self._is_known(value, "own module"):
            self._imported(sources.imported(Path(file), sys.path, value.__name__))

    def _imported(self, files: list[Path]) -> None:
        self.files |= set(map(str, files))
        self.word("files", *sorted(map(sources.digest, files)))

    def _class(self, value: type, name: str) -> None:
        if not owners.is_own_class(value):
            self.word("class", value.__module__, value.__qualname__)
            return
        if self._is_known(value, "own class"):
            return
        self.word(value.__qualname__)
        tree = self._source(code.tree_of_class, value, value.__qualname__)
        if tree is not None:
            space = vars(sys.modules.get(value.__module__, types.ModuleType("")))
            self._program(tree, space)
            for names in code.uses_of_class(tree):
                self._global(space, names)
        elif not owners.is_plain_class(value):
            raise _Unknown(f"{self._named(value.__qualname__)} is a class that has no source")
        for base in (type(value), *value.__bases__):
            self.read(base, name)
        if issubclass(value, enum.Enum):
            self.read({key: member.value for key, member in value.__members__.items()}, value.__qualname__)
        for key, each in sorted(owners.members(value).items()):
            self.word(key)
            self.read(each, f"{value.__qualname__}.{key}")

    def _function(self, function: types.FunctionType, name: str) -> None:
        own = owners.is_own_function(function)
        if not own and owners.is_named_by(function, function.__module__):
            self.word("function", function.__module__, function.__qualname__)
            return
        if self._is_known(function, "own function" if own else "function"):
            return
        before, self._of = self._of, function.__qualname__ if own else self._of
        if own:
            self._program(self._source(code.tree_of, function, name or function.__qualname__), function.__globals__)
        else:
            self.word(function.__module__, function.__qualname__)
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.word("variable", variable)
            try:
                content = cell.cell_contents
            except ValueError:  # not yet assigned
                continue
            self.read(content, variable)
        self.read([function.__defaults__, function.__kwdefaults__, function.__dict__], f"the defaults and attributes of {name}")
        if own:
            for names in code.uses(function.__code__):
                self._global(function.__globals__, names)
        self._of = before

    @staticmethod
    def _source(of: Callable[[Any], Any], value: Any, name: str) -> Any:
        try:
            return of(value)
        except code.NoSource as error:
            raise _Unknown(f"{name} {error}") from None

    def _program(self, tree: ast.AST, space: Mapping[str, Any]) -> None:
        """A piece of a program, and what it imports. space: the globals of its module."""
        self.word("source", sources.digest_of(tree))
        file = space.get("__file__")
        if space.get("__name__") != "__main__" and file is not None and Path(file).is_file():
            self.files.add(file)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree)):
            self._imported(sources.imported_by(tree, sys.path, space.get("__package__") or ""))

    def _global(self, space: Mapping[str, Any], names: tuple[str, ...]) -> None:
        """What a function reads off its module, and off modules of its project that it finds there; once each."""
        if (id(space), names) in self._read:
            return
        self._read.add((id(space), names))
        first, *attributes = names
        module = str(space.get("__name__"))
        if first not in space:
            if not hasattr(builtins, first):
                self.word("missing", first)
            return
        value, path = space[first], [first]
        while attributes and isinstance(value, types.ModuleType) and owners.is_own(getattr(value, "__file__", None)):
            module, path = value.__name__, []
            if not hasattr(value, attributes[0]):
                break
            path = [attributes.pop(0)]
            value = getattr(value, path[0])
        self.word("global", ".".join(names[: len(names) - len(attributes)]))
        self.read(value, ".".join(names[: len(names) - len(attributes)]))
        plain = not isinstance(value, type | types.ModuleType | types.FunctionType)
        if path and plain and module != "__main__" and getattr(sys.modules.get(module), path[0], None) is value:
            self.values.append((module, tuple(path), _of_value(value)))

    def _named(self, name: str) -> str:
        """What messages call a value."""
        return f"{name} (used by {self._of})" if self._of and self._of != name else name
