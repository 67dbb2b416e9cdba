"""A sweep that can be sent and kept: what its report needs, as one folder or one archive, with a checksum of every file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablate.errors import AblateError
from ablate.store import looks, pack_manifest
from ablate.store.checksums import seal
from ablate.store.files import content_of, reading, sync_folder, write_atomically, writing
from ablate.store.labels import data_digest, labels_file
from ablate.store.pack_archive import archived, is_archive
from ablate.store.pack_manifest import LEFT, LONGEST_PLAIN, OF_A_SWEEP, OF_LOOKS, PACK, STORE, as_json, check_size
from ablate.store.sweep_runs import END
from ablate.store.trajectory import Trajectory

_TEXTS = ("config.yaml", "metrics.jsonl", "status.json", "env.json", "final_steps.json")


@dataclass(frozen=True)
class Packed:
    """What was packed. path: the folder or archive. size_bytes: of all files, before compression."""

    path: Path
    trainings: int
    files: int
    size_bytes: int


def pack(folder: Path, steps: Mapping[str, Sequence[int]], store: Path | None, out: Path) -> Packed:
    """Write the pack of a sweep; nothing is written over.

    Args:
        folder: of the sweep.
        steps: by fingerprint, the steps that its runs are read off.
        store: where its trainings lie; None where they are gone, so that results alone are packed.
        out: a folder, or an archive where the name ends with one of `ARCHIVES`.

    Raises:
        AblateError: there is something at `out`, or a file cannot be read or written.
    """
    if out.exists() or out.is_symlink():
        raise AblateError(f"{out} already exists and is not overwritten. Remove it, or choose another name: --out FILE.")
    files = _parts(folder, steps, store)
    check_size(len(files), sum(map(len, files.values())), str(folder))
    files[PACK] = pack_manifest.made(_plain_name(folder), files)
    pack_manifest.read(files[PACK], f"{out}: {PACK}")  # what is written can be read
    if is_archive(out):
        write_atomically(out, archived(out, files))
    else:
        _write_folder(out, files)
    trainings = sum((name.endswith("/config.yaml")) for name in files)
    return Packed(out, trainings, len(files), sum(map(len, files.values())))


def _parts(folder: Path, steps: Mapping[str, Sequence[int]], store: Path | None) -> dict[str, bytes]:
    """The content of a pack by name, the manifest left out."""
    files: dict[str, bytes] = {}
    for name in _names_in(folder):
        content = content_of(folder / name)
        if content is not None:
            files[name] = content
    if store is None:
        return files
    if looked := looks.packed(store, steps.keys()):
        files[OF_LOOKS] = looked
    digests: set[str | None] = set()
    for fingerprint, read in sorted(steps.items()):
        training = Trajectory(store, fingerprint)
        config = training.config()
        if config is None:
            continue  # gone or damaged: the runs' own results are read
        files |= {f"{STORE}/{fingerprint}/{name}": content for name, content in _of_training(training, read).items()}
        digests.add(data_digest(config))
    for digest in sorted(one for one in digests if one is not None):
        content = content_of(labels_file(store, digest), below=store)
        if content is not None:
            files[f"{STORE}/.labels/{digest}.npz"] = content
    return files


def _of_training(training: Trajectory, steps: Sequence[int]) -> dict[str, bytes]:
    found = {
        name: content for name in _TEXTS if (content := content_of(training.path / name, below=training.store)) is not None
    }
    rows = set(training.lines().by_step)
    read = rows if END in steps else set(steps) & rows  # where the trainer ends by itself, its newest ones, however many
    kept = sorted(step for step in read if (content_of(training.predictions_file(step), below=training.store)) is not None)
    for step in kept:
        found[f"predictions/{step}.npz"] = content_of(training.predictions_file(step), below=training.store) or b""
    return found | {LEFT: as_json(seal({"predictions": kept, "until": max(rows, default=0)}))}


def _plain_name(folder: Path) -> str:
    """The name of a sweep's folder, with what a pack's name cannot have replaced: lr=0.1 is lr-0.1."""
    return re.sub(r"[^\w.+-]", "-", folder.resolve().name, flags=re.ASCII).lstrip(".")[:LONGEST_PLAIN] or "sweep"


def _names_in(folder: Path) -> list[str]:
    """The files of a sweep's folder that a report reads, those of sweeps within it among them, as seen from the folder."""
    with reading(folder):
        found = (path for path in folder.rglob("*.json") if path.is_file() and not path.is_symlink())
        names = (path.relative_to(folder).as_posix() for path in found)
        return sorted(name for name in names if OF_A_SWEEP.fullmatch(name))


def _write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """All files, and the manifest last: without it a folder is no pack."""
    partial = out.with_name(f"{out.name}.partial")
    with writing(out):
        if partial.exists():
            raise AblateError(f"{partial} exists: an earlier pack was interrupted. Remove it, then rerun the command.")
        for name, content in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(content)
        partial.rename(out)
        sync_folder(out.parent)
