"""Decoded arrays and digests, kept between processes: written whole or not at all, checked when read."""

import contextlib
import functools
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from ablate.data.dataset import Decoded, Split
from ablate.errors import AblateError
from ablate.system.safe_files import make_lock_file, open_regular, read_regular

log = logging.getLogger(__name__)

# Part of every key. Raise it when decoding, the split or the digest changes, so that nothing older is read.
VERSION = 1

# Digests found by this process, for where the folder cannot be written.
_digests: dict[str, str] = {}


def folder(config: Mapping[str, Any]) -> Path:
    """For downloads, decoded arrays and digests: `data.cache`, else `$ABLATE_CACHE`, else ~/.cache/ablate."""
    given = config.get("cache") or os.environ.get("ABLATE_CACHE") or "~/.cache/ablate"
    return expanded(given, "Set ABLATE_CACHE or data.cache to another folder.")


def expanded(given: str, advice: str = "Write it without ~.") -> Path:
    """A path that may begin with ~, from the root.

    Raises:
        AblateError: nobody knows whose home folder that is, as in a container without HOME and without this user.
    """
    try:
        return Path(given).expanduser().resolve()
    except RuntimeError:
        raise AblateError(f"Cannot find {given}: HOME is not set and this user has no home folder. {advice}") from None


def key(*parts: object) -> str:
    """A short name for what `parts`, JSON values, say: 32 hex digits."""
    return hashlib.sha256(json.dumps([VERSION, *parts]).encode()).hexdigest()[:32]


def file_identity(path: Path) -> list[object]:
    """What changes when a file does, without reading it.

    The time of change (ctime) moves even where a copy keeps the old time of modification.
    """
    stat = path.stat()
    return [str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


@contextlib.contextmanager
def exclusive(slot: Path) -> Iterator[bool]:
    """Lets one process at a time write `slot`; False, with a warning, where it cannot be written."""
    lock = FileLock(f"{slot}.lock")
    try:
        slot.parent.mkdir(parents=True, exist_ok=True)
        make_lock_file(Path(lock.lock_file))
        lock.acquire()
    except (OSError, NotImplementedError, AblateError) as error:  # the latter: a file system without locks
        warn_not_kept(slot.parent, str(error))
    try:
        yield lock.is_locked
    finally:
        lock.release()


@functools.cache
def warn_not_kept(parent: Path, reason: str) -> None:
    """One line, once a process."""
    log.warning(
        "Cannot write the data cache in %s (%s): the data set is decoded anew by every process. "
        "Set data.cache or $ABLATE_CACHE to a folder that can be written.",
        parent,
        reason,
    )


def read(slot: Path, source: object) -> Decoded | None:
    """The arrays kept in `slot`; None where there are none, or another source's, or damaged ones."""
    try:
        kept = json.loads(read_regular(slot / "kept.json"))
        if kept["source"] != key(source):
            return None
        arrays = {name: _read_array(slot / f"{name}.npy", checksum) for name, checksum in kept["crc32"].items()}
        return Decoded(
            Split(arrays["train_images"], arrays["train_labels"]),
            Split(arrays["test_images"], arrays["test_labels"]),
            tuple(kept["class_names"]),
            from_cache=True,
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, MemoryError, AblateError) as error:
        log.info("Decoding again, since the arrays kept in %s cannot be read: %s", slot, error)
        return None


def _read_array(path: Path, checksum: int) -> NDArray[Any]:
    with open_regular(path, sys.maxsize) as file:
        array: NDArray[Any] = np.load(file, allow_pickle=False)
    if zlib.crc32(array.data) != checksum:
        raise ValueError(f"{path.name} has another checksum")
    return array


def write(slot: Path, source: object, decoded: Decoded) -> None:
    """Keeps the arrays in `slot`, under `exclusive(slot)`. A full disk is a warning, not an error."""
    partial = slot.with_name(f"{slot.name}.partial")
    arrays: dict[str, NDArray[Any]] = {
        "train_images": decoded.train.images,
        "train_labels": decoded.train.labels,
        "test_images": decoded.test.images,
        "test_labels": decoded.test.labels,
    }
    kept = {
        "source": key(source),
        "crc32": {name: zlib.crc32(array.data) for name, array in arrays.items()},
        "class_names": decoded.class_names,
    }
    try:
        shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
        partial.mkdir()
        for name, array in arrays.items():
            np.save(partial / f"{name}.npy", array, allow_pickle=False)
        (partial / "kept.json").write_text(json.dumps(kept))
        shutil.rmtree(slot, ignore_errors=True)
        partial.rename(slot)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        warn_not_kept(slot.parent, str(error))


def known_digest(parent: Path, name: str) -> str | None:
    """The digest kept under `name`, a `key`, or None."""
    if name not in _digests:
        with contextlib.suppress(OSError, ValueError, AblateError):
            text = read_regular(parent / "digests" / name, 1_000).decode()
            if re.fullmatch("[0-9a-f]{64}", text):
                _digests[name] = text
    return _digests.get(name)


def keep_digest(parent: Path, name: str, digest: str) -> None:
    """Keeps a digest; for this process alone where the folder cannot be written."""
    _digests[name] = digest
    with contextlib.suppress(OSError):
        (parent / "digests").mkdir(parents=True, exist_ok=True)
        partial = parent / "digests" / f"{name}-{secrets.token_hex(4)}.partial"
        with partial.open("x") as file:  # with the mode of the umask, since a group may share the folder
            file.write(digest)
        partial.replace(parent / "digests" / name)
