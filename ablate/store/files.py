"""Files that are written whole or not at all, and what is said where they cannot be."""

import errno
import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ablate.errors import AblateError

FINGERPRINT_DIGITS = 16
TEMPORARY = re.compile(r"\..+-\w{8}(\.tmp)?")  # what `write_atomically` leaves where it is killed

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
        reason = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _FULL:
            message = f"Expected room to write {path}. Received: {reason}. Free some space; the same command goes on."
        elif error.errno in FORBIDDEN:
            message = f"Expected to be allowed to write {path}. Received: {reason}. Change that, or give another folder."
        elif error.errno in _NO_FOLDER:
            message = f"Expected a folder to write {path} in. Received: {reason}. Give another folder."
        else:
            message = f"Expected to write {path}. Received: {reason}. Once that is mended, the same command goes on."
        raise AblateError(message) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within it, a system that refuses to read is told in one line that names `path`. A missing file stays an OSError.

    Raises:
        AblateError: in place of an OSError that says anything else than that there is no such file.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise AblateError(f"Expected to be allowed to read {path}. Received: {reason}. Change that, and go on.") from error


def content_of(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none.

    Raises:
        AblateError: it is there and cannot be read.
    """
    try:
        with reading(path):
            return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def files_in(folder: Path) -> list[Path]:
    """What a folder holds, by name; nothing where there is no such folder.

    Raises:
        AblateError: it is there and cannot be read.
    """
    try:
        with reading(folder):
            return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and durably: a reader sees the old content or the new.

    Raises:
        AblateError: it cannot be written; says why and what to do.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data, durably=True)


def replace(path: Path, data: bytes, durably: bool) -> None:
    """Write a file whole or not at all in a folder that is there; `durably` waits until it is on the disk."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if durably:
                stream.flush()
                os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if durably:
        sync_folder(path.parent)


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


@functools.cache
def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON atomically.

    Raises:
        AblateError: it cannot be written.
    """
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())


def read_json(path: Path) -> Any:
    """The content of a JSON file, or None where it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
