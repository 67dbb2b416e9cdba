"""A packed sweep that is put into a store, and its folder beside other sweeps. Nothing is written over."""

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ablate.errors import AblateError
from ablate.store import looks, pack_archive, pack_manifest
from ablate.store.checksums import CHECK, seal
from ablate.store.files import MOST_JSON_BYTES, content_of, parse_json, sync_folder, write_atomically, writing
from ablate.store.gc import TRASH
from ablate.store.pack_manifest import LABELS, OF_A_TRAINING, OF_LOOKS, PACK, as_json, sha256
from ablate.store.references import SWEEP
from ablate.store.trajectory import Trajectory


@dataclass(frozen=True)
class Unpacked:
    """What came out of a pack.

    sweep: where its folder lies now. added, there: trainings that came, and that were there. looks: whether it told of any.
    """

    sweep: Path
    added: tuple[str, ...]
    there: tuple[str, ...]
    looks: bool = False


def unpack(source: Path, store: Path, sweeps: Path) -> Unpacked:
    """Merge a pack into a store and its sweep into the folder of sweeps. Nothing is written over.

    All is checked before anything is written. What a full disk leaves are whole trainings; the same command completes them.

    Args:
        source: a folder or an archive that `pack` made.
        store: for the trainings. One that it has already, with all that the pack has of it, stays as it is.
        sweeps: for the sweep's folder, which has the name that it had.

    Raises:
        AblateError: the pack is not as it was packed, or the store or the folder has something else in that place.
    """
    manifest, files = read(source)
    sweep = sweeps / manifest["name"]
    parts = _Parts.of(files)
    there = tuple(
        fingerprint for fingerprint in parts.trainings if (store / fingerprint).exists() or (store / fingerprint).is_symlink()
    )
    for fingerprint in there:
        _check_same(source, Trajectory(store, fingerprint), parts.trainings[fingerprint])
    of_sweep = {name: _in_store(content, store) if name.endswith(SWEEP) else content for name, content in parts.sweep.items()}
    _check_free(source, sweep, of_sweep)
    added = tuple(sorted(parts.trainings.keys() - set(there)))
    for fingerprint in added:
        _add(store, fingerprint, parts.trainings[fingerprint])
    for name, content in parts.labels.items():
        if content_of(store / ".labels" / name, below=store) is None:
            write_atomically(store / ".labels" / name, content, below=store)
    if parts.looks:
        looks.unite(store, parts.looks)
    for name in sorted(of_sweep, key=lambda name: name.endswith(SWEEP)):  # what makes it a sweep comes last
        if content_of(sweep / name, below=sweeps) is None:
            write_atomically(sweep / name, of_sweep[name], below=sweeps)
    return Unpacked(sweep, added, there, bool(parts.looks))


@dataclass(frozen=True)
class _Parts:
    """The files of a pack: of each training by fingerprint, the true classes, those of the sweep's folder, and the looks."""

    trainings: dict[str, dict[str, bytes]] = field(default_factory=dict)
    labels: dict[str, bytes] = field(default_factory=dict)
    sweep: dict[str, bytes] = field(default_factory=dict)
    looks: bytes = b""

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "_Parts":
        parts = cls(looks=files.get(OF_LOOKS, b""))
        for name, content in files.items():
            in_training = OF_A_TRAINING.fullmatch(name)
            if in_training:
                parts.trainings.setdefault(in_training[1], {})[in_training[2]] = content
            elif LABELS.fullmatch(name):
                parts.labels[PurePosixPath(name).name] = content
            elif name != OF_LOOKS:
                parts.sweep[name] = content
        return parts


def _in_store(content: bytes, store: Path) -> bytes:
    """A sweep.json that says where its trainings lie now."""
    sweep = parse_json(content)
    if not isinstance(sweep, dict) or sweep.get("store") == str(store):
        return content
    moved = {key: value for key, value in sweep.items() if key != CHECK} | {"store": str(store)}
    return as_json(seal(moved) if CHECK in sweep else moved)


def _check_same(source: Path, training: Trajectory, packed: Mapping[str, bytes]) -> None:
    """Refuse a training of the store that has other rows than the packed one, or fewer."""
    theirs = {line.strip() for line in packed.get("metrics.jsonl", b"").splitlines()}
    ours = {line.strip() for line in (content_of(training.path / "metrics.jsonl", below=training.store) or b"").splitlines()}
    predictions = [name for name in packed if name.startswith("predictions/")]
    if theirs <= ours and all(content_of(training.path / name, below=training.store) == packed[name] for name in predictions):
        return
    raise AblateError(
        f"{training.path} already holds a different or shorter training of the same recipe; nothing was unpacked. "
        f"Report the pack in place (ablate report PACK), or unpack it into another store: --store DIR. Pack: {source}."
    )


def _check_free(source: Path, sweep: Path, files: Mapping[str, bytes]) -> None:
    """Refuse a folder that holds anything else than this sweep."""
    if not (sweep.exists() or sweep.is_symlink()):
        return
    others = (name for name, content in files.items() if content_of(sweep / name, below=sweep) not in (None, content))
    if sweep.is_symlink() or any(others):
        raise AblateError(
            f"{sweep} exists and is not the sweep in {source}; nothing was unpacked. Name another folder: --to DIR."
        )


def _add(store: Path, fingerprint: str, files: Mapping[str, bytes]) -> None:
    """Put a training into the store, whole or not at all; what a kill leaves is cleared away by gc."""
    partial = store / f"{TRASH}unpack-{uuid.uuid4().hex[:8]}"
    try:
        for name, content in files.items():
            write_atomically(partial / name, content)
        with writing(store / fingerprint):
            partial.rename(store / fingerprint)
            sync_folder(store)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def read(source: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(the manifest, the files by name) of a pack, every file as it was packed.

    Args:
        source: a folder or an archive.

    Raises:
        AblateError: it is none, holds what no pack has, or is not as it was packed; one line that names the file.
    """
    found = pack_archive.content(source) if source.is_file() and not source.is_dir() else _from_folder(source)
    manifest = pack_manifest.read(found.pop(PACK, None), f"{source}: {PACK}")
    for name, (size, digest) in manifest["files"].items():
        content = found.get(name)
        if content is None:
            raise AblateError(f"{source}: {name} is missing. Get the pack again.")
        if len(content) != size or sha256(content) != digest:
            raise AblateError(f"{source}: {name} is not as it was packed. Get the pack again.")
    extra = sorted(found.keys() - manifest["files"].keys())
    if extra:
        raise AblateError(f"{source}: {extra[0]} is not listed in {PACK}. Get the pack again.")
    return manifest, found


def _from_folder(source: Path) -> dict[str, bytes]:
    if not (source / PACK).is_file():
        raise AblateError(f"{source} is no packed sweep: there is no {PACK} in it. ablate runs pack SWEEP makes one.")
    content = content_of(source / PACK, MOST_JSON_BYTES)
    files = pack_manifest.read(content, f"{source}: {PACK}")["files"]
    found = {PACK: content or b""}
    for name, (size, _) in files.items():
        if _is_file(source, name, size):
            found[name] = content_of(source / name) or b""
    return found


def _is_file(source: Path, name: str, size: int) -> bool:
    """Whether a pack has such a file of this size; a link on the way to it is none."""
    path = source
    for part in PurePosixPath(name).parts:
        path = path / part
        if path.is_symlink():
            raise AblateError(f"{path} is a link, which no packed sweep has.")
    return path.is_file() and path.stat().st_size == size
