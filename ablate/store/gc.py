"""Clearing a store: removing trajectories, and dropping what nobody needs."""

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from ablate.errors import AblateError
from ablate.store.catalog import contents, size
from ablate.store.checkpoints import going_on, kept_for
from ablate.store.files import files_in, sync_folder, writing
from ablate.store.references import KnownSweep, Needs, gone_sweeps
from ablate.store.trajectory import Trajectory

TRASH = ".trash-"  # in the store: what was being removed


@dataclass
class Cleared:
    """What was dropped from a trajectory, or would be.

    known_sweeps: how many need the trajectory. checkpoints: those that are not needed. spared: those that no sweep needs, but a
    run that is not finished. leftovers: damaged checkpoints that were put aside, and temporary files. locked: it is being
    trained, so it was left alone. fault: why it was left alone, or the rest of it, where it cannot be read or written.
    """

    trajectory: Trajectory
    known_sweeps: int = 0
    checkpoints: list[Path] = field(default_factory=list)
    spared: list[Path] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    size_bytes: int = 0
    locked: bool = False
    fault: str | None = None


def remove(trajectory: Trajectory) -> None:
    """Remove a trajectory. Killed on the way, it is whole or gone; `clear_trash` then frees the rest.

    Raises:
        TimeoutError: it is being trained.
        AblateError: it cannot be removed.
    """
    store = trajectory.store
    if trajectory.path.is_symlink():
        with writing(trajectory.path):
            trajectory.path.unlink()  # what it leads to is the user's
        return
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
    if path.is_symlink() or not path.is_dir():
        with writing(path):
            path.unlink()  # what a link leads to is the user's; shutil.rmtree would wait for a pipe
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        raise AblateError(f"Cannot delete all of {path}. Delete it by hand.")


def clear_registrations(store: Path, dry_run: bool) -> list[KnownSweep]:
    """Forget the sweeps whose folder is gone; those."""
    gone = gone_sweeps(store)
    for sweep in gone:
        if not dry_run:
            with writing(sweep.registration):
                sweep.registration.unlink(missing_ok=True)
    return gone


def clear(store: Path, dry_run: bool) -> list[Cleared]:
    """Drop from every trajectory the checkpoints that nobody needs, and leftovers. Evaluations stay.

    A known sweep needs the checkpoints at its runs' final steps, and for each the newest at or before 95% of it. A training
    that is not finished, whether for a sweep or for a run by itself, needs the newest two that it can resume from.

    Args:
        dry_run: only say what would be dropped; nothing is written, and no lock is taken.

    Raises:
        AblateError: it is not known what is needed, since a registration is damaged; or the store cannot be written.
    """
    needs = Needs(store)
    return [_looked_at(one, needs) if dry_run else _cleared(one, needs) for one in contents(store)[0]]


def _looked_at(trajectory: Trajectory, needs: Needs) -> Cleared:
    try:
        return Cleared(trajectory, locked=True) if trajectory.live() else _dispensable(trajectory, needs)
    except AblateError as error:
        return Cleared(trajectory, fault=str(error))


def _cleared(trajectory: Trajectory, needs: Needs) -> Cleared:
    try:
        files_in(trajectory.path, trajectory.store)  # before a lock is made in it
        with trajectory.locked(timeout_s=0):
            cleared = _dispensable(trajectory, needs)
            with writing(trajectory.path):
                for path in (*cleared.checkpoints, *_put_aside(trajectory)):
                    path.unlink(missing_ok=True)
            trajectory.remove_leftovers()
            return cleared
    except TimeoutError:
        return Cleared(trajectory, locked=True)
    except AblateError as error:
        return Cleared(trajectory, fault=str(error))


def _dispensable(trajectory: Trajectory, needs: Needs) -> Cleared:
    """What nobody needs. A sweep is registered before it trains, so the caller that holds the lock sees all that matter."""
    users = needs.of(trajectory.fingerprint)
    finals = {step for sweep in users for step in sweep.needs[trajectory.fingerprint]}
    unfinished = trajectory.unfinished(finals)
    needed = kept_for(trajectory, finals)
    needed.update(path for step in unfinished & finals for path in going_on(trajectory, step))
    spared = {path for step in unfinished - finals for path in going_on(trajectory, step)}
    status = trajectory.status()
    if status["state"] == "running" and status["step"] > max(trajectory.final_steps(), default=-1):  # to a step not noted
        spared.update(going_on(trajectory, status["step"]))
    checkpoints = trajectory.checkpoints()
    dropped = [path for path in checkpoints if path not in needed | spared]
    leftovers = [*_put_aside(trajectory), *trajectory.leftovers()]
    return Cleared(
        trajectory,
        known_sweeps=len(users),
        checkpoints=dropped,
        spared=[path for path in checkpoints if path in spared - needed],
        leftovers=leftovers,
        size_bytes=sum(map(_bytes_of, (*dropped, *leftovers))),
    )


def _put_aside(trajectory: Trajectory) -> list[Path]:
    folder = trajectory.path / "checkpoints"
    return [path for path in files_in(folder, trajectory.store) if path.suffix == ".damaged"]


def _bytes_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0  # a training that began meanwhile dropped it
