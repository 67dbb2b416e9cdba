"""`sweep.json`: written with a checksum, and checked as it is read against types, ranges and itself.

Files of versions before the checksum read as ever; `sealed` says so, for a report to say it too.
"""

from dataclasses import dataclass
from pathlib import Path

from ablate.store.checksums import CHECK, seal, unseal, write_sealed
from ablate.store.references import SWEEP
from ablate.store.schema import BadFile, Node, read_object
from ablate.store.sweep import Sweep
from ablate.store.sweep_check import check


@dataclass(frozen=True)
class SweepFile:
    """A sweep.json that was read. sealed: whether it had a checksum, which fits."""

    sweep: Sweep
    sealed: bool


def write(folder: Path, sweep: Sweep) -> None:
    """Write sweep.json into a folder, with a checksum.

    Raises:
        AblateError: it cannot be written.
    """
    write_sealed(folder / SWEEP, sweep.to_json())


def read(folder: Path) -> SweepFile | None:
    """The sweep.json of a folder; None where there is none.

    Raises:
        BadFile: it is no sweep, or not what was written; names the key.
        AblateError: it cannot be read.
    """
    path = folder / SWEEP
    content = read_object(path)
    if content is None:
        return None
    sweep = check(Node({key: value for key, value in content.items() if key not in (CHECK, "joined")}, path))
    try:
        return SweepFile(sweep, unseal(content)[1])
    except ValueError:
        raise BadFile(
            f"{path}: its checksum does not match, so it was changed after it was written. To read it unchecked, "
            f"remove its key {CHECK!r}; every report will then say so."
        ) from None


def same(one: Sweep, other: Sweep) -> bool:
    """Whether two sweeps are one in a file."""
    return seal(one.to_json()) == seal(other.to_json())
