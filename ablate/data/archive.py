"""Where the CIFAR-10 files are, and their bytes: from a folder or a .tar.gz, never unpacked to disk."""

import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ablate.data import cache
from ablate.errors import AblateError

FOLDER = "cifar-10-batches-bin"
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"
IMAGE_FILES = (*TRAIN_FILES, TEST_FILE)
NAMES_FILE = "batches.meta.txt"
RECORD_BYTES = 1 + 3 * 32 * 32

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
    path = Path(given).expanduser().resolve()
    try:
        if path.is_file():
            return path
        for folder in (path, path / FOLDER):
            if any((folder / name).is_file() for name in IMAGE_FILES):
                return folder
        if (path / ARCHIVE).is_file():
            return path / ARCHIVE
    except OSError as error:
        raise AblateError(f"Expected {setting}: a readable file or folder. Received: {error}.") from error
    raise AblateError(
        f"Expected {setting}: {ARCHIVE}, a folder with it, or a folder with {IMAGE_FILES[0]} to {TEST_FILE}. "
        f"Received: {str(path)!r}, {'a folder without them' if path.is_dir() else 'which does not exist'}."
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
    seen = set()
    for name, place, data in _from_folder(path, records) if path.is_dir() else _from_tar(path, records):
        seen.add(name)
        yield name, place, data
    missing = [name for name in IMAGE_FILES if name not in seen]
    if missing:
        raise AblateError(
            f"Expected {len(IMAGE_FILES)} files, {IMAGE_FILES[0]} to {TEST_FILE}, in {path}. "
            f"Received: {len(IMAGE_FILES) - len(missing)}; missing: {', '.join(missing)}. Fetch it again."
        )


def _from_folder(path: Path, records: int) -> Iterator[tuple[str, str, bytes]]:
    for name in (*IMAGE_FILES, NAMES_FILE):
        file = path / name
        if file.is_file():
            _check_size(name, str(file), file.stat().st_size, records)
            try:
                data = file.read_bytes()
            except OSError as error:
                raise AblateError(f"Expected a readable file: {file}. Received: {error}.") from error
            yield name, str(file), data


def _from_tar(path: Path, records: int) -> Iterator[tuple[str, str, bytes]]:
    wanted = {prefix + name: name for name in (*IMAGE_FILES, NAMES_FILE) for prefix in ("", f"{FOLDER}/")}
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                name = wanted.get(member.name.removeprefix("./"))
                if name is None or member.isdir():
                    continue
                place = f"{member.name} in {path}"
                file = tar.extractfile(member) if member.isreg() else None
                if file is None:
                    raise AblateError(f"Expected a plain file: {place}. Received: a link or a device. Fetch it again.")
                _check_size(name, place, member.size, records)
                yield name, place, file.read()
            # The checksum stands at the very end, which tarfile does not read by itself.
            while tar.fileobj is not None and tar.fileobj.read(1 << 20):
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise AblateError(
            f"Expected a whole .tar.gz of CIFAR-10: {path}. Received: {path.stat().st_size:,} bytes, "
            f"not to be read as one ({' '.join(str(error).split())}). Fetch it again."
        ) from error


def _check_size(name: str, place: str, received: int, records: int) -> None:
    """Before the bytes are read."""
    if name == NAMES_FILE:
        if received > NAMES_LIMIT_BYTES:
            raise AblateError(f"Expected ten class names in {place}. Received: {received:,} bytes. Fetch it again.")
        return
    if received != records * RECORD_BYTES:
        odd = f", no multiple of {RECORD_BYTES:,}" if received % RECORD_BYTES else f", {received // RECORD_BYTES:,} records"
        raise AblateError(
            f"Expected {records * RECORD_BYTES:,} bytes, {records:,} times {RECORD_BYTES:,}, in {place}. "
            f"Received: {received:,} bytes{odd}. "
            "Fetch it again, or set data.records_per_file if a subset is meant."
        )
