"""Files that are written whole or not at all, and what is said where they cannot be written or read."""

import errno
import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from ablate.errors import AblateError
from ablate.store import held
from ablate.system.safe_files import MOST_BYTES, Unreadable, make_lock_file, read_regular, reason_of, refuse_links

FINGERPRINT_DIGITS = 16
TEMPORARY = re.compile(r"\..+-\w{8}(\.tmp)?")  # what `write_atomically` leaves where it is killed

MOST_JSON_BYTES = 16 << 20  # of a JSON file; in memory it takes up to 25 times as much
MOST_VALUES = 20_000  # in a config

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # written in C, five times as fast, where it was built
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_FOLDER = {errno.ENOTDIR, errno.EEXIST}
_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, *FORBIDDEN}


def canonical_json(content: Any) -> str:
    """JSON with sorted keys and no spaces, the same for equal contents; NaN and infinity are refused."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(content: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
    return digest(canonical_json(content).encode())


def digest(data: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(data).hexdigest()[:FINGERPRINT_DIGITS]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Within it, a system that refuses to write is told in one line that names `path` and what to do.

    Raises:
        AblateError: in place of an OSError, but not of a TimeoutError.
    """
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            advice = "Free some space, then rerun the command to resume."
        elif error.errno in FORBIDDEN:
            advice = "Change its permissions or choose another folder."
        elif error.errno in _NO_FOLDER:
            advice = "Choose another folder."
        else:
            advice = "Fix that, then rerun the command to resume."
        raise AblateError(f"Cannot write {path}: {reason_of(error)}. {advice}") from error


def is_forbidden(error: BaseException) -> bool:
    """Whether the system refused this user something, as it may in another user's folder."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return isinstance(cause, OSError) and cause.errno in FORBIDDEN


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within it, a system that refuses to read is told in one line that names `path`. A missing file stays an OSError.

    Raises:
        Unreadable: in place of an OSError that says anything else than that there is no such file.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise Unreadable(path, reason_of(error)) from error


def content_of(path: Path, most_bytes: int = MOST_BYTES, below: Path | None = None) -> bytes | None:
    """The bytes of a regular file; None where there is none.

    Args:
        most_bytes: how large it may be.
        below: a folder under which no part of the path may be a link; None where the last part alone may not.

    Raises:
        Unreadable: it is there and cannot be read, or is a link, a pipe, a device or a folder, or larger.
    """
    try:
        return read_regular(path, most_bytes, below)
    except (FileNotFoundError, NotADirectoryError):
        return None


def files_in(folder: Path, below: Path | None = None) -> list[Path]:
    """What a folder holds, by name; nothing where there is no such folder.

    Raises:
        Unreadable: it is there and cannot be read, or is a link below `below`.
    """
    if below is not None:
        with suppress(FileNotFoundError, NotADirectoryError), reading(folder):
            refuse_links(folder, below)
    try:
        with reading(folder):
            return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def make_folder(folder: Path, below: Path | None = None) -> None:
    """Make a folder and those on the way to it, with the modes of the umask.

    Raises:
        Unreadable: a part of it below `below` is a link.
        Gone: it is in a folder that this process works in, and that is gone.
        OSError: the system refuses.
    """
    if below is not None:
        refuse_links(folder, below)
    held.check(folder)
    folder.mkdir(parents=True, exist_ok=True)


def write_atomically(path: Path, data: bytes, below: Path | None = None) -> None:
    """Write a file whole or not at all, and durably: a reader sees the old content or the new.

    Args:
        below: a folder under which no part of the path may be a link.

    Raises:
        AblateError: it cannot be written; says why and what to do.
    """
    with writing(path):
        make_folder(path.parent, below)
        replace(path, data, durably=True)


def replace(path: Path, data: bytes, durably: bool) -> None:
    """Write a file whole or not at all in a folder that is there; `durably` waits until it is on the disk.

    The system takes the umask off its mode. A link, a pipe or a device in its place is replaced, not written to.
    """
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if durably:
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durably:
        sync_folder(path.parent)


def lock(path: Path, below: Path | None = None) -> FileLock:
    """A lock that is not yet held; its file is made where it is missing, so that all whom the umask allows can lock it.

    Raises:
        Unreadable: something else is in its place.
        FileNotFoundError: there is no folder for it.
        OSError: the system refuses.
    """
    if below is not None:
        refuse_links(path.parent, below)
    path.parent.mkdir(parents=True, exist_ok=True)
    make_lock_file(path)
    return FileLock(path)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def write_json(path: Path, content: Any, below: Path | None = None) -> None:
    """Write indented JSON atomically.

    Raises:
        AblateError: it cannot be written.
    """
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode(), below)


def parse_json(data: bytes) -> Any:
    """The content of JSON that a stranger may have made.

    Raises:
        ValueError: it is none, or too deep, or has a key twice, or a number or a character that Python cannot write again.
    """
    try:
        content = json.loads(data, object_pairs_hook=_object)
        if b"\\ud" in data.lower():  # half a character, which no file takes
            json.dumps(content, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ValueError("it holds half a character") from error
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"it has {next(key for key in keys if keys.count(key) > 1)!r} twice")
    return found


def load_json(path: Path, most_bytes: int = MOST_JSON_BYTES, below: Path | None = None) -> Any:
    """The content of a JSON file.

    Args:
        most_bytes: how large it may be.
        below: a folder under which no part of the path may be a link; None where the last part alone may not.

    Raises:
        Unreadable: it is missing or cannot be read or is no JSON; says the file and why.
    """
    try:
        return parse_json(read_regular(path, most_bytes, below))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Unreadable(path, "no such file") from error
    except json.JSONDecodeError as error:
        raise Unreadable(path, f"not valid JSON at line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(path, f"not valid UTF-8 at byte {error.start:,}") from error
    except ValueError as error:
        raise Unreadable(path, f"not valid JSON: {error}") from error


def read_json(path: Path, most_bytes: int = MOST_JSON_BYTES, below: Path | None = None) -> Any:
    """The content of a JSON file, or None where it is missing, cannot be read or is damaged: see `load_json` for which."""
    try:
        return load_json(path, most_bytes, below)
    except Unreadable:
        return None


def parse_yaml(data: bytes) -> Any:
    """The content of YAML that a stranger may have made: plain values, and no more of them than stand in a config.

    Raises:
        ValueError: it is none, or its aliases make far more of it than is written.
    """
    loader = _LOADER(data)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if (b"*" in data or len(data) > MOST_VALUES) and _values(node, {}) > MOST_VALUES:
            raise ValueError(f"it has more than {MOST_VALUES:,} values once its aliases are written out")
        return loader.construct_document(node)
    except (yaml.YAMLError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError("not valid YAML") from error
    finally:
        loader.dispose()


def _values(node: Any, known: dict[int, float]) -> float:
    """How many values a node has, those counted again that an alias repeats; infinite where one holds itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        inner = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        held = [] if isinstance(node, yaml.ScalarNode) else inner
        known[id(node)] = 1 + sum(_values(part, known) for part in held)
    return known[id(node)]
