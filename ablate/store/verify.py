"""Whether the files of a store are what was written, and what to do where they are not."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.store.checkpoints import going_on
from ablate.store.checksums import DAMAGE, check_arrays, unseal
from ablate.store.config_file import MOST_CONFIG_BYTES
from ablate.store.evaluations import NO_PREDICTIONS, is_step
from ablate.store.files import MOST_JSON_BYTES, content_of, digest, files_in, parse_json, reading
from ablate.store.inventory import Inventory, take
from ablate.store.labels import LABELS, read_file
from ablate.store.looks import LOOKS
from ablate.store.looks import read as read_looks
from ablate.store.packed import left_out
from ablate.store.predictions import unpack_predictions
from ablate.store.references import REGISTRATIONS, registrations
from ablate.store.state import is_status
from ablate.store.trajectory import Trajectory
from ablate.system.safe_files import Unreadable, kind_of, read_regular

_NO_FILE = "a store has only plain files and folders"
REWRITTEN = "finished runs still count; the next training rewrites the file"


@dataclass(frozen=True)
class Finding:
    """One file. damage: what is wrong with it; None where it is sound. remedy: what to do, or what happens by itself.

    checkable: whether it has a check; files of older versions and TensorBoard's have none, so damage may go unseen.
    """

    path: Path
    damage: str | None = None
    remedy: str | None = None
    checkable: bool = True


def verify(trajectory: Trajectory) -> list[Finding]:
    """Every file of a trajectory but its locks and live.json, which live only as long as a process."""
    return list(dict.fromkeys(_findings(trajectory)))


def _findings(trajectory: Trajectory) -> Iterator[Finding]:
    try:
        yield from _texts(trajectory)
    except AblateError as error:
        yield _unreadable(trajectory.path, error)
        return
    for name in (".lock", ".final_steps.lock", "live.json"):
        kind = kind_of(trajectory.path / name)
        if kind:
            yield Finding(trajectory.path / name, kind, f"delete it: {_NO_FILE}")
    checks: dict[str, Callable[[Trajectory], Iterable[Finding]]] = {
        "predictions": _predictions,
        "checkpoints": _checkpoints,
        "tensorboard": _tensorboard,
    }
    for name, check in checks.items():
        folder = trajectory.path / name
        if folder.exists() and not (folder.is_dir() or folder.is_symlink()):
            yield Finding(folder, kind_of(folder) or "it is a file, not a folder", f"delete it: {_NO_FILE}")
            continue
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
        "a run that needs a lost step trains again from the checkpoint before it; "
        f"to restore the others, run ablate runs rm {trajectory.fingerprint} and the command again"
    )
    there = {path.name for path in files_in(trajectory.path, trajectory.store)}
    found = _inventory(trajectory)
    texts: dict[str, tuple[Callable[[], bool], str]] = {
        "config.yaml": (partial(_check_config, trajectory), REWRITTEN),
        "status.json": (partial(_check_status, trajectory), REWRITTEN),
        "env.json": (
            partial(_check_env, trajectory),
            "part of the record of where it was trained is lost; nothing else depends on it",
        ),
        "final_steps.json": (
            partial(_check_final_steps, trajectory),
            "rerun the commands of its sweeps to note their steps again",
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
    return status["state"] == "running" and 0 < status["step"] <= going_to and not going_on(trajectory, going_to)


def unchecked(trajectories: Iterable[Trajectory]) -> list[str]:
    """The fingerprints of trainings that were trained, all or in part, before what surrounds a training was checked.

    Settings of Keras and TensorFlow outside their config may have changed what they trained; their files cannot tell.
    """
    found = []
    for trajectory in trajectories:
        with suppress(AblateError):  # what is damaged or cannot be read is a finding of its own
            if not all(isinstance(segment.get("environment"), dict) for segment in trajectory.segments()):
                found.append(trajectory.fingerprint)
    return found


def verify_registrations(store: Path) -> list[Finding]:
    """The notes of which sweep needs what."""
    remedy = "delete it and rerun its sweep's command, which trains nothing twice"
    try:
        sweeps, damaged = registrations(store)
    except AblateError as error:  # their folder cannot be read
        return [_unreadable(store / REGISTRATIONS, error)]
    return [
        *(Finding(sweep.registration) for sweep in sweeps),
        *(Finding(error.path, error.reason, remedy) for error in damaged),
    ]


def verify_labels(store: Path) -> list[Finding]:
    """The true classes of evaluation images."""
    remedy = "rerun the command of a sweep on these data to write it again; until then reports leave out what needs it"
    try:
        paths = [path for path in files_in(store / LABELS, store) if path.suffix == ".npz"]
    except AblateError as error:
        return [_unreadable(store / LABELS, error)]
    return [_finding(path, partial(_check_labels, path, store), remedy) for path in paths]


def verify_looks(store: Path) -> list[Finding]:
    """Which comparisons were looked at."""
    remedy = "restore it from a backup; until then these looks are not counted, so verdicts may be too lenient"
    return [_finding(store / LOOKS, partial(_check_looks, store), remedy)] if os.path.lexists(store / LOOKS) else []


def _check_looks(store: Path) -> bool:
    damaged = read_looks(store).damaged
    if damaged:
        raise ValueError(f"line{'s' if len(damaged) > 1 else ''} {_first(damaged)} not as written")
    return True


def _check_labels(path: Path, store: Path) -> bool:
    read_file(path, store)
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
    if isinstance(error, Unreadable) and error.__cause__ is None:
        return Finding(error.path, error.reason, f"delete it: {_NO_FILE}")
    reason = error.reason if isinstance(error, Unreadable) else str(error)
    return Finding(path, f"cannot be read: {reason}", "make it readable, or repair the disk")


def _json(trajectory: Trajectory, name: str) -> Any:
    content = content_of(trajectory.path / name, MOST_JSON_BYTES, trajectory.store)
    if content is None:
        raise FileNotFoundError(name)
    if not content.strip():
        raise ValueError("empty")
    return parse_json(content)


def _check_config(trajectory: Trajectory) -> bool:
    there = content_of(trajectory.path / "config.yaml", MOST_CONFIG_BYTES, trajectory.store) is not None
    if not there:
        raise FileNotFoundError
    if trajectory.config() is None:
        raise ValueError("its content does not fit the fingerprint")
    if trajectory.names_damaged:
        raise ValueError("its first line, the levels first asked for, is not what was written")
    return True


def _check_status(trajectory: Trajectory) -> bool:
    status, sealed = unseal(_json(trajectory, "status.json"))
    if not is_status(status):
        raise ValueError("not a status")
    return sealed


def _check_env(trajectory: Trajectory) -> bool:
    segments = _json(trajectory, "env.json")
    if not isinstance(segments, list):
        raise ValueError("not a list of segments")
    sealed = [unseal(segment)[1] for segment in segments]
    return all(sealed)


def _check_final_steps(trajectory: Trajectory) -> bool:
    content = _json(trajectory, "final_steps.json")
    older = isinstance(content, list)
    noted = {"steps": content} if older else unseal(content, wanted=True)[0]
    for steps in (noted.get("steps"), noted.get("read", [])):
        if not isinstance(steps, list) or not all(map(is_step, steps)):
            raise ValueError("not a list of steps")
    return not older


def _check_metrics(trajectory: Trajectory, found: Inventory | None) -> bool:
    lines = found.lines if found else trajectory.lines()
    if not os.path.lexists(trajectory.path / "metrics.jsonl"):
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
    finals, lines = {*trajectory.final_steps(), *trajectory.read_steps()}, trajectory.lines().by_step
    came_along, until = left_out(trajectory.path)
    given = [step for step, line in lines.items() if line.predictions != NO_PREDICTIONS]
    with_rows = {trajectory.predictions_file(step) for step in given if step > until or step in came_along}
    for path in sorted({*trajectory.files("predictions"), *with_rows}, key=lambda path: int(path.stem)):
        step = int(path.stem)
        written = lines[step].predictions if step in lines else None
        remedy = (
            "a run that needs this step trains again from the checkpoint before it"
            if step in finals
            else f"per-image comparisons at this step lack it; to restore it, run ablate runs rm {trajectory.fingerprint} "
            "and the command again"
        )
        yield _finding(path, partial(_check_predictions, trajectory, path, written), remedy)


def _check_predictions(trajectory: Trajectory, path: Path, written: str | None) -> bool:
    content = read_regular(path, below=trajectory.store)
    if written is not None and digest(content) != written:
        raise ValueError("not the bytes that were written")
    unpack_predictions(content)
    return written is not None


def _checkpoints(trajectory: Trajectory) -> Iterator[Finding]:
    steps = [int(path.stem) for path in trajectory.checkpoints()]
    for path, before in zip(trajectory.checkpoints(), [*steps[1:], 0], strict=False):
        check = partial(_check_checkpoint, path, trajectory.store)
        finding = _finding(path, check, f"training resumes from step {before} instead")
        if finding.damage != "missing":  # a training that runs drops its older ones
            yield finding


def _check_checkpoint(path: Path, store: Path) -> bool:
    check_arrays(path, store)
    return True


def _tensorboard(trajectory: Trajectory) -> Iterator[Finding]:
    for path in files_in(trajectory.path / "tensorboard", trajectory.store):
        yield Finding(path, checkable=False)
