"""CIFAR-10 from its binary layout: a record is a label byte and three planes of 32×32 bytes, R, G and B."""

import contextlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ablate.data import archive, cache
from ablate.data.dataset import Decoded, OwnKey, Shape, Source, Split
from ablate.errors import AblateError

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def shape(config: Mapping[str, Any]) -> Shape:
    """With all training images and the test images, from the config alone."""
    records = _records(config)
    return Shape(32, 32, 3, len(CLASS_NAMES), len(archive.TRAIN_FILES) * records, records)


def identity(config: Mapping[str, Any]) -> list[object]:
    """What changes when the arrays may: the local copy, or the download's checksum."""
    given = archive.locate(config)
    return [_records(config), *(archive.identity(given) if given else [_md5(config)])]


def read(config: Mapping[str, Any]) -> Decoded:
    """The arrays: from the cache, else decoded from the local copy, else downloaded first.

    Processes that start together download and decode once.
    """
    given, source, records = archive.locate(config), identity(config), _records(config)
    slot = cache.folder(config) / "cifar10" / cache.key(str(given) if given else _md5(config))
    kept = cache.read(slot, source)
    if kept is not None:
        return kept
    with cache.exclusive(slot) as writable, contextlib.ExitStack() as stack:
        kept = cache.read(slot, source)  # another process may have been first
        if kept is not None:
            return kept
        if given is None:
            place = slot.parent if writable else Path(stack.enter_context(tempfile.TemporaryDirectory()))
            given = _download(config, place)
        decoded = decode(given, records)
        if writable:
            cache.write(slot, source, decoded)
        return decoded


def decode(path: Path, records: int) -> Decoded:
    """Reads the files under `path`, a folder or a .tar.gz, with `records` images each; keeps their order.

    Errors: those of `archive.contents`, a label above 9, a names file without ten names.
    """
    images = np.empty((len(archive.IMAGE_FILES) * records, 32, 32, 3), np.uint8)
    labels = np.empty(len(images), np.int32)
    class_names: tuple[str, ...] = CLASS_NAMES
    for name, place, data in archive.contents(path, records):
        if name == archive.NAMES_FILE:
            class_names = _class_names(place, data)
            continue
        rows = np.frombuffer(data, np.uint8).reshape(records, archive.RECORD_BYTES)
        wrong = np.flatnonzero(rows[:, 0] >= len(CLASS_NAMES))
        if wrong.size:
            raise AblateError(
                f"{place} must have labels 0 to 9, got {rows[wrong[0], 0]} in record {wrong[0]}, "
                "counted from 0. Download it again."
            )
        start = archive.IMAGE_FILES.index(name) * records
        labels[start : start + records] = rows[:, 0]
        planes = rows[:, 1:].reshape(records, 3, 32, 32)  # (records, channels, height, width)
        images[start : start + records] = planes.transpose(0, 2, 3, 1)  # (records, height, width, channels)
    cut = len(archive.TRAIN_FILES) * records
    return Decoded(Split(images[:cut], labels[:cut]), Split(images[cut:], labels[cut:]), class_names)


def _class_names(place: str, data: bytes) -> tuple[str, ...]:
    names = tuple(data.decode("utf-8", "replace").split())
    if len(names) != len(CLASS_NAMES):
        raise AblateError(f"{place} must have ten class names, got {len(names)}. Download it again.")
    return names


def _download(config: Mapping[str, Any], folder: Path) -> Path:
    from ablate.data.download import download  # loads pooch, which most calls do without

    md5 = _md5(config)
    return download(str(config.get("url")), md5, folder / f"{md5}-{archive.ARCHIVE}")


def _records(config: Mapping[str, Any]) -> int:
    records = config.get("records_per_file", 10_000)
    if isinstance(records, bool) or not isinstance(records, int) or records < 1:
        raise AblateError(
            f"data.records_per_file must be a whole number above 0 (10000 in the original files), got {records!r}."
        )
    return records


def _md5(config: Mapping[str, Any]) -> str:
    md5 = str(config.get("md5")).lower()
    if not re.fullmatch("[0-9a-f]{32}", md5):
        raise AblateError(f"data.md5 must be 32 hex digits, the checksum of data.url, got {config.get('md5')!r}.")
    return md5


SOURCE = Source(
    shape,
    identity,
    read,
    title="CIFAR-10",
    license="none is stated by its authors; cite Krizhevsky 2009, Learning multiple layers of features from tiny images",
    keys=(
        OwnKey("archive"),
        OwnKey("url"),
        OwnKey("md5"),
        OwnKey("cache", changes=False),
        OwnKey("records_per_file", "images"),
    ),
)
