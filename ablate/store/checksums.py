"""Seals: what the store writes can be checked against what was written.

A JSON object has a field `check`, the first 16 hexadecimal digits of the SHA-256 of its canonical JSON without that field.
An npz file has an array `sha256` over its other arrays. Versions before this wrote JSON without a check: that reads as ever.
"""

import hashlib
import io
import json
import os
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ablate.store.files import MOST_JSON_BYTES, content_of, digest, parse_json, write_json
from ablate.system import npz
from ablate.system.safe_files import MOST_BYTES, Unreadable, open_regular, reason_of

CHECK = "check"
MOST_CHECKSUM_BYTES = 1024

# What reading a file raises whose bytes are not those that were written. A file that cannot be read at all is no such case.
DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    SyntaxError,
    RuntimeError,
    MemoryError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def seal(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as JSON keeps it, with its check."""
    plain = json.loads(json.dumps(dict(content)))
    return {**plain, CHECK: _check(plain)}


def unseal(content: Any, wanted: bool = False) -> tuple[dict[str, Any], bool]:
    """(content without its check, whether it had one).

    Args:
        wanted: whether no version ever wrote it without a check.

    Raises:
        ValueError: it is no JSON object, or the check does not fit, or it is wanted and missing.
    """
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    if CHECK not in content and not wanted:
        return content, False
    bare = {key: value for key, value in content.items() if key != CHECK}
    if content.get(CHECK) != _check(bare):
        raise ValueError("its check does not fit")
    return bare, True


def _check(content: Mapping[str, Any]) -> str:
    return digest(_COMPACT.encode(content).encode())  # a loss may be NaN


def write_sealed(path: Path, content: Mapping[str, Any], below: Path | None = None) -> None:
    """Write a JSON object with its check.

    Raises:
        AblateError: it cannot be written.
    """
    write_json(path, seal(content), below)


def read_sealed(path: Path, below: Path | None = None) -> dict[str, Any] | None:
    """A JSON object without its check; None where the file is missing or damaged.

    Args:
        below: a folder under which no part of the path may be a link.

    Raises:
        AblateError: the file is there and cannot be read.
    """
    try:
        return unseal(parse_json(content_of(path, MOST_JSON_BYTES, below) or b""))[0]
    except DAMAGE:
        return None


def pack_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """An npz file without pickle, with a checksum over names, types, shapes and bytes of the arrays."""
    buffer = io.BytesIO()
    in_rows = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    sealed: dict[str, Any] = {**in_rows, "sha256": np.asarray(_checksum(arrays))}
    np.savez(buffer, **sealed)
    return buffer.getvalue()


def unpack_arrays(path: Path, most_bytes: int = MOST_BYTES, below: Path | None = None) -> dict[str, NDArray[np.generic]]:
    """The arrays of a file that `pack_arrays` made.

    Args:
        most_bytes: what they may take, in the file as in memory, but for their headers.
        below: a folder under which no part of the path may be a link.

    Raises:
        DAMAGE: one of these, where the bytes are not those that were written, or more.
        FileNotFoundError, NotADirectoryError: there is none.
        AblateError: the file cannot be read.
    """
    with _opened(path, most_bytes + npz.MOST_ARRAYS * 1024, below) as file:
        arrays: dict[str, NDArray[np.generic]] = npz.arrays_of(file, most_bytes)
    expected = str(arrays.pop("sha256"))
    if _checksum(arrays) != expected:
        raise ValueError("its checksum does not match")
    return arrays


def check_arrays(path: Path, below: Path | None = None) -> None:
    """Check a file that `pack_arrays` made, however large it is, without having all of it in memory.

    Raises: as `unpack_arrays`.
    """
    with _opened(path, sys.maxsize, below) as file, npz.opened(file, None) as arrays:
        if arrays.size_bytes > os.fstat(file.fileno()).st_size:
            raise ValueError("it is packed, as no version wrote it")
        computed = hashlib.sha256()
        if arrays.headers["sha256"].size_bytes > MOST_CHECKSUM_BYTES:
            raise ValueError("its checksum is none")
        for name in sorted(arrays.headers.keys() - {"sha256"}):
            header = arrays.headers[name]
            if header.in_columns:
                raise ValueError("its values are not in the order that is written here")
            computed.update(_described(name, header.dtype, header.shape or (1,)))  # as NumPy makes an array of one value
            for chunk in arrays.chunks(name):
                computed.update(chunk)
        if str(arrays.read("sha256")) != computed.hexdigest():
            raise ValueError("its checksum does not match")


@contextmanager
def _opened(path: Path, most_bytes: int, below: Path | None) -> Iterator[BinaryIO]:
    with open_regular(path, most_bytes, below) as file:
        try:
            yield file
        except OSError as error:
            raise Unreadable(path, reason_of(error)) from error


def _described(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    return f"{name} {dtype.str} {shape}".encode()


def _checksum(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    computed = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        computed.update(_described(name, array.dtype, array.shape))
        computed.update(array.tobytes())
    return computed.hexdigest()
