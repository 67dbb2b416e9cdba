"""One training on disk."""

import json
import logging
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from ablate.errors import AblateError
from ablate.store import config_file, evaluations, segments
from ablate.store.checksums import DAMAGE, read_sealed, seal, write_sealed
from ablate.store.evaluations import is_step, is_step_name
from ablate.store.files import (
    MOST_JSON_BYTES,
    TEMPORARY,
    content_of,
    digest,
    files_in,
    is_forbidden,
    lock,
    make_folder,
    parse_json,
    read_json,
    replace,
    write_atomically,
    write_json,
    writing,
)
from ablate.store.final_steps import FinalSteps
from ablate.store.held import keeping
from ablate.store.liveness import alive
from ablate.store.predictions import pack_predictions, unpack_predictions
from ablate.store.state import is_status
from ablate.store.sweep_runs import END, STEPS_A_TAIL
from ablate.system.safe_files import MOST_BYTES, read_regular

log = logging.getLogger(__name__)


class Trajectory:
    """One training on disk: `store/<fingerprint>/`. Nothing is created before something is written.

    Neither it nor what is in it may be a link: what lies elsewhere is not read, and not written to either.
    """

    def __init__(self, store: Path, fingerprint: str) -> None:
        """Raises: AblateError: the fingerprint is none, and would name a folder that is not in the store."""
        if not re.fullmatch("[0-9A-Za-z_-]{1,64}", fingerprint):
            raise AblateError(f"A fingerprint must be 16 hexadecimal digits, got {fingerprint!r}.")
        self.fingerprint, self.store = fingerprint, store
        self.path = store / fingerprint

    def _content(self, name: str, most_bytes: int = MOST_BYTES) -> bytes | None:
        return content_of(self.path / name, most_bytes, self.store)

    def make_folder(self, name: str) -> None:
        """Make a folder in it.

        Raises:
            AblateError: it cannot be written, or is a link.
        """
        with writing(self.path / name):
            make_folder(self.path / name, self.store)

    @contextmanager
    def locked(self, timeout_s: float = -1) -> Iterator[None]:
        """Hold the right to train; one process at a time has it, and a killed one loses it.

        Args:
            timeout_s: how long to wait for it; below 0 without end.

        Raises:
            TimeoutError: another process still holds it.
            AblateError: the store cannot be written.
        """
        try:
            with writing(self.path):
                held = None
                while held is None or not held.is_locked:
                    with suppress(FileNotFoundError):  # the trajectory was removed while it was waited for
                        held = lock(self.path / ".lock", self.store)
                        held.acquire(timeout=timeout_s)
        except Timeout as error:
            raise TimeoutError(f"{self.path} is being trained by another process") from error
        try:
            with keeping(self.path, self.path / ".lock", "Rerun the command to train it again."):
                yield
        finally:
            held.release()

    # config

    def write_config(self, content: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Write the hashed content once; `names` of the chosen levels only stand above it, as a comment."""
        if self.config() is None or self.names_damaged:
            write_atomically(self.path / "config.yaml", config_file.text_of(content, names), self.store)

    def config(self) -> dict[str, Any] | None:
        """The content that was hashed; None where the file is missing or does not fit the fingerprint."""
        return config_file.hashed(self._config, self.fingerprint)

    def names(self) -> dict[str, str]:
        """The level of each group that the training was first asked for with: {"model": "tuto", ...}; none where damaged."""
        return config_file.names_of(self._config)[0]

    @property
    def names_damaged(self) -> bool:
        """Whether the line that says so is not what was written."""
        return config_file.names_of(self._config)[1]

    @property
    def _config(self) -> bytes:
        return self._content("config.yaml", config_file.MOST_CONFIG_BYTES) or b""

    # status

    def status(self) -> dict[str, Any]:
        """{"state", "step", "error"}; state `new` where nothing was trained yet or the file is damaged."""
        return self.status_and_rows()[0]

    def status_and_rows(self) -> tuple[dict[str, Any], int | None]:
        """(the status, how many rows there were when it was written; None where an older version did, or nobody)."""
        status = read_sealed(self.path / "status.json", self.store) or {}
        if not is_status(status):
            return {"state": "new", "step": 0, "error": None}, None
        rows = status.pop("rows", None)
        return status, rows

    def set_status(self, state: str, step: int, error: str | None = None) -> None:
        """Write the state: running, done, diverged or failed; `step` is the last known good, or the one that diverged.

        Diverged is for good: training steps before it again does not change it.
        """
        status = self.status()
        if status["state"] != "diverged" or state == "diverged":
            status = {"state": state, "step": step, "error": error}
        self._write_status(status, len(self.lines().by_step))

    def _write_status(self, status: Mapping[str, Any], rows: int) -> None:
        write_sealed(self.path / "status.json", {**status, "rows": rows}, self.store)

    # live progress

    def set_live(self, content: Mapping[str, Any]) -> None:
        """Say how the training goes, for whoever looks: written whole, but not durably, since it is written every second.

        Where it cannot be written it stays unsaid; the training goes on.

        Args:
            content: at least step, target, loss, examples_per_second, steps_per_second, and a `sign_of_life`.
        """
        with suppress(OSError, AblateError):
            make_folder(self.path, self.store)
            replace(self.path / "live.json", json.dumps(dict(content)).encode(), durably=False)

    def clear_live(self) -> None:
        """Say that nothing trains here any more."""
        with suppress(OSError):
            (self.path / "live.json").unlink()

    def live(self) -> dict[str, Any] | None:
        """What the training says that runs now; None where there is none, or the one that wrote it is not `alive`."""
        content = read_json(self.path / "live.json", below=self.store)
        if not isinstance(content, dict) or not is_step(content.get("step")):
            return None
        return content if alive(content) else None

    # where it was trained

    def add_segment(self, segment: Mapping[str, Any]) -> None:
        """Append where and with what the training goes on from here."""
        write_json(self.path / "env.json", [*self._entries(), seal(segment)], self.store)

    def segments(self) -> list[dict[str, Any]]:
        """Where and with what it was trained, first to last; damaged entries are left out."""
        return segments.sound(self._entries(), self.path / "env.json")[0]

    def _entries(self) -> list[Any]:
        try:
            entries = parse_json(self._content("env.json", MOST_JSON_BYTES) or b"")
        except DAMAGE:
            return []
        return entries if isinstance(entries, list) else []

    # evaluations

    def rows(self, lines: evaluations.Lines | None = None) -> list[dict[str, Any]]:
        """The evaluation rows, of `lines` where those were read; a damaged line, as a torn write leaves it, is left out.

        Raises:
            AblateError: they are there and cannot be read.
        """
        return evaluations.as_now((line.row for line in (lines or self.lines()).by_step.values()), self.config)

    def lines(self) -> evaluations.Lines:
        """The lines of metrics.jsonl, with what is needed to check them."""
        return evaluations.read(self.path / "metrics.jsonl", self.store)

    def row(self, step: int) -> dict[str, Any] | None:
        """The evaluation row of a step, if there is one whose predictions are there too, as they were written, or were none."""
        line = self.lines().by_step.get(step)
        return evaluations.as_now([line.row], self.config)[0] if line is not None and self._has_predictions(line) else None

    def evaluated(self, steps: Iterable[int], lines: evaluations.Lines | None = None) -> set[int]:
        """Those of some steps that have a `row`, of `lines` where those were read; END has the newest once it is done."""
        wanted, found = set(steps), (lines or self.lines()).by_step
        end = max(found) if END in wanted and found and self.status()["state"] == "done" else END
        return {one for one in wanted if (line := found.get(end if one == END else one)) and self._has_predictions(line)}

    def _has_predictions(self, line: evaluations.Line) -> bool:
        """Whether what belongs to an evaluation is there, as it was written."""
        if line.predictions == evaluations.NO_PREDICTIONS:
            return True
        predictions = content_of(self.predictions_file(line.row["step"]), below=self.store)
        return predictions is not None and line.predictions in (None, digest(predictions))

    def add_evaluation(self, row: Mapping[str, Any], predictions: Mapping[str, NDArray[np.integer]] | None) -> None:
        """Store one evaluation: predictions first, where it has some, then its row as one line.

        Raises:
            AblateError: it cannot be written.
        """
        if not predictions:
            evaluations.append(self.path / "metrics.jsonl", row, evaluations.NO_PREDICTIONS, self.store)
            return
        packed = pack_predictions(predictions)
        write_atomically(self.predictions_file(row["step"]), packed, self.store)
        evaluations.append(self.path / "metrics.jsonl", row, digest(packed), self.store)

    @property
    def finished(self) -> int:
        """The newest step that a run asked for and can read; 0 where there is none."""
        return max(self.evaluated(self.final_steps()), default=0)

    def unfinished(self, asked: Iterable[int] = ()) -> set[int]:
        """The steps at which runs end, those of `asked` among them, that are still to be trained to, or read before them."""
        steps = {*self.final_steps(), *asked}
        ends = {step for at in self.unread() for step in steps if step >= at and STEPS_A_TAIL * (step - at) <= step}
        return {step for step in (steps - self.evaluated(steps)) | (ends & steps) if step < self.diverged_at}

    def unread(self) -> list[int]:
        """The steps at which runs are read, besides those at which they end, that lack an evaluation; in order."""
        read = self.read_steps()
        return sorted(set(read) - self.evaluated(read))

    @property
    def diverged_at(self) -> float:
        """The step at which it diverged; infinite where it did not."""
        status = self.status()
        return status["step"] if status["state"] == "diverged" else math.inf

    def predictions(self, step: int) -> dict[str, NDArray[np.integer]]:
        """Predicted classes at a step, (images,), by readout: raw and averaged.

        Raises:
            FileNotFoundError: there are none.
            AblateError: they are damaged.
        """
        path = self.predictions_file(step)
        try:
            return unpack_predictions(read_regular(path, below=self.store))
        except DAMAGE as error:
            raise AblateError(f"The predictions in {path} are damaged.") from error

    def drop_after(self, step: int) -> None:
        """Forget the evaluations beyond a step: what a killed training wrote after its newest checkpoint."""
        status, steps = self.status(), self.lines().by_step
        kept = sum(at <= step for at in steps)
        if kept < len(steps) and status["state"] != "new":
            self._write_status(status, kept)  # first, so that a kill on the way is not taken for a loss
        self._keep_lines(step)
        with writing(self.path / "predictions"):
            for file in self.files("predictions"):
                if int(file.stem) > step:
                    file.unlink(missing_ok=True)

    def _keep_lines(self, step: int | None) -> None:
        """Rewrite metrics.jsonl with its sound lines up to a step only, where it has others."""
        lines = self.lines()
        kept = [line.text for at, line in lines.by_step.items() if step is None or at <= step]
        if not lines.whole or len(kept) < len(lines.by_step):
            write_atomically(self.path / "metrics.jsonl", b"".join(text + b"\n" for text in kept), self.store)

    def predictions_file(self, step: int) -> Path:
        """Where the predictions of a step lie."""
        return self.path / "predictions" / f"{step}.npz"

    # checkpoints

    def checkpoints(self) -> list[Path]:
        """Checkpoint files, newest step first."""
        return sorted(self.files("checkpoints"), key=lambda file: -int(file.stem))

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.path / "checkpoints" / f"{step}.npz"

    def keep(self, step: int, read: Collection[int] = ()) -> None:
        """Note that a run ends at this step, so that its checkpoint stays, and where it is read besides. Any process may.

        In a store that cannot be written it is not noted, which is said: there is nobody to drop the checkpoint either.
        """
        finals, besides = self._final_steps.read()
        if step in finals and set(read) <= {*besides, step}:
            return
        try:
            self._final_steps.add(step, read)
        except AblateError as error:
            if not is_forbidden(error):
                raise
            log.warning("%s The run is reported anyway.", error)

    def final_steps(self) -> list[int]:
        """The steps at which runs end."""
        return self._final_steps.read()[0]

    def read_steps(self) -> list[int]:
        """The steps at which runs are read, besides those at which they end: these have no checkpoint of their own."""
        return self._final_steps.read()[1]

    @property
    def _final_steps(self) -> FinalSteps:
        return FinalSteps(self.path)

    def leftovers(self) -> list[Path]:
        """The temporary files of writes that were killed, and of those that are under way."""
        folders = (self.path, self.path / "checkpoints", self.path / "predictions")
        return [file for folder in folders for file in files_in(folder, self.store) if TEMPORARY.fullmatch(file.name)]

    def remove_leftovers(self) -> None:
        """Remove the temporary files of writes that were killed. The caller holds the lock."""
        with writing(self.path), self._final_steps.noting():
            for file in self.leftovers():
                file.unlink(missing_ok=True)

    def clean(self) -> None:
        """Remove what killed writes left: temporary files, torn lines of metrics.jsonl. The caller holds the lock."""
        self.remove_leftovers()
        self._keep_lines(None)

    def files(self, name: str) -> list[Path]:
        """The npz files of one step each in a folder of the trajectory: checkpoints or predictions."""
        return [file for file in files_in(self.path / name, self.store) if file.suffix == ".npz" and is_step_name(file.stem)]
