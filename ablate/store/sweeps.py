"""Which sweeps were run on a store, and which of its trajectories they need."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablate.errors import AblateError
from ablate.store.files import content_of, digest, files_in, reading
from ablate.store.seals import DAMAGE, read_sealed, unseal, write_sealed

REGISTRATIONS = ".sweeps"  # in the store
SWEEP = "sweep.json"  # what the folder of a sweep has
TICK_NS = 2_000_000_000  # two changes of a folder that are no further apart may have one time


@dataclass(frozen=True)
class KnownSweep:
    """A sweep that was run on a store. needs: the final steps of its runs, by fingerprint."""

    registration: Path
    folder: Path
    needs: Mapping[str, tuple[int, ...]]


def register_sweep(store: Path, folder: Path, needs: Mapping[str, Sequence[int]]) -> None:
    """Note in the store that a sweep needs trajectories, so that they are not cleared away; again replaces it.

    Args:
        folder: the sweep's; noted as seen from the store, so that the two can be moved together.
        needs: the final steps of its runs, by fingerprint.

    Raises:
        AblateError: the store cannot be written.
    """
    seen = Path(os.path.relpath(folder.resolve(), store.resolve())).as_posix()
    content = {"folder": seen, "needs": {one: sorted(set(steps)) for one, steps in needs.items()}}
    path = store / REGISTRATIONS / f"{digest(seen.encode())}.json"
    if read_sealed(path) != content:
        write_sealed(path, content)


def known_sweeps(store: Path) -> list[KnownSweep]:
    """The sweeps that were run on a store and whose folder is still there."""
    return [sweep for sweep in registrations(store)[0] if (sweep.folder / SWEEP).is_file()]


def gone_sweeps(store: Path) -> list[KnownSweep]:
    """The sweeps that were run on a store and whose folder is not where it was."""
    return [sweep for sweep in registrations(store)[0] if not (sweep.folder / SWEEP).is_file()]


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
        return [sweep for sweep in self.sweeps if fingerprint in sweep.needs and (sweep.folder / SWEEP).is_file()]

    def _refresh(self) -> None:
        now = time.time_ns()
        changed = _changed_ns(self.store / REGISTRATIONS)
        if changed == self.read_at:
            return
        self.sweeps, damaged = registrations(self.store)
        if damaged:
            raise AblateError(
                f"Expected sound notes of which sweep needs what. Received: {damaged[0]}, which is damaged. "
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


def registrations(store: Path) -> tuple[list[KnownSweep], list[Path]]:
    """(the sweeps that were registered, the registrations that are damaged).

    Raises:
        AblateError: one cannot be read.
    """
    sweeps, damaged = [], []
    for path in (path for path in files_in(store / REGISTRATIONS) if path.suffix == ".json"):
        try:
            content, _ = unseal(json.loads(content_of(path) or b""), wanted=True)
            needs = {str(one): tuple(int(step) for step in steps) for one, steps in content["needs"].items()}
            folder = Path(os.path.normpath(store.resolve() / content["folder"]))
            sweeps.append(KnownSweep(path, folder, needs))
        except (*DAMAGE, TypeError, AttributeError):
            damaged.append(path)
    return sweeps, damaged
