"""A sweep that can be sent and kept: what its report needs, as one folder or one archive, with a checksum of every file.

    NAME/pack.json               the files with their sizes and SHA-256, and a checksum over all of it
         sweep.json              and the other files of the sweep's folder that a report reads; sweeps within it
         runs/<fingerprint>/     of a training config.yaml, rows, status, env.json, and the predictions that runs are read off
         runs/.labels/           the true classes of the evaluation images

Checkpoints, logs, reports and the predictions of other evaluations stay behind. An archive holds that one folder.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import stat
import tarfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import zstandard

from ablate.errors import AblateError
from ablate.store.checksums import CHECK, DAMAGE, seal, unseal
from ablate.store.files import MOST_JSON_BYTES, content_of, parse_json, reading, sync_folder, write_atomically, writing
from ablate.store.gc import TRASH
from ablate.store.labels import labels_file
from ablate.store.references import SWEEP
from ablate.store.trajectory import Trajectory

PACK = "pack.json"
STORE = "runs"  # in a pack
RECORD = "pack"  # the pack in the folder of a record, as in experiments/
LEFT = "packed.json"  # in a packed training: the steps whose predictions came along
VERSION = 1
ARCHIVES = (".tar.gz", ".tgz", ".tar.zst")

MOST_FILES = 50_000
MOST_BYTES = 2**28  # of all files of a pack; one of 1,000 runs with 100 evaluations each has a fifth of that
LONGEST_PLAIN = 200  # letters of the name of a packed sweep
LONGEST_NAME = 4096  # bytes of an entry's name in an archive

_SWEEPS = r"((retune|confirmation(-\d+)?)/)*"
_OF_A_SWEEP = re.compile(_SWEEPS + r"(sweep\.json|retune\.json|trials\.json|result\.json|\d+/result\.json)")
_OF_A_TRAINING = re.compile(
    rf"{STORE}/([0-9a-f]{{16}})/(config\.yaml|metrics\.jsonl|status\.json|env\.json|final_steps\.json|packed\.json|predictions/\d+\.npz)"
)
_LABELS = re.compile(rf"{STORE}/\.labels/[0-9a-f]{{16,64}}\.npz")
_TEXTS = ("config.yaml", "metrics.jsonl", "status.json", "env.json", "final_steps.json")


@dataclass(frozen=True)
class Packed:
    """What was packed. path: the folder or archive. size_bytes: of all files, before compression."""

    path: Path
    trainings: int
    files: int
    size_bytes: int


@dataclass(frozen=True)
class Unpacked:
    """What came out of a pack. sweep: where its folder lies now. added, there: trainings that came, and that were there."""

    sweep: Path
    added: tuple[str, ...]
    there: tuple[str, ...]


# packing


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
    with _parts(folder, steps, store) as files:
        _bounded(len(files), sum(map(len, files.values())), str(folder))
        manifest = {"version": VERSION, "name": _plain_name(folder), "files": _digests(files)}
        files[PACK] = _json(seal(manifest))
        _manifest(files[PACK], f"{out}: {PACK}")  # what is written can be read
        if _is_archive(out):
            write_atomically(out, _archived(out, _name_of(out), files))
        else:
            _write_folder(out, files)
    trainings = sum((name.endswith("/config.yaml")) for name in files)
    return Packed(out, trainings, len(files), sum(map(len, files.values())))


@contextmanager
def _parts(folder: Path, steps: Mapping[str, Sequence[int]], store: Path | None) -> Iterator[dict[str, bytes]]:
    """The content of a pack by name, the manifest left out."""
    files: dict[str, bytes] = {}
    for name in _names_in(folder):
        content = content_of(folder / name)
        if content is not None:
            files[name] = content
    digests = set()
    for fingerprint, read in sorted(steps.items()) if store else ():
        assert store is not None
        training = Trajectory(store, fingerprint)
        config = training.config()
        if config is None:
            continue  # gone or damaged: the runs' own results are read
        files |= {f"{STORE}/{fingerprint}/{name}": content for name, content in _of_training(training, read).items()}
        digests |= {str(config["data"]["digest"])} if "data" in config else set()
    for digest in sorted(digests) if store else ():
        assert store is not None
        content = content_of(labels_file(store, digest), below=store)
        if content is not None:
            files[f"{STORE}/.labels/{digest}.npz"] = content
    yield files


def _of_training(training: Trajectory, steps: Sequence[int]) -> dict[str, bytes]:
    found = {
        name: content for name in _TEXTS if (content := content_of(training.path / name, below=training.store)) is not None
    }
    rows = set(training.lines().by_step)
    kept = sorted(
        step for step in set(steps) & rows if (content_of(training.predictions_file(step), below=training.store)) is not None
    )
    for step in kept:
        found[f"predictions/{step}.npz"] = content_of(training.predictions_file(step), below=training.store) or b""
    return found | {LEFT: _json(seal({"predictions": kept, "until": max(rows, default=0)}))}


def _plain_name(folder: Path) -> str:
    """The name of a sweep's folder, with what a pack's name cannot have replaced: lr=0.1 is lr-0.1."""
    return re.sub(r"[^\w.+-]", "-", folder.resolve().name, flags=re.ASCII).lstrip(".")[:LONGEST_PLAIN] or "sweep"


def _names_in(folder: Path) -> list[str]:
    """The files of a sweep's folder that a report reads, those of sweeps within it among them, as seen from the folder."""
    with reading(folder):
        found = (path for path in folder.rglob("*.json") if path.is_file() and not path.is_symlink())
        names = (path.relative_to(folder).as_posix() for path in found)
        return sorted(name for name in names if _OF_A_SWEEP.fullmatch(name))


def _digests(files: Mapping[str, bytes]) -> dict[str, list[Any]]:
    return {name: [len(content), hashlib.sha256(content).hexdigest()] for name, content in sorted(files.items())}


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()


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


def _is_archive(path: Path) -> bool:
    return path.name.endswith(ARCHIVES)


def _name_of(archive: Path) -> str:
    """The name of an archive without its ending."""
    return next(archive.name.removesuffix(ending) for ending in ARCHIVES if archive.name.endswith(ending))


def _archived(out: Path, name: str, files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files, whenever and by whom they are packed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in sorted(files):
            entry = tarfile.TarInfo(f"{name}/{member}")
            entry.size, entry.mode = len(files[member]), 0o644
            archive.addfile(entry, io.BytesIO(files[member]))
    if out.name.endswith(".zst"):
        return zstandard.ZstdCompressor(level=19).compress(buffer.getvalue())
    return gzip.compress(buffer.getvalue(), mtime=0)


# reading in place


def inside(folder: Path) -> Path | None:
    """The pack that a folder is, or is a sweep within, such as a confirmation; None where it is in none."""
    place = folder.resolve()
    return next((each for each in (place, *list(place.parents)[:2]) if (each / PACK).is_file()), None)


def store_of(folder: Path) -> Path | None:
    """The trainings of a sweep that is read in its pack; None where it is in none."""
    place = inside(folder)
    if place is None or (place / STORE).is_symlink() or not (place / STORE).is_dir():
        return None
    return place / STORE


def changed(folder: Path) -> list[str]:
    """What a report should say of a pack that is not as it was packed, a line each; nothing of other folders."""
    place = inside(folder)
    if place is None:
        return []
    try:
        files = _manifest(content_of(place / PACK, MOST_JSON_BYTES), str(place / PACK))["files"]
    except AblateError as error:
        return [str(error)]
    other = [name for name, (size, digest) in files.items() if not _fits(place / name, size, digest)]
    listed = ", ".join(str(place / name) for name in other[:5]) + (", …" if len(other) > 5 else "")
    return [f"Changed or missing since this sweep was packed: {listed}"] if other else []


def left_out(training: Path) -> tuple[set[int], int]:
    """(the steps whose predictions came along with a packed training, up to which step those of others were left out).

    The second is 0 for a training that was never packed.
    """
    try:
        content = content_of(training / LEFT, MOST_JSON_BYTES, below=training.parent)
        found = unseal(parse_json(content or b""), wanted=True)[0]
        return {step for step in found["predictions"] if type(step) is int}, int(found["until"])
    except (*DAMAGE, TypeError, AblateError):
        return set(), 0


def _fits(path: Path, size: int, digest: str) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        return hashlib.sha256(content_of(path) or b"").hexdigest() == digest
    except (OSError, AblateError):
        return False


def _manifest(content: bytes | None, where: str) -> dict[str, Any]:
    """What pack.json holds.

    Raises:
        AblateError: it is missing, damaged or of another version; one line that names it.
    """
    if content is None:
        raise AblateError(f"{where} is missing, so this is no packed sweep.")
    try:
        found, _ = unseal(parse_json(content), wanted=True)
        files = found["files"]
        for name, (size, digest) in files.items():
            if not _allowed(name) or type(size) is not int or size < 0 or not re.fullmatch(r"[0-9a-f]{64}", digest):
                raise ValueError(name)
        _bounded(len(files), sum(size for size, _ in files.values()), where)
        if (
            not isinstance(found["name"], str)
            or not re.fullmatch(rf"[\w.+-]{{1,{LONGEST_PLAIN}}}", found["name"], re.ASCII)
            or found["name"][0] == "."
        ):
            raise ValueError("name")
    except (*DAMAGE, TypeError, AttributeError, RecursionError) as error:
        raise AblateError(f"{where} is damaged. Pack the sweep again.") from error
    if found.get("version") != VERSION:
        raise AblateError(f"{where} is of version {found.get('version')!r}; this program reads version {VERSION}.")
    return found


def _allowed(name: str) -> bool:
    """Whether a pack may hold a file of this name: nothing else is ever read or written."""
    return any(pattern.fullmatch(name) for pattern in (_OF_A_SWEEP, _OF_A_TRAINING, _LABELS))


def _bounded(count: int, size_bytes: int, where: str) -> None:
    if count > MOST_FILES or size_bytes > MOST_BYTES:
        raise AblateError(
            f"{where} holds more than {MOST_FILES:,} files or {MOST_BYTES / 2**20:g} MB, which no packed sweep has."
        )


# unpacking


def read(source: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(the manifest, the files by name) of a pack, every file as it was packed.

    Args:
        source: a folder or an archive.

    Raises:
        AblateError: it is none, holds what no pack has, or is not as it was packed; one line that names the file.
    """
    found = _from_archive(source) if source.is_file() and not source.is_dir() else _from_folder(source)
    manifest = _manifest(found.pop(PACK, None), f"{source}: {PACK}")
    for name, (size, digest) in manifest["files"].items():
        content = found.get(name)
        if content is None:
            raise AblateError(f"{source}: {name} is missing. Get the pack again.")
        if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
            raise AblateError(f"{source}: {name} is not as it was packed. Get the pack again.")
    extra = sorted(found.keys() - manifest["files"].keys())
    if extra:
        raise AblateError(f"{source}: {extra[0]} is not listed in {PACK}. Get the pack again.")
    return manifest, found


def _from_folder(source: Path) -> dict[str, bytes]:
    if not (source / PACK).is_file():
        raise AblateError(f"{source} is no packed sweep: there is no {PACK} in it. ablate runs pack SWEEP makes one.")
    content = content_of(source / PACK, MOST_JSON_BYTES)
    files = _manifest(content, f"{source}: {PACK}")["files"]
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


def _from_archive(source: Path) -> dict[str, bytes]:
    if not _is_archive(source):
        raise AblateError(f"{source} is no packed sweep. One is a folder, or a file that ends with {', '.join(ARCHIVES)}.")
    found: dict[str, bytes] = {}
    total = 0
    try:
        with (
            reading(source),
            source.open("rb") as file,
            _decompressed(source, file) as stream,
            tarfile.open(fileobj=stream, mode="r|", tarinfo=_ShortNames) as archive,
        ):
            for number, member in enumerate(archive, start=1):
                archive.members.clear()  # type: ignore[attr-defined]  # which it would keep for a second look
                total += member.size
                _bounded(number, total, str(source))
                name = _member(source, member)
                if name is None:
                    continue
                taken = archive.extractfile(member)
                if name in found or taken is None:
                    raise AblateError(f"{source}: {name} is in it twice.")
                found[name] = taken.read()
    except (tarfile.TarError, zstandard.ZstdError, EOFError, *DAMAGE) as error:
        raise AblateError(f"{source} is damaged or not an archive. Get the pack again.") from error
    return found


class _ShortNames(tarfile.TarInfo):
    """An entry of an archive whose long names and attributes are no larger than a name can be."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        headers = (
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
        )
        if self.type == tarfile.GNUTYPE_SPARSE or (self.type in headers and self.size > LONGEST_NAME):
            raise tarfile.ReadError("a sparse file, or a name that is too long")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


def _member(source: Path, member: tarfile.TarInfo) -> str | None:
    """The name of a file within its pack; None for a folder."""
    _, _, name = member.name.partition("/")  # the one folder that all is in
    if member.isdir():
        return None
    shown = member.name[:200].encode("unicode_escape").decode()
    if not member.isreg() or (name != PACK and not _allowed(name)):
        raise AblateError(f"{source}: {shown} does not belong in a packed sweep. Nothing was unpacked.")
    return name


@contextmanager
def _decompressed(source: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    if source.name.endswith(".zst"):
        with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(file) as stream:
            yield stream
    else:
        with gzip.open(file) as stream:
            yield stream  # type: ignore[misc]


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
    trainings: dict[str, dict[str, bytes]] = {}
    of_sweep: dict[str, bytes] = {}
    labels: dict[str, bytes] = {}
    for name, content in files.items():
        in_training = _OF_A_TRAINING.fullmatch(name)
        if in_training:
            trainings.setdefault(in_training[1], {})[in_training[2]] = content
        elif _LABELS.fullmatch(name):
            labels[PurePosixPath(name).name] = content
        else:
            of_sweep[name] = content
    there = tuple(
        fingerprint for fingerprint in trainings if (store / fingerprint).exists() or (store / fingerprint).is_symlink()
    )
    for fingerprint in there:
        _check_same(source, Trajectory(store, fingerprint), trainings[fingerprint])
    of_sweep = {name: _in_store(content, store) if name.endswith(SWEEP) else content for name, content in of_sweep.items()}
    _check_free(source, sweep, of_sweep)
    added = tuple(sorted(trainings.keys() - set(there)))
    for fingerprint in added:
        _add(store, fingerprint, trainings[fingerprint])
    for name, content in labels.items():
        if content_of(store / ".labels" / name, below=store) is None:
            write_atomically(store / ".labels" / name, content, below=store)
    for name in sorted(of_sweep, key=lambda name: name.endswith(SWEEP)):  # what makes it a sweep comes last
        if content_of(sweep / name, below=sweeps) is None:
            write_atomically(sweep / name, of_sweep[name], below=sweeps)
    return Unpacked(sweep, added, there)


def _in_store(content: bytes, store: Path) -> bytes:
    """A sweep.json that says where its trainings lie now."""
    sweep = parse_json(content)
    if not isinstance(sweep, dict) or sweep.get("store") == str(store):
        return content
    moved = {key: value for key, value in sweep.items() if key != CHECK} | {"store": str(store)}
    return _json(seal(moved) if CHECK in sweep else moved)


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
