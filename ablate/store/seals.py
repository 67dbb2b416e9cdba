"""Seals: what the store writes can be checked against what was written.

A JSON object has a field `check`, the first 16 hexadecimal digits of the SHA-256 of its canonical JSON without that field.
An npz file has an array `sha256` over its other arrays. Versions before this wrote JSON without a check: that reads as ever.
"""

import hashlib
import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.store.files import content_of, digest, write_json

CHECK = "check"

# What reading a file raises whose bytes are not those that were written. A file that cannot be read at all is no such case.
DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    SyntaxError,
    RuntimeError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


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
    return digest(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())  # a loss may be NaN


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object with its check.

    Raises:
        AblateError: it cannot be written.
    """
    write_json(path, seal(content))


def read_sealed(path: Path) -> dict[str, Any] | None:
    """A JSON object without its check; None where the file is missing or damaged.

    Raises:
        AblateError: the file is there and cannot be read.
    """
    try:
        return unseal(json.loads(content_of(path) or b""))[0]
    except DAMAGE:
        return None


def pack_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """An npz file without pickle, with a checksum over names, types, shapes and bytes of the arrays."""
    buffer = io.BytesIO()
    sealed: dict[str, Any] = {**arrays, "sha256": np.asarray(_checksum(arrays))}
    np.savez(buffer, **sealed)
    return buffer.getvalue()


def unpack_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of a file that `pack_arrays` made.

    Raises:
        DAMAGE: one of these, where the bytes are not those that were written.
        OSError: the file cannot be read.
    """
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    expected = str(arrays.pop("sha256"))
    if _checksum(arrays) != expected:
        raise ValueError("its checksum does not fit")
    return arrays


def _checksum(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    computed = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        computed.update(f"{name} {array.dtype.str} {array.shape}".encode())
        computed.update(array.tobytes())
    return computed.hexdigest()
