"""Which sweeps were run on a store, and which of its trajectories they need."""

import logging
import os
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablate.errors import AblateError
from ablate.store.checksums import DAMAGE, read_sealed, unseal, write_sealed
from ablate.store.evaluations import is_step
from ablate.store.files import MOST_JSON_BYTES, content_of, digest, files_in, is_forbidden, parse_json, reading
from ablate.system.safe_files import Unreadable

log = logging.getLogger(__name__)

REGISTRATIONS = ".sweeps"  # in the store
SWEEP = "sweep.json"  # what the folder of a sweep has
TICK_NS = 2_000_000_000  # two changes of a folder that are no further apart may have one time


@dataclass(frozen=True)
class KnownSweep:
    """A sweep that was run on a store. needs: the final steps of its runs, by fingerprint."""

    registration: Path
    folder: Path
    needs: Mapping[str, tuple[int, ...]]

    @property
    def is_there(self) -> bool:
        """Whether its folder is where it was; nothing in it is read. A folder that may not be looked into counts as there."""
        try:
            return stat.S_ISREG(os.stat(self.folder / SWEEP).st_mode)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except OSError as error:
            return is_forbidden(error)


def register_sweep(store: Path, folder: Path, needs: Mapping[str, Sequence[int]]) -> None:
    """Note in the store that a sweep needs trajectories, so that they are not cleared away; again replaces it.

    Args:
        folder: the sweep's; noted as seen from the store, so that the two can be moved together.
        needs: the final steps of its runs, by fingerprint.

    Raises:
        AblateError: the store cannot be written. In another user's store, where this one may not write, it is said instead.
    """
    seen = Path(os.path.relpath(folder.resolve(), store.resolve())).as_posix()
    content = {"folder": seen, "needs": {one: sorted(set(steps)) for one, steps in needs.items()}}
    path = store / REGISTRATIONS / f"{digest(seen.encode())}.json"
    try:
        noted = read_sealed(path, store)
    except Unreadable:
        noted = None  # what stands in its place is replaced
    if noted == content:
        return
    try:
        write_sealed(path, content, store)
    except AblateError as error:
        if not is_forbidden(error):
            raise
        log.warning("%s Until then `ablate runs gc` does not know what this sweep needs.", error)


def known_sweeps(store: Path) -> list[KnownSweep]:
    """The sweeps that were run on a store and whose folder is still there."""
    return [sweep for sweep in registrations(store)[0] if sweep.is_there]


def gone_sweeps(store: Path) -> list[KnownSweep]:
    """The sweeps that were run on a store and whose folder is not where it was."""
    return [sweep for sweep in registrations(store)[0] if not sweep.is_there]


class Needs:
    """Which known sweeps need a trajectory, now. Registrations are read once, and again when they changed."""

    def __init__(self, store: Path) -> None:
        """Raises: AblateError: it is not known what is needed, since a registration is damaged."""
        self.store = store
        self.read_at: int | None = None  # the state of the folder of registrations, as far as it was read for good
        self.sweeps: list[KnownSweep] = []
        self._refresh()

    def of(self, fingerprint: str) -> list[KnownSweep]:
        """The known sweeps that need a trajectory.

        Raises:
            AblateError: a registration is damaged.
        """
        self._refresh()
        return [sweep for sweep in self.sweeps if fingerprint in sweep.needs and sweep.is_there]

    def _refresh(self) -> None:
        now = time.time_ns()
        changed = _changed_ns(self.store / REGISTRATIONS)
        if changed == self.read_at:
            return
        self.sweeps, damaged = registrations(self.store)
        if damaged:
            raise AblateError(
                f"{damaged[0]} So nobody knows which checkpoints its sweep needs. "
                "Delete it, and run the command of its sweep again, which trains nothing that is there."
            )
        self.read_at = changed if changed < now - TICK_NS else None


def _changed_ns(folder: Path) -> int:
    """When files in a folder last came, went or were replaced; 0 where there is no such folder."""
    try:
        with reading(folder):
            return folder.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0


def registrations(store: Path) -> tuple[list[KnownSweep], list[Unreadable]]:
    """(the sweeps that were registered, what is wrong with the other registrations).

    Raises:
        AblateError: their folder cannot be read.
    """
    sweeps: list[KnownSweep] = []
    damaged: list[Unreadable] = []
    for path in (path for path in files_in(store / REGISTRATIONS, store) if path.suffix == ".json"):
        try:
            content, _ = unseal(parse_json(content_of(path, MOST_JSON_BYTES, store) or b""), wanted=True)
            needs = {one: tuple(steps) for one, steps in content["needs"].items()}
            if not all(is_step(step) for steps in needs.values() for step in steps):
                raise ValueError("not a step")
            folder = Path(os.path.normpath(store.resolve() / content["folder"]))
            sweeps.append(KnownSweep(path, folder, needs))
        except (*DAMAGE, TypeError, AttributeError):
            damaged.append(Unreadable(path, "not what was written"))
        except Unreadable as error:
            damaged.append(error)
    return sweeps, damaged
