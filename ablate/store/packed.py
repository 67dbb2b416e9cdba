"""A packed sweep that is read where it lies."""

import stat
from pathlib import Path

from ablate.errors import AblateError
from ablate.store import pack_manifest
from ablate.store.checksums import DAMAGE, unseal
from ablate.store.files import MOST_JSON_BYTES, content_of, parse_json
from ablate.store.pack_manifest import LEFT, PACK, STORE, sha256


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
        files = pack_manifest.read(content_of(place / PACK, MOST_JSON_BYTES), str(place / PACK))["files"]
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
        return sha256(content_of(path) or b"") == digest
    except (OSError, AblateError):
        return False
