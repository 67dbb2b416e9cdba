"""Where the CIFAR-10 files are, and their bytes: from a folder or a .tar.gz, never unpacked to disk."""

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from ablate.data import cache
from ablate.errors import AblateError

FOLDER = "cifar-10-batches-bin"
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"
IMAGE_FILES = (*TRAIN_FILES, TEST_FILE)
NAMES_FILE = "batches.meta.txt"
RECORD_BYTES = 1 + 3 * 32 * 32

BESIDES_BYTES = 256 << 20  # that an archive may hold besides: the Python version of CIFAR-100 has 178 MB

# What tells other archives of the same page, and what they are.
_OTHERS = (
    ({"cifar-100-python", "fine_label_names"}, "CIFAR-100 as Python pickles, which are never loaded"),
    ({"cifar-100-binary", "train.bin", "test.bin", "fine_label_names.txt"}, "CIFAR-100, in its binary version"),
    ({"cifar-100-matlab"}, "CIFAR-100 in MATLAB's format"),
    ({"cifar-10-batches-py", "data_batch_1", "batches.meta"}, "CIFAR-10 as Python pickles, which are never loaded"),
    ({"cifar-10-batches-mat", "data_batch_1.mat"}, "CIFAR-10 in MATLAB's format"),
)

# No class name is long: a names file above this size is not one, and is not read into memory.
NAMES_LIMIT_BYTES = 10_000


def locate(config: Mapping[str, Any]) -> Path | None:
    """The local copy that `data.archive` or `$ABLATE_DATA` gives: a .tar.gz, or a folder of .bin files.

    None where neither is set. Errors: nothing of the kind is there.
    """
    setting = "data.archive" if config.get("archive") else "$ABLATE_DATA"
    given = config.get("archive") or os.environ.get("ABLATE_DATA")
    if not given:
        return None
    path = cache.expanded(given)
    try:
        if path.is_file():
            return path
        for folder in (path, path / FOLDER):
            if any((folder / name).is_file() for name in IMAGE_FILES):
                return folder
        if (path / ARCHIVE).is_file():
            return path / ARCHIVE
    except OSError as error:
        raise AblateError(f"{setting} must be a readable file or folder: {error}.") from error
    other = _what_it_is([path.name, *(file.name for file in path.iterdir())]) if path.is_dir() else None
    if other:
        raise _another(path, other)
    raise AblateError(
        f"{setting} must be {ARCHIVE}, a folder with it, or a folder with {IMAGE_FILES[0]} to {TEST_FILE}, "
        f"got {str(path)!r}, {'a folder without them' if path.is_dir() else 'which does not exist'}."
    )


def identity(path: Path) -> list[object]:
    """What changes when the copy at `path` does, without reading it."""
    if path.is_file():
        return cache.file_identity(path)
    files = (path / name for name in (*IMAGE_FILES, NAMES_FILE))
    return [cache.file_identity(file) for file in files if file.is_file()]


def contents(path: Path, records: int) -> Iterator[tuple[str, str, bytes]]:
    """Name, place (for messages) and bytes of each CIFAR-10 file under `path`; the names file only if there.

    Errors: a missing file, a size other than `records` records, an archive that is none or is damaged.
    """
    seen: set[str] = set()
    others: list[str] = []
    for name, place, data in _from_folder(path, records) if path.is_dir() else _from_tar(path, records, others):
        seen.add(name)
        yield name, place, data
    missing = [name for name in IMAGE_FILES if name not in seen]
    other = _what_it_is(others) if len(missing) == len(IMAGE_FILES) else None
    if other:
        raise _another(path, other)
    if missing:
        raise AblateError(
            f"{path} must have {len(IMAGE_FILES)} files, {IMAGE_FILES[0]} to {TEST_FILE}, "
            f"got {len(IMAGE_FILES) - len(missing)}; missing: {', '.join(missing)}. Download it again."
        )


def _from_folder(path: Path, records: int) -> Iterator[tuple[str, str, bytes]]:
    for name in (*IMAGE_FILES, NAMES_FILE):
        file = path / name
        if file.is_file():
            _check_size(name, str(file), file.stat().st_size, records)
            try:
                data = file.read_bytes()
            except OSError as error:
                raise AblateError(f"Cannot read {file}: {error}.") from error
            yield name, str(file), data


def _what_it_is(names: Iterable[str]) -> str | None:
    """What a folder or an archive is that is not CIFAR-10's binary version, by the names of its files."""
    found = {part for name in names for part in PurePosixPath(name).parts}
    return next((what for marks, what in _OTHERS if found & marks), None)


def _another(path: Path, what: str) -> AblateError:
    return AblateError(
        f"{path} is {what}. data=cifar10 reads CIFAR-10's binary version, {ARCHIVE}, from "
        "https://www.cs.toronto.edu/~kriz/cifar.html. Other images: data=arrays data.path=my.npz."
    )


class _Bounded:
    """An unpacked archive of which no more is read than the data set can need, whatever it declares or unpacks to."""

    def __init__(self, file: gzip.GzipFile, most_bytes: int) -> None:
        self._file, self._left = file, most_bytes

    def read(self, size: int) -> bytes:
        """So many bytes, or a refusal."""
        if not 0 <= size <= self._left:
            raise tarfile.ReadError("it unpacks to far more than CIFAR-10")
        data = self._file.read(size)
        self._left -= len(data)
        return data


def _from_tar(path: Path, records: int, others: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """others: takes the names of what is in it besides."""
    most_bytes = len(IMAGE_FILES) * records * RECORD_BYTES + BESIDES_BYTES
    wanted = {prefix + name: name for name in (*IMAGE_FILES, NAMES_FILE) for prefix in ("", f"{FOLDER}/")}
    try:
        with (
            gzip.open(path) as unpacked,
            tarfile.open(fileobj=cast(IO[bytes], _Bounded(unpacked, most_bytes)), mode="r|") as tar,
        ):
            for member in tar:
                name = wanted.get(member.name.removeprefix("./"))
                if name is None or member.isdir():
                    others.append(member.name)
                    continue
                place = f"{member.name} in {path}"
                file = tar.extractfile(member) if member.isreg() else None
                if file is None:
                    raise AblateError(f"{place} must be a plain file, got a link or a device. Download it again.")
                _check_size(name, place, member.size, records)
                yield name, place, file.read()
            # The checksum stands at the very end, which tarfile does not read by itself.
            while unpacked.read(1 << 20):
                most_bytes -= 1 << 20
                if most_bytes < 0:
                    raise tarfile.ReadError("it unpacks to far more than CIFAR-10")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise AblateError(
            f"{path} must be a complete .tar.gz of CIFAR-10, got {path.stat().st_size:,} bytes that cannot be read as one "
            f"({' '.join(str(error).split())}). Download it again."
        ) from error


def _check_size(name: str, place: str, received: int, records: int) -> None:
    """Before the bytes are read."""
    if name == NAMES_FILE:
        if received > NAMES_LIMIT_BYTES:
            raise AblateError(f"{place} must have ten class names, got {received:,} bytes. Download it again.")
        return
    if received != records * RECORD_BYTES:
        odd = f", no multiple of {RECORD_BYTES:,}" if received % RECORD_BYTES else f", {received // RECORD_BYTES:,} records"
        raise AblateError(
            f"{place} must have {records * RECORD_BYTES:,} bytes ({records:,} × {RECORD_BYTES:,}), "
            f"got {received:,} bytes{odd}. "
            "Download it again, or set data.records_per_file if a subset is meant."
        )
