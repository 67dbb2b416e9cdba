"""The store: fingerprints, and the folders of trajectories.

    runs/<fingerprint>/config.yaml         the training content that was hashed
                       metrics.jsonl       one row an evaluation
                       predictions/        <step>.npz: predicted class of each evaluation image, `raw` and `averaged`
                       status.json         state (running | done | diverged | failed), step, error
                       env.json            segments: where and with what it was trained
                       live.json           what a training that runs now says about itself every second
                       checkpoints/        <step>.npz: the whole state of the training
                       tensorboard/        the rows again, for TensorBoard

Files are written whole or not at all; metrics.jsonl grows by whole lines. The order of writing at an evaluation is
predictions, row, checkpoint, so that whatever moment a training is killed at, the newest checkpoint has all that came before.
"""

import hashlib
import io
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from filelock import FileLock, Timeout
from numpy.typing import NDArray

FINGERPRINT_DIGITS = 16
KEPT_CHECKPOINTS = 2  # the newest ones, besides those at final steps that a run asked for
SILENT_S = 120  # after which a training on another machine that says nothing counts as dead
SWEEPS = ".sweeps"  # in the store: which sweeps need which of its trajectories


def canonical_json(content: Any) -> str:
    """JSON with sorted keys and no spaces, the same for equal contents; NaN and infinity are refused."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(content: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:FINGERPRINT_DIGITS]


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and durably: a reader sees the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, data, durably=True)


def _replace(path: Path, data: bytes, durably: bool) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if durably:
                stream.flush()
                os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON atomically."""
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())


def read_json(path: Path) -> Any:
    """The content of a JSON file, or None where it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _alive(content: Mapping[str, Any]) -> bool:
    pid, said_at = content.get("pid"), content.get("time")
    if content.get("host") != platform.node():
        return isinstance(said_at, int | float) and abs(time.time() - said_at) < SILENT_S
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)  # asks whether there is such a process
    except PermissionError:
        return True  # another user's
    except (OSError, OverflowError):
        return False
    return True


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
    """
    seen = Path(os.path.relpath(folder.resolve(), store.resolve())).as_posix()
    name = hashlib.sha256(seen.encode()).hexdigest()[:FINGERPRINT_DIGITS]
    content = {"folder": seen, "needs": {one: sorted(set(steps)) for one, steps in needs.items()}}
    write_json(store / SWEEPS / f"{name}.json", content)


def known_sweeps(store: Path) -> list[KnownSweep]:
    """The sweeps that were run on a store and whose folder is still there."""
    return [sweep for sweep in _registered(store) if (sweep.folder / "sweep.json").is_file()]


def gone_sweeps(store: Path) -> list[KnownSweep]:
    """The sweeps that were run on a store and whose folder is not where it was."""
    return [sweep for sweep in _registered(store) if not (sweep.folder / "sweep.json").is_file()]


def _registered(store: Path) -> list[KnownSweep]:
    sweeps = []
    for path in sorted((store / SWEEPS).glob("*.json")):
        content = read_json(path)
        try:
            needs = {str(one): tuple(int(step) for step in steps) for one, steps in content["needs"].items()}
            sweeps.append(KnownSweep(path, Path(os.path.normpath(store.resolve() / content["folder"])), needs))
        except (TypeError, KeyError, AttributeError, ValueError):
            continue
    return sweeps


class Trajectory:
    """One training on disk: `store/<fingerprint>/`. Nothing is created before something is written."""

    def __init__(self, store: Path, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.path = store / fingerprint

    @contextmanager
    def locked(self, timeout_s: float = -1) -> Iterator[None]:
        """Hold the right to train; one process at a time has it, and a killed one loses it.

        Args:
            timeout_s: how long to wait for it; below 0 without end.

        Raises:
            TimeoutError: another process still holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / ".lock", timeout=timeout_s):
                yield
        except Timeout as error:
            raise TimeoutError(f"{self.path} is being trained by another process") from error

    def write_config(self, content: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Write the hashed content once; `names` of the chosen levels only stand above it, as a comment."""
        path = self.path / "config.yaml"
        if not path.exists():
            comment = "# first asked for as: " + " ".join(f"{group}={level}" for group, level in names.items())
            body = yaml.safe_dump(dict(content), sort_keys=False)
            write_atomically(path, f"{comment}\n{body}".encode())

    # status

    def status(self) -> dict[str, Any]:
        """{"state", "step", "error"}; state `new` where nothing was trained yet or the file is damaged."""
        status = read_json(self.path / "status.json")
        if isinstance(status, dict) and {"state", "step", "error"} <= status.keys():
            return status
        return {"state": "new", "step": 0, "error": None}

    def set_status(self, state: str, step: int, error: str | None = None) -> None:
        """Write the state: running, done, diverged or failed; `step` is the last known good, or the one that diverged.

        Diverged is for good: training steps before it again does not change it.
        """
        if self.status()["state"] == "diverged" and state != "diverged":
            return
        write_json(self.path / "status.json", {"state": state, "step": step, "error": error})

    # live progress

    def set_live(self, content: Mapping[str, Any]) -> None:
        """Say how the training goes, for whoever looks: written whole, but not durably, since it is written every second.

        Args:
            content: at least step, target, loss, examples_per_second, steps_per_second, time (of `time.time`), pid and host.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        _replace(self.path / "live.json", json.dumps(content).encode(), durably=False)

    def clear_live(self) -> None:
        """Say that nothing trains here any more."""
        (self.path / "live.json").unlink(missing_ok=True)

    def live(self) -> dict[str, Any] | None:
        """What the training says that runs now; None where there is none, or the one that wrote it is dead.

        A process of this machine is asked for. One of another machine counts as dead when it has said nothing for 2 minutes.
        """
        content = read_json(self.path / "live.json")
        return content if isinstance(content, dict) and _alive(content) else None

    # where it was trained

    def add_segment(self, segment: Mapping[str, Any]) -> None:
        """Append where and with what the training goes on from here."""
        path = self.path / "env.json"
        segments = read_json(path)
        write_json(path, [*(segments if isinstance(segments, list) else []), dict(segment)])

    # evaluations

    def rows(self) -> list[dict[str, Any]]:
        """The evaluation rows, in order of step; a damaged line, as a torn write leaves it, is left out."""
        try:
            lines = (self.path / "metrics.jsonl").read_text().splitlines()
        except OSError:
            return []
        rows: dict[int, dict[str, Any]] = {}
        for line in lines:
            try:
                row = json.loads(line)
                rows[int(row["step"])] = row
            except (ValueError, TypeError, KeyError):
                continue
        return [rows[step] for step in sorted(rows)]

    def row(self, step: int) -> dict[str, Any] | None:
        """The evaluation row of a step, if there is one whose predictions are there too."""
        if not self._predictions(step).exists():
            return None
        return next((row for row in self.rows() if row["step"] == step), None)

    def add_evaluation(self, row: Mapping[str, Any], predictions: Mapping[str, NDArray[np.integer]]) -> None:
        """Store one evaluation: predictions first, then its row as one line."""
        largest = max(int(classes.max()) for classes in predictions.values())
        kind = np.uint8 if largest < 256 else np.uint16
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {name: classes.astype(kind) for name, classes in predictions.items()}
        np.savez_compressed(buffer, **arrays)
        write_atomically(self._predictions(row["step"]), buffer.getvalue())
        with (self.path / "metrics.jsonl").open("a+b") as stream:
            torn = stream.tell() > 0 and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n"
            stream.write((("\n" if torn else "") + json.dumps(row) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())

    def predictions(self, step: int) -> dict[str, NDArray[np.integer]]:
        """Predicted classes at a step, (images,), by readout: raw and averaged."""
        with self._predictions(step).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def drop_after(self, step: int) -> None:
        """Forget the evaluations beyond a step: what a killed training wrote after its newest checkpoint."""
        rows = self.rows()
        kept = [row for row in rows if row["step"] <= step]
        path = self.path / "metrics.jsonl"
        lines = "".join(json.dumps(row) + "\n" for row in kept)
        if path.exists() and path.read_text() != lines:
            write_atomically(path, lines.encode())
        for file in self._folder("predictions"):
            if int(file.stem) > step:
                file.unlink()

    def _predictions(self, step: int) -> Path:
        return self.path / "predictions" / f"{step}.npz"

    # checkpoints

    def checkpoints(self) -> list[Path]:
        """Checkpoint files, newest step first."""
        return sorted(self._folder("checkpoints"), key=lambda file: -int(file.stem))

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.path / "checkpoints" / f"{step}.npz"

    def keep(self, step: int) -> None:
        """Note that a run reads this step, so that its checkpoint stays."""
        finals = self.final_steps()
        if step not in finals:
            write_json(self.path / "final_steps.json", sorted([*finals, step]))

    def final_steps(self) -> list[int]:
        """The steps that runs asked for."""
        finals = read_json(self.path / "final_steps.json")
        return [step for step in finals if isinstance(step, int)] if isinstance(finals, list) else []

    def prune(self, step: int) -> None:
        """Drop the checkpoints up to a step that are neither its newest nor at a step that a run asked for."""
        finals = self.final_steps()
        past = [file for file in self.checkpoints() if int(file.stem) <= step]
        for file in past[KEPT_CHECKPOINTS:]:
            if int(file.stem) not in finals:
                file.unlink()

    def clean(self) -> None:
        """Remove the temporary files of writes that were killed. The caller holds the lock."""
        for name in ("checkpoints", "predictions"):
            for file in (self.path / name).glob(".*.tmp"):
                file.unlink(missing_ok=True)

    def _folder(self, name: str) -> list[Path]:
        return [file for file in (self.path / name).glob("*.npz") if file.stem.isdigit()]
