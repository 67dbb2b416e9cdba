"""npz files that a stranger may have made: never unpickled, and never larger in memory than is allowed.

NumPy's own reader trusts what a file declares: a header of a terabyte is allocated, a bomb unpacked. Here all is declared,
checked and added up before a byte is read.
"""

import math
import struct
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MOST_ARRAYS = 20_000
MOST_DIRECTORY_BYTES = 8 << 20  # of the list of contents, which is read whole
CHUNK_BYTES = 1 << 20

_LONGEST = 1 << 48  # of a side of an array; more is no number of values that a machine holds
_END = struct.Struct("<4s4H2LH")  # the record at the end of a zip file
_LONGEST_COMMENT = 0xFFFF
_LOCATOR = struct.Struct("<4sLQL")  # before it, where the file is large
_LARGE_END = struct.Struct("<4sQ2H2L4Q")
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """What an array is declared to be. in_columns: its values stand as FORTRAN orders them."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    in_columns: bool = False

    @property
    def size_bytes(self) -> int:
        """Of its values."""
        return math.prod(self.shape) * self.dtype.itemsize


class Npz:
    """An npz file that is open. headers: what it declares, by the names of its arrays. others: what is in it besides."""

    def __init__(self, archive: zipfile.ZipFile, wanted: Collection[str] | None) -> None:
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.headers: dict[str, Header] = {}
        self.others: list[str] = []
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename or (wanted is not None and name not in wanted):
                self.others.append(name)
                continue
            if name in self._entries:
                raise ValueError(f"{name} is in it twice")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} is packed as NumPy does not")
            with archive.open(entry) as stream:
                self.headers[name] = _header(stream, entry, name)
            self._entries[name] = entry

    @property
    def packed_bytes(self) -> int:
        """Of its arrays in the file."""
        return sum(entry.compress_size for entry in self._entries.values())

    @property
    def size_bytes(self) -> int:
        """Of its arrays in memory."""
        return sum(entry.file_size for entry in self._entries.values())

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of an array, in the order of its header."""
        with self._archive.open(self._entries[name]) as stream:
            _header(stream, self._entries[name], name)
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    def read(self, name: str) -> NDArray[Any]:
        """An array.

        Raises:
            KeyError: there is none of the name.
            ValueError: it is not what it declares, or holds Python objects.
        """
        header, entry = self.headers[name], self._entries[name]
        if header.dtype.hasobject:
            raise ValueError(f"{name} holds Python objects, which are never unpickled")
        with self._archive.open(entry) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)


def _header(stream: Any, entry: zipfile.ZipInfo, name: str) -> Header:
    version = np.lib.format.read_magic(stream)
    if version not in _READERS:
        raise ValueError(f"{name} has an unknown version {version} of the format")
    shape, in_columns, dtype = _READERS[version](stream)
    header = Header(shape, dtype, in_columns and len(shape) > 1)
    if not all(0 <= length < _LONGEST for length in shape) or (dtype.itemsize == 0 and 0 not in shape):
        raise ValueError(f"{name} has an impossible shape")
    if not dtype.hasobject and header.size_bytes != entry.file_size - stream.tell():
        raise ValueError(f"{name} declares {header.size_bytes:,} bytes and has {entry.file_size - stream.tell():,}")
    return header


@contextmanager
def opened(file: BinaryIO, most_bytes: int | None, wanted: Collection[str] | None = None) -> Iterator[Npz]:
    """An npz file.

    Args:
        file: seekable, and of a size that the caller has bounded.
        most_bytes: what its arrays may take in memory, all together; None where the caller reads them in chunks.
        wanted: the names of the arrays to look at; None for all.

    Raises:
        ValueError, zipfile.BadZipFile and others of `ablate.store.DAMAGE`: it is none, or is larger.
    """
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        npz = Npz(archive, wanted)
        if most_bytes is not None and npz.size_bytes > most_bytes:
            raise ValueError(f"it unpacks to {npz.size_bytes:,} bytes, more than the {most_bytes:,} allowed")
        yield npz


def _check_directory(file: BinaryIO) -> None:
    """Refuse a list of contents that takes much memory by itself."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read(_END.size + _LONGEST_COMMENT)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise zipfile.BadZipFile("it is cut off or no npz file")
    end_at = tail_at + place
    _, _, _, _, count, directory_bytes, _, _ = _END.unpack_from(tail, place)
    if end_at >= _LOCATOR.size + _LARGE_END.size:
        file.seek(end_at - _LOCATOR.size)
        mark, _, at, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if mark == b"PK\x06\x07":
            file.seek(min(at, size - _LARGE_END.size))
            count, directory_bytes = _LARGE_END.unpack(file.read(_LARGE_END.size))[7:9]
    file.seek(0)
    if count > MOST_ARRAYS or directory_bytes > MOST_DIRECTORY_BYTES:
        raise ValueError(f"it lists {count:,} arrays in {directory_bytes:,} bytes, more than any that is written here")


def arrays_of(file: BinaryIO, most_bytes: int) -> dict[str, NDArray[Any]]:
    """All arrays of an npz file; arguments and errors are those of `opened`."""
    with opened(file, most_bytes) as npz:
        return {name: npz.read(name) for name in npz.headers}
