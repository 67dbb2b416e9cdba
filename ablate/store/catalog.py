"""What a store holds: its trajectories, as far as each of them came."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.store.files import files_in, reading
from ablate.store.inventory import take
from ablate.store.looks import LOOKS
from ablate.store.trajectory import Trajectory

_FILES = {"config.yaml", "metrics.jsonl", "status.json", "env.json", "final_steps.json", "live.json", ".lock"}
_FOLDERS = {"predictions", "checkpoints", "tensorboard"}


@dataclass(frozen=True)
class Entry:
    """A trajectory of a store.

    state: as in status.json, but `stopped` where that says running and nothing trains it, and `damaged` where that file,
        config.yaml or metrics.jsonl is, or evaluations are lost.
    step: how far it came.
    config, names: the hashed content, and the levels first asked for; empty where damaged.
    row: its last evaluation.
    size_bytes: of all its files.
    trained_at: when it last wrote, in local time.
    fault: what is wrong with a damaged one, and with which of its files.
    """

    trajectory: Trajectory
    state: str
    step: int
    config: Mapping[str, Any]
    names: Mapping[str, str]
    row: Mapping[str, Any] | None
    size_bytes: int
    trained_at: datetime | None
    fault: str | None = None


def contents(store: Path) -> tuple[list[Trajectory], list[str]]:
    """(the trajectories of a store, the names of what else is in it and no file of the store).

    Raises:
        AblateError: there is no such folder, or it cannot be read.
    """
    with reading(store):
        if not store.is_dir():
            received = "it is a file" if store.exists() else "no such folder"
            raise AblateError(f"Cannot read the store {store}: {received}. Train something first, or name it: --store DIR.")
    trajectories, foreign = [], []
    for path in files_in(store):
        if _is_trajectory(path):
            trajectories.append(Trajectory(store, path.name))
        elif not path.name.startswith(".") and path.name != LOOKS:
            foreign.append(path.name)
    return trajectories, foreign


def _is_trajectory(path: Path) -> bool:
    named = len(path.name) == 16 and set(path.name) <= set("0123456789abcdef")
    if not named:
        return False
    try:
        if path.is_symlink() or not path.is_dir():
            return path.is_symlink()
        return bool({file.name for file in files_in(path)} & (_FILES | _FOLDERS))
    except (AblateError, OSError):
        return True  # cannot be read; the name is that of one


def entry(trajectory: Trajectory) -> Entry:
    """A trajectory as far as it can be read."""
    try:
        there = {path.name for path in files_in(trajectory.path, trajectory.store)}
        begun = bool(there & {"metrics.jsonl", "status.json", "checkpoints"})  # a training writes its config and status first
        live, config = trajectory.live(), trajectory.config()
        found = take(trajectory, config)
        status, lines = found.status, found.lines
        damaged_lines = [number for number in lines.damaged if live is None or number != lines.torn]
        state = "stopped" if status["state"] == "running" and live is None else status["state"]
        faults = {
            "config.yaml": config is None and (begun or "config.yaml" in there),
            "status.json": begun and state == "new",
            "metrics.jsonl": damaged_lines or found.lost,
        }
        fault = next((f"{trajectory.path / name} is missing or damaged." for name, wrong in faults.items() if wrong), None)
        if fault:
            state = "damaged"
        rows = [line.row for line in lines.by_step.values()]
        size_bytes, written = size(trajectory.path)
        return Entry(
            trajectory,
            state,
            max([status["step"], *(row["step"] for row in rows[-1:]), *([live["step"]] if live else [])]),
            config or {},
            trajectory.names(),
            rows[-1] if rows else None,
            size_bytes,
            None if written is None else _local(written),
            fault,
        )
    except AblateError as error:
        return Entry(trajectory, "damaged", 0, {}, {}, None, 0, None, str(error))


def _local(seconds: float) -> datetime | None:
    """A time of the file system; None where it is none that a calendar has, as after a jump of the clock."""
    try:
        return datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def size(path: Path) -> tuple[int, float | None]:
    """(bytes of all files below a folder, when metrics.jsonl or status.json in it was last written)."""
    size_bytes, written = 0, []
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                status = os.stat(os.path.join(folder, name), follow_symlinks=False)  # noqa: PTH116, PTH118 three times as fast
            except OSError:
                continue  # a training that runs drops files
            size_bytes += status.st_size
            if name in ("metrics.jsonl", "status.json"):
                written.append(status.st_mtime)
    return size_bytes, max(written, default=None)
