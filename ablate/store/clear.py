"""Clearing a store: removing trajectories, and dropping what nobody needs."""

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from ablate.errors import AblateError
from ablate.store.catalog import contents, size
from ablate.store.files import files_in, sync_folder, writing
from ablate.store.sweeps import KnownSweep, gone_sweeps, known_sweeps, registrations
from ablate.store.trajectory import KEPT_CHECKPOINTS, Trajectory

TRASH = ".trash-"  # in the store: what was being removed


@dataclass
class Cleared:
    """What was dropped from a trajectory, or would be.

    known_sweeps: how many need the trajectory. checkpoints: those that none of them needs. leftovers: damaged checkpoints that
    were put aside, and temporary files. locked: it is being trained, so it was left alone.
    """

    trajectory: Trajectory
    known_sweeps: int = 0
    checkpoints: list[Path] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    size_bytes: int = 0
    locked: bool = False


def remove(trajectory: Trajectory) -> None:
    """Remove a trajectory. Killed on the way, it is whole or gone; `clear_trash` then frees the rest.

    Raises:
        TimeoutError: it is being trained.
        AblateError: it cannot be removed.
    """
    store = trajectory.path.parent
    trash = store / f"{TRASH}{trajectory.fingerprint}-{uuid.uuid4().hex[:8]}"
    with trajectory.locked(timeout_s=0):
        with writing(trajectory.path):
            trajectory.path.rename(trash)
            sync_folder(store)
        _delete(trash)


def clear_trash(store: Path, dry_run: bool) -> int:
    """Delete what killed removals left; the bytes that it frees."""
    freed = 0
    for path in (path for path in files_in(store) if path.name.startswith(TRASH)):
        freed += size(path)[0]
        if not dry_run:
            _delete(path)
    return freed


def _delete(path: Path) -> None:
    if path.is_symlink():
        path.unlink()  # the trajectory lies elsewhere; what lies there is the user's
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        raise AblateError(f"Expected to be allowed to delete {path}. Received: a part of it is left. Delete it by hand.")


def clear_registrations(store: Path, dry_run: bool) -> list[KnownSweep]:
    """Forget the sweeps whose folder is gone; those."""
    gone = gone_sweeps(store)
    for sweep in gone:
        if not dry_run:
            with writing(sweep.registration):
                sweep.registration.unlink(missing_ok=True)
    return gone


def clear(store: Path, dry_run: bool) -> list[Cleared]:
    """Drop from every trajectory the checkpoints that no known sweep needs, and leftovers. Evaluations stay.

    A known sweep needs the checkpoints at its runs' final steps; of a training that is not finished for it also the newest two
    that it can go on from.

    Args:
        dry_run: only say what would be dropped.

    Raises:
        AblateError: it is not known what is needed, since a registration is damaged; or the store cannot be written.
    """
    _, damaged = registrations(store)
    if damaged:
        raise AblateError(
            f"Expected sound notes of which sweep needs what. Received: {damaged[0]}, which is damaged. "
            "Delete it, and run the command of its sweep again, which trains nothing that is there."
        )
    return [_clear(store, trajectory, dry_run) for trajectory in contents(store)[0]]


def _clear(store: Path, trajectory: Trajectory, dry_run: bool) -> Cleared:
    cleared = Cleared(trajectory)
    try:
        with trajectory.locked(timeout_s=0):
            finals = [sweep.needs.get(trajectory.fingerprint) for sweep in known_sweeps(store)]
            needed = _needed(trajectory, {step for steps in finals for step in steps or ()})
            cleared.known_sweeps = sum(steps is not None for steps in finals)
            cleared.checkpoints = [path for path in trajectory.checkpoints() if path not in needed]
            aside = [path for path in files_in(trajectory.path / "checkpoints") if path.suffix == ".damaged"]
            cleared.leftovers = [*aside, *trajectory.leftovers()]
            cleared.size_bytes = sum(path.stat().st_size for path in (*cleared.checkpoints, *cleared.leftovers))
            if not dry_run:
                with writing(trajectory.path):
                    for path in (*cleared.checkpoints, *aside):
                        path.unlink(missing_ok=True)
                trajectory.remove_leftovers()
    except TimeoutError:
        cleared.locked = True
    return cleared


def _needed(trajectory: Trajectory, finals: set[int]) -> set[Path]:
    """The checkpoints that runs with these final steps need."""
    checkpoints = trajectory.checkpoints()
    needed = {path for path in checkpoints if int(path.stem) in finals}
    status = trajectory.status()
    for step in finals:
        diverged = status["state"] == "diverged" and status["step"] <= step
        if not diverged and trajectory.row(step) is None:
            needed.update([path for path in checkpoints if int(path.stem) <= step][:KEPT_CHECKPOINTS])
    return needed
