"""Whether the files of a store are what was written, and what to do where they are not."""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ablate.errors import AblateError
from ablate.store.files import content_of, digest, files_in, reading
from ablate.store.inventory import Inventory, take
from ablate.store.labels import LABELS, read_file
from ablate.store.pack import kept_predictions
from ablate.store.seals import DAMAGE, unpack_arrays, unseal
from ablate.store.sweeps import registrations
from ablate.store.trajectory import Trajectory, is_status

REWRITTEN = "finished runs are read as before; the next training of it writes the file again"


@dataclass(frozen=True)
class Finding:
    """One file. damage: what is wrong with it; None where it is sound. remedy: what to do, or what happens by itself.

    checkable: whether it has a check; files of older versions and TensorBoard's have none, so damage may go unseen.
    """

    path: Path
    damage: str | None = None
    remedy: str | None = None
    checkable: bool = True


def verify(trajectory: Trajectory) -> Iterator[Finding]:
    """Every file of a trajectory but its locks and live.json, which live only as long as a process."""
    try:
        yield from _texts(trajectory)
    except AblateError as error:
        yield _unreadable(trajectory.path, error)
        return
    checks: dict[str, Callable[[Trajectory], Iterable[Finding]]] = {
        "predictions": _predictions,
        "checkpoints": _checkpoints,
        "tensorboard": _tensorboard,
    }
    for name, check in checks.items():
        try:
            yield from check(trajectory)
        except AblateError as error:  # the folder cannot be read
            yield _unreadable(trajectory.path / name, error)


def _texts(trajectory: Trajectory) -> list[Finding]:
    """The files of a trajectory that are read to list it.

    Raises:
        AblateError: its folder cannot be read.
    """
    lost = (
        "the command that reads a lost step trains again from the checkpoint before it; "
        f"to have others back: ablate runs rm {trajectory.fingerprint}, and the same command"
    )
    there = {path.name for path in files_in(trajectory.path)}
    found = _inventory(trajectory)
    texts: dict[str, tuple[Callable[[], bool], str]] = {
        "config.yaml": (partial(_check_config, trajectory), REWRITTEN),
        "status.json": (partial(_check_status, trajectory), REWRITTEN),
        "env.json": (
            partial(_check_env, trajectory),
            "where it was trained is not all known any more; nothing else depends on it",
        ),
        "final_steps.json": (
            partial(_check_final_steps, trajectory),
            "run the commands of its sweeps again; they note their steps anew",
        ),
        "metrics.jsonl": (partial(_check_metrics, trajectory, found), lost),
    }
    if there & {"metrics.jsonl", "status.json", "checkpoints"}:
        there |= {"config.yaml", "status.json"}  # what a training writes first
    if found and found.status["state"] in ("running", "done", "diverged"):
        there.add("env.json")
    if found and found.lost:
        there.add("metrics.jsonl")
    findings = [_finding(trajectory.path / name, check, remedy) for name, (check, remedy) in texts.items() if name in there]
    if found and _stranded(trajectory, found.status):
        remedy = "its training starts again from step 0"
        findings.append(Finding(trajectory.path / "checkpoints", "no checkpoint is left", remedy))
    return findings


def _inventory(trajectory: Trajectory) -> Inventory | None:
    """None where one of the files cannot be read; that is told of this file."""
    try:
        return take(trajectory, trajectory.config())
    except AblateError:
        return None


def _stranded(trajectory: Trajectory, status: Mapping[str, Any]) -> bool:
    """Whether it was stopped on the way and cannot go on from there."""
    going_to = max(trajectory.unfinished(), default=0)
    return status["state"] == "running" and 0 < status["step"] <= going_to and not trajectory.going_on(going_to)


def verify_registrations(store: Path) -> list[Finding]:
    """The notes of which sweep needs what."""
    remedy = "delete it, and run the command of its sweep again, which trains nothing that is there"
    sweeps, damaged = registrations(store)
    return [
        *(Finding(sweep.registration) for sweep in sweeps),
        *(Finding(path, "not what was written", remedy) for path in damaged),
    ]


def verify_labels(store: Path) -> list[Finding]:
    """The true classes of evaluation images."""
    remedy = "the command of a sweep on these data, given again, writes it again; until then a report leaves out what needs it"
    paths = [path for path in files_in(store / LABELS) if path.suffix == ".npz"]
    return [_finding(path, partial(_check_labels, path), remedy) for path in paths]


def _check_labels(path: Path) -> bool:
    read_file(path)
    return True


def _finding(path: Path, check: Callable[[], bool], remedy: str) -> Finding:
    """What a check finds, which returns whether the file has a check of its own, and raises where it is damaged."""
    try:
        with reading(path):
            return Finding(path, checkable=check())
    except AblateError as error:
        return _unreadable(path, error)
    except (FileNotFoundError, NotADirectoryError):
        return Finding(path, "missing", remedy)
    except json.JSONDecodeError:
        return Finding(path, "cut off or overwritten", remedy)
    except DAMAGE as error:
        return Finding(path, str(error) if type(error) is ValueError else "not what was written", remedy)


def _unreadable(path: Path, error: AblateError) -> Finding:
    cause = error.__cause__
    reason = os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(error)
    return Finding(path, f"cannot be read: {reason}", "allow it to be read, or mend the disk")


def _json(path: Path) -> Any:
    content = content_of(path)
    if content is None:
        raise FileNotFoundError(path)
    if not content.strip():
        raise ValueError("empty")
    return json.loads(content)


def _check_config(trajectory: Trajectory) -> bool:
    if content_of(trajectory.path / "config.yaml") is None:
        raise FileNotFoundError
    if trajectory.config() is None:
        raise ValueError("its content does not fit the fingerprint")
    return True


def _check_status(trajectory: Trajectory) -> bool:
    status, sealed = unseal(_json(trajectory.path / "status.json"))
    if not is_status(status):
        raise ValueError("not a status")
    return sealed


def _check_env(trajectory: Trajectory) -> bool:
    segments = _json(trajectory.path / "env.json")
    if not isinstance(segments, list):
        raise ValueError("not a list of segments")
    sealed = [unseal(segment)[1] for segment in segments]
    return all(sealed)


def _check_final_steps(trajectory: Trajectory) -> bool:
    content = _json(trajectory.path / "final_steps.json")
    return False if isinstance(content, list) else unseal(content, wanted=True)[1]


def _check_metrics(trajectory: Trajectory, found: Inventory | None) -> bool:
    lines = found.lines if found else trajectory.lines()
    if content_of(trajectory.path / "metrics.jsonl") is None:
        raise FileNotFoundError
    damaged = [number for number in lines.damaged if not (number == lines.torn and trajectory.live())]  # just being written
    if damaged == [lines.torn]:
        raise ValueError("its last line is cut off")
    if damaged:
        raise ValueError(f"line{'s' if len(damaged) > 1 else ''} {_first(damaged)} not as written")
    if found and found.lost:
        raise ValueError(_told_lost(found))
    return all(line.sealed for line in lines.by_step.values())


def _told_lost(found: Inventory) -> str:
    rows, are = ("rows", "are") if found.lost > 1 else ("row", "is")
    if not found.lost_steps:
        return f"{found.lost} {rows} {are} lost"
    return f"the {rows} of step{'s' if found.lost > 1 else ''} {_first(found.lost_steps)} {are} lost"


def _first(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")


def _predictions(trajectory: Trajectory) -> Iterator[Finding]:
    finals, lines = trajectory.final_steps(), trajectory.lines().by_step
    came_along = kept_predictions(trajectory.path)  # those of other steps were left out when it was packed
    with_rows = {trajectory.predictions_file(step) for step in lines if came_along is None or step in came_along}
    for path in sorted({*trajectory.files("predictions"), *with_rows}, key=lambda path: int(path.stem)):
        step = int(path.stem)
        written = lines[step].predictions if step in lines else None
        remedy = (
            "the command that reads this step trains again from the checkpoint before it"
            if step in finals
            else f"comparisons of images at this step lack it; to have it back: ablate runs rm {trajectory.fingerprint}, "
            "and the same command"
        )
        yield _finding(path, partial(_check_predictions, path, written), remedy)


def _check_predictions(path: Path, written: str | None) -> bool:
    content = path.read_bytes()
    if written is not None and digest(content) != written:
        raise ValueError("not the bytes that were written")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for name in arrays.files:
            arrays[name]
    return written is not None


def _checkpoints(trajectory: Trajectory) -> Iterator[Finding]:
    steps = [int(path.stem) for path in trajectory.checkpoints()]
    for path, before in zip(trajectory.checkpoints(), [*steps[1:], 0], strict=False):
        finding = _finding(path, partial(_check_checkpoint, path), f"a training goes on from step {before} instead")
        if finding.damage != "missing":  # a training that runs drops its older ones
            yield finding


def _check_checkpoint(path: Path) -> bool:
    unpack_arrays(path)
    return True


def _tensorboard(trajectory: Trajectory) -> Iterator[Finding]:
    for path in files_in(trajectory.path / "tensorboard"):
        yield Finding(path, checkable=False)
