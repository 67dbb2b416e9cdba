"""What a trainer says while it trains, written to the training's folder."""

import math
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from ablate import machine
from ablate.errors import AblateError, Diverged
from ablate.readout import END, Readout, column, needed
from ablate.store import Trajectory, checkpoints, write_atomically
from ablate.system import provenance
from ablate.trainer import Resources, Spec, Trainer, Watcher


class Recorder:
    """The `Report` of one training up to a step. What it comes to is its status when a `with` ends.

    Args:
        trainer, spec: who trains what.
        readout: of the run that it is trained for.
        watcher: is told of all that is new.
        stop: whether it is to stop.
    """

    def __init__(
        self,
        trajectory: Trajectory,
        trainer: Trainer,
        spec: Spec,
        readout: Readout,
        watcher: Watcher,
        stop: Callable[[], bool],
        given: Resources,
    ) -> None:
        self.trajectory, self.trainer, self.spec, self.readout, self.to = trajectory, trainer, spec, readout, readout.step
        self.watcher, self.stop, self.given = watcher, stop, given
        self.metric = (spec.metrics or trainer.metrics)[0]
        self._seconds, self._since = 0.0, time.perf_counter()
        self._added: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if isinstance(error, Diverged):
            self.trajectory.set_status("diverged", error.step, error.reason)
            checkpoints.prune_finished(self.trajectory, error.step)
            return True
        if error is None:
            rows = self.trajectory.rows()
            to = rows[-1]["step"] if self.to == END and rows else self.to
            if self.trajectory.row(to) is None:
                at = "" if to == END else f" at step {to}"
                raise AblateError(f"{self.trajectory.path} has no evaluation{at}.")
            if self.readout.read(rows) is None:
                raise AblateError(
                    f"readout.last={self.readout.last} needs that many evaluations, but trainer={self.trainer.name} gave fewer "
                    f"up to step {to}. Choose a smaller number or evaluate more often."
                )
            saved = (int(path.stem) for path in self.trajectory.checkpoints())
            self.trajectory.set_status("done", max([to, *saved]))
            checkpoints.prune_finished(self.trajectory, self.to)
        return False

    def began(self, step: int, where: Mapping[str, Any] | None = None) -> int:
        """It goes on from a step; the step to evaluate at first."""
        trajectory = self.trajectory
        ends_beyond = trajectory.diverged_at if trajectory.diverged_at < math.inf else 0
        if ends_beyond <= step and not any(int(path.stem) > step for path in trajectory.checkpoints()):
            trajectory.drop_after(max(step, trajectory.finished))  # what a run has read is not lost for want of a checkpoint
        if where is None:
            told = provenance.facts(machine.processor(), ("ablate-tf",))
            where = provenance.segment(step, self.to, self.given.threads, self.given.at_once, **told)
        trajectory.add_segment(where)
        trajectory.keep(self.to, self.readout.steps)
        trajectory.set_status("running", step)
        self._seconds = next((row.get("seconds", 0.0) for row in reversed(trajectory.rows()) if row["step"] <= step), 0.0)
        self._since = time.perf_counter()
        self.watcher.began(step)
        asked_since = trajectory.row(step) is None and (step in trajectory.unfinished() or step in trajectory.unread())
        if step == self.to or asked_since:
            return step  # it was stopped at this very step
        return self.next_due(step)

    def missing(self) -> int:
        """The first step at which the run is read that has no evaluation; its last where all have."""
        there = self.trajectory.evaluated(self.readout.steps)
        return min((step for step in self.readout.steps if step not in there), default=self.to)

    def next_due(self, step: int) -> int:
        """The next step to evaluate at."""
        asked_for = [each for each in (*self.trajectory.final_steps(), *self.trajectory.read_steps()) if each > step]
        on_grid = [] if self.spec.grid is None else [(step // self.spec.grid + 1) * self.spec.grid]
        return min([*on_grid, self.to, *asked_for])

    def keeps(self, step: int) -> bool:
        """Whether the state is to be saved where an evaluation is due: not where it is only read on the way to its end."""
        on_grid = self.spec.grid is None or step % self.spec.grid == 0
        return on_grid or step == self.to or step in self.trajectory.final_steps()

    def row(self, step: int, values: Mapping[str, Any], predictions: Mapping[str, Any] | None = None) -> bool:
        """Store an evaluation, unless it is there; whether it was not.

        Raises:
            AblateError: it lacks what runs are judged by, or has what that cannot be, or is not what is there.
        """
        before = self.trajectory.lines().by_step.get(step)
        if before is not None and (self.spec.resume == "exact" or self.readout.last > 1):
            self._compare(before.row, values)
        if self.trajectory.row(step) is not None:
            return False
        self._check(values)
        row = {"step": step, **values}
        if "seconds" not in row:
            row["seconds"] = round(self._seconds + time.perf_counter() - self._since, 3)
        self.trajectory.add_evaluation(row, predictions)
        self._added.append(step)
        self.watcher.evaluated(row)
        return True

    def _compare(self, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Refuse an evaluation that is repeated and comes out otherwise: no value can be the mean of two trainings.

        What was added since this one began comes from here, too, and is forgotten.
        """
        for weights in self.spec.readouts or ("",):
            name = column(self.metric.name, weights)
            if name in values and values[name] != before.get(name) and values[name] == values[name]:
                self._forget()
                alone = ", or read its last evaluation alone (readout.last=1)" if self.readout.last > 1 else ""
                raise AblateError(
                    f"{self.trajectory.path} is not reproduced here: {name} at step {before['step']} is now "
                    f"{values[name]:.6g}, and was {before.get(name):.6g}. Remove it to train it anew (ablate runs rm "
                    f"{self.trajectory.fingerprint}){alone}."
                )

    def _forget(self) -> None:
        """Take back the evaluations that were added since it began."""
        trajectory = self.trajectory
        kept = [line.text + b"\n" for step, line in trajectory.lines().by_step.items() if step not in self._added]
        write_atomically(trajectory.path / "metrics.jsonl", b"".join(kept), trajectory.store)
        for step in self._added:
            trajectory.predictions_file(step).unlink(missing_ok=True)

    def _check(self, values: Mapping[str, Any]) -> None:
        metric = self.metric
        for weights in self.spec.readouts or ("",):
            name = column(metric.name, weights)
            missing = next((each for each in (name, *needed(weights, metric.name)) if each not in values), None)
            if missing is not None:
                got = ", ".join(values) or "nothing"
                raise AblateError(f"trainer={self.trainer.name} must give {missing} at every evaluation, got {got}.")
            if not metric.allows(values[name]):
                limits = (("at least", metric.low), ("at most", metric.high))
                bounds = " and ".join(f"{words} {end:g}" for words, end in limits if end is not None)
                raise AblateError(f"{name} of trainer={self.trainer.name} must be {bounds}, got {values[name]:g}.")

    def saved(self, step: int) -> None:
        """The state at a step was saved; training can resume from it."""
        self.trajectory.set_status("running", step)
        checkpoints.prune(self.trajectory, step)

    def alive(self, step: int, loss: float | None = None, per_second: float | None = None) -> None:
        """Training has reached a step."""
        self.watcher.stepped(step, loss, per_second)
