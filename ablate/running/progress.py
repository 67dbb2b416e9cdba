"""Progress in the terminal: a bar where there is one, plain lines every evaluation elsewhere. All on stderr."""

import math
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn

from ablate.errors import AblateError
from ablate.messages import console, say
from ablate.metrics import ACCURACY
from ablate.readout import END, column
from ablate.running.step_log import StepLog, pace
from ablate.running.time_left import TimeLeft
from ablate.store import RECENT, Trajectory, sign_of_life
from ablate.text import clock
from ablate.trainer import Spec, Watcher
from ablate.trainers import Asked
from ablate.trainers.networks import TRAINER

LIVE_EVERY_S = 1.0  # between two writings of live.json while steps are done
LIVE_AT_LEAST_EVERY_S = 20.0  # while none are, as in an evaluation
STARTING, EVALUATING = "compiling", "evaluating"  # what a training does while no steps are done


class Heartbeat:
    """Does something now and every so often, from a thread, as long as it is entered.

    What it does is only a sign of life: that it is refused, as by a full disk, stops nothing.
    """

    def __init__(self, every_s: float, beat: Callable[[], None]) -> None:
        self.every_s, self.beat = every_s, beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        self._try()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._ended.wait(self.every_s):
            self._try()

    def _try(self) -> None:
        with suppress(OSError, AblateError):
            self.beat()


class LiveFile:
    """Tells other processes how a training goes, in live.json, and passes on to another watcher.

    Args:
        to: the last step. spec: of the training. is_due: whether it is evaluated at a step.
    """

    def __init__(self, to: int, spec: Spec, trajectory: Trajectory, watcher: Watcher, is_due: Callable[[int], bool]) -> None:
        self.per_step, self.trajectory, self.watcher, self.is_due = spec.work.per_step, trajectory, watcher, is_due
        self.starting = STARTING if spec.trainer == TRAINER.name else ""
        self.said: dict[str, Any] = dict.fromkeys(("loss", "examples_per_second", "steps_per_second"))
        self.said |= {"step": 0, "target": None if to == END else to, "began": None, "phase": ""}
        self._heartbeat = Heartbeat(LIVE_AT_LEAST_EVERY_S, self._write)
        self._writing = threading.Lock()
        self._written = -math.inf
        self._began: tuple[int, float] | None = None  # step and time after the first call, which also traces the graph
        self._evaluated = False

    def __enter__(self) -> Self:
        self._heartbeat.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._heartbeat.__exit__(*_)
        self.trajectory.clear_live()

    def began(self, step: int) -> None:
        """It goes on from a step, 0 where it is new."""
        self.said = self.said | {"step": step, "began": step, "phase": self.starting}
        self._write()
        self.watcher.began(step)

    def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
        """Some steps were done."""
        due = self.is_due(step)
        self.said = self.said | {"step": step, "loss": loss, "phase": EVALUATING if due else ""}
        if self._began is None:
            self._began = step, time.monotonic()
        else:
            self.said |= {"examples_per_second": per_second, "steps_per_second": self._pace(step, per_second)}
        if due or time.monotonic() - self._written >= LIVE_EVERY_S:
            self._write()
        self.watcher.stepped(step, loss, per_second)

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""
        self._evaluated = True
        self.said = self.said | {"phase": ""}
        self._write()
        self.watcher.evaluated(row)

    def _pace(self, step: int, per_second: float | None) -> float | None:
        """Steps a second, with the time of the evaluations in it as soon as there was one."""
        assert self._began is not None
        first, since = self._began
        seconds = time.monotonic() - since
        if (self._evaluated or per_second is None) and seconds > 0:
            return (step - first) / seconds
        return None if per_second is None else per_second / self.per_step

    def _write(self) -> None:
        with self._writing:
            self._written = time.monotonic()
            self.trajectory.set_live(self.said | sign_of_life())


ROOM = {"accuracy": 16, "loss": 13, "examples/s": 20}  # characters that each takes on the line of a training's progress
TIME_LEFT, BAR = 16, 12


def _bar(width: int, steps: int, metric: str) -> list[ProgressColumn]:
    """What stands on that line: as much as a terminal has room for, so that no number is cut. steps: END if not known."""
    room = width - len(f"step {steps}/{steps} ") - TIME_LEFT
    fits = [sum(list(ROOM.values())[:count]) <= room for count in (1, 2, 3)]
    fields = ["loss {task.fields[loss]}"] if fits[1] else []
    fields += [f"{metric} {{task.fields[accuracy]}}"] if fits[0] else []
    fields += ["{task.fields[speed]} examples/s"] if fits[2] else []
    bar = [BarColumn(bar_width=None)] if fits[1] and sum(list(ROOM.values())[: sum(fits)]) + BAR <= room else []
    told = [TextColumn("  ".join(fields))] if fields else []
    return [
        TextColumn("step {task.completed:.0f}" if steps == END else "step {task.completed:.0f}/{task.total:.0f}"),
        *bar,
        *told,
        TextColumn("{task.fields[left]}", justify="right"),
    ]


class TrainingProgress:
    """The progress of one training: step, loss, accuracy, examples a second, time left."""

    def __init__(self, asked: Asked, trajectory: Trajectory) -> None:
        self.asked, self.trajectory = asked, trajectory
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.left = TimeLeft(asked.spec.work, asked.readout)
        self.log = StepLog(asked.spec)

    def __enter__(self) -> Self:
        self.told = not any(int(path.stem) <= self.asked.step for path in self.trajectory.checkpoints())
        if self.told:  # before TensorFlow is there, which takes seconds
            self._tell(0)
        if self.asked.progress and sys.stderr.isatty():
            self.bar = Progress(*_bar(console.width, self.asked.step, self.asked.readout.metric), console=console, expand=True)
            total = None if self.asked.step == END else self.asked.step
            self.task = self.bar.add_task("", total=total, completed=0, loss="-", accuracy="-", speed="-", left=STARTING)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def _tell(self, step: int) -> None:
        verb = f"resuming from step {step}" if step else "training"
        to = "" if self.asked.step == END else f" to step {self.asked.step}"
        say(f"{verb} {self.trajectory.path}{to}, seed {self.asked.spec.seed}")

    def began(self, step: int) -> None:
        """It goes on from a step: that of its newest checkpoint that is sound."""
        if not self.told:
            self._tell(step)
        if self.bar is not None:
            self.bar.update(self.task, completed=step)

    def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
        """Some steps were done."""
        if self.bar is not None:
            shown: dict[str, Any] = {} if loss is None else {"loss": f"{loss:.2f}" if abs(loss) < 10_000 else f"{loss:.1e}"}
            shown |= {} if per_second is None else {"speed": f"{per_second:.0f}"}
            self.left.stepped(step, per_second)
            self.bar.update(self.task, completed=step, left=self._left(), **shown)
        elif self.asked.progress:
            self.log.stepped(step, loss, per_second)

    def _left(self) -> str:
        seconds = self.left.seconds
        return "" if seconds is None else f"{clock(seconds)} left"

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""
        readout = self.asked.readout
        if not readout.is_own(row["step"]) and self.bar is None:
            return  # one of the last few, of which the mean is told in the end
        found = row[column(readout.metric, readout.weights)]
        accuracy = f"{100 * found:.1f}%" if readout.metric == ACCURACY else f"{found:.4g}"
        if self.bar is not None:
            self.left.evaluated()
            self.bar.update(self.task, accuracy=accuracy, left=self._left())
        elif self.asked.progress:
            loss = f", loss {row['loss']:.3f}" if "loss" in row else ""
            say(f"step {row['step']}{loss}, {readout.metric} {accuracy}{pace(row.get(RECENT), self.asked.spec.work.per_step)}")
