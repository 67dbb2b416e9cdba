"""How fast trainings of a store went, as their evaluations tell."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ablate.config.neutral import fingerprints_of, with_neutral
from ablate.errors import AblateError
from ablate.models.costs import totals
from ablate.models.layers import Model
from ablate.models.spec import parse
from ablate.planning.calibration import Speed
from ablate.resources import cores
from ablate.store import RECENT, Trajectory

NEWEST_TRAJECTORIES = 50  # of a store, that are looked at for a speed
SHORT_S = 60.0  # seconds of training that tell too little: the first ones are slower
BUSY = 1.5  # processes that want to run for each core, from which on a machine is busy with something else


def siblings(content: Mapping[str, Any], store: Path, seeds: Iterable[int]) -> dict[int, Trajectory]:
    """The trajectories of a store that train the same but for the seed, by seed; found by fingerprint, without a scan."""
    found = {seed: Trajectory(store, name) for seed, name in fingerprints_of(content, seeds).items()}
    return {seed: trajectory for seed, trajectory in found.items() if trajectory.path.is_dir()}


def speeds(
    trajectory: Trajectory, on_gpu: bool, host: str, per_step: float | None = None, by_itself: bool = False
) -> list[Speed]:
    """The speed before each evaluation that was done on a host, on its GPU or not: recent training examples a second.

    Args:
        per_step: the work of a step, from which it is derived where the evaluations do not tell it; None not to.
        by_itself: whether such trainings end by themselves, so that it is in trainings a second.
    """
    segments = trajectory.segments()
    if not any(_there(segment, on_gpu, host) for segment in segments):
        return []
    if by_itself:
        return _of_whole(trajectory, segments)
    found = []
    before: Mapping[str, Any] = {"step": 0, "seconds": 0.0}
    for row in trajectory.rows():
        behind = [segment for segment in segments if segment.get("from_step", 0) < row["step"]]
        seconds = row.get("seconds", 0.0) - before.get("seconds", 0.0)
        derived = (
            (row["step"] - before["step"]) * per_step / seconds if per_step and RECENT not in row and seconds > 0 else None
        )
        before, speed = row, row.get(RECENT) or derived
        if behind and _there(behind[-1], on_gpu, host) and speed:
            found.append(Speed(speed, behind[-1]["threads"], behind[-1].get("at_once"), sound=not _busy(behind[-1])))
    return found if before.get("seconds", 0.0) >= SHORT_S else [replace(speed, sound=False) for speed in found]


def _of_whole(trajectory: Trajectory, segments: Sequence[Mapping[str, Any]]) -> list[Speed]:
    """Trainings a second, of one that ended in one go; none of another."""
    rows = trajectory.rows()
    seconds = rows[-1].get("seconds", 0.0) if rows and len(segments) == 1 and trajectory.status()["state"] == "done" else 0.0
    if seconds <= 0:
        return []
    [segment] = segments
    return [Speed(1 / seconds, segment["threads"], segment.get("at_once"), sound=seconds >= SHORT_S and not _busy(segment))]


def _busy(segment: Mapping[str, Any]) -> bool:
    """Whether a machine had more to do than its cores can, as a part of a training was begun on it."""
    load = segment.get("load")
    return isinstance(load, int | float) and load > BUSY * cores()


def _there(segment: Mapping[str, Any], on_gpu: bool, host: str) -> bool:
    """Whether a part of a training was done on a host, with a known number of threads."""
    threads, device = segment.get("threads"), segment.get("device")
    there = (segment.get("host"), device != segment.get("processor")) == (host, on_gpu)
    return there and isinstance(threads, int) and threads > 0


@lru_cache(maxsize=1024)
def operations(model: Model, input_shape: tuple[int, int, int]) -> int:
    """Operations of a model for one image."""
    return totals(model, input_shape)[1]


@dataclass(frozen=True)
class Trained:
    """What a trajectory tells that was trained here. operations: for one image. speeds: in training examples a second."""

    precision: str
    operations: int
    speeds: tuple[Speed, ...]


def of_store(store: Path, on_gpu: bool, host: str) -> list[Trained]:
    """The newest trajectories of the store that were trained on a host."""
    found = []
    for path in newest(store):
        with suppress(AblateError, KeyError, TypeError, ValueError):  # damaged, or of another version of the program
            trajectory = Trajectory(store, path.name)
            measured = tuple(speeds(trajectory, on_gpu, host))
            content = trajectory.config() if measured else None
            if content is None:
                continue
            content = with_neutral(content)
            height, width, channels = content["input"]["size"]
            count = operations(parse(content["model"], content["data"]["classes"]), (height, width, channels))
            found.append(Trained(content["precision"], count, measured))
    return found


def newest(store: Path) -> list[Path]:
    """The trajectories of a store that were written to last, the newest first."""
    changed: list[tuple[float, Path]] = []
    with suppress(OSError):
        for path in store.iterdir():
            with suppress(OSError):
                changed.append(((path / "metrics.jsonl").stat().st_mtime, path))
    return [path for _, path in heapq.nlargest(NEWEST_TRAJECTORIES, changed)]
