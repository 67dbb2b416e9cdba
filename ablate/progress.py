"""Progress in the terminal: a bar where there is one, plain lines every evaluation elsewhere. All on stderr."""

import math
import os
import platform
import sys
import time
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ablate.recipe import Recipe
from ablate.store import Trajectory

LIVE_EVERY_S = 1.0  # between two writings of live.json

console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """One line to whoever watches."""
    console.print(message, markup=False)


class Watcher(Protocol):
    """Somebody who is told how a training goes."""

    def stepped(self, step: int, loss: float, examples_per_second: float) -> None:
        """Some steps were done; `loss` is that of the last."""

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""


class Stopped(Exception):
    """A training was asked to stop, and has saved a checkpoint at the step that is the message."""


class LiveFile:
    """Tells other processes how a training goes, in live.json, and passes on to another watcher."""

    def __init__(self, recipe: Recipe, trajectory: Trajectory, watcher: Watcher) -> None:
        self.recipe, self.trajectory, self.watcher = recipe, trajectory, watcher
        self.written = -math.inf
        self.traced = False  # the first call also traces the graph, and its speed is that

    def __enter__(self) -> Self:
        self._write(0, None, None)
        return self

    def __exit__(self, *_: object) -> None:
        self.trajectory.clear_live()

    def stepped(self, step: int, loss: float, examples_per_second: float) -> None:
        """Some steps were done."""
        if time.monotonic() - self.written >= LIVE_EVERY_S:
            self._write(step, loss, examples_per_second if self.traced else None)
        self.traced = True
        self.watcher.stepped(step, loss, examples_per_second)

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""
        self.watcher.evaluated(row)

    def _write(self, step: int, loss: float | None, examples_per_second: float | None) -> None:
        self.written = time.monotonic()
        speed = examples_per_second
        self.trajectory.set_live(
            {
                "step": step,
                "target": self.recipe.steps,
                "loss": loss,
                "examples_per_second": speed,
                "steps_per_second": None if speed is None else speed / self.recipe.batch_size,
                "time": time.time(),
                "pid": os.getpid(),
                "host": platform.node(),
            }
        )


class TrainingProgress:
    """The progress of one training: step, loss, accuracy, examples a second, time left."""

    def __init__(self, recipe: Recipe, trajectory: Trajectory) -> None:
        self.recipe, self.trajectory = recipe, trajectory
        self.bar: Progress | None = None
        self.task = TaskID(0)

    def __enter__(self) -> Self:
        done = next((int(path.stem) for path in self.trajectory.checkpoints() if int(path.stem) <= self.recipe.steps), 0)
        verb = f"going on from step {done}" if done else "training"
        say(f"{verb} {self.trajectory.path} to step {self.recipe.steps}, seed {self.recipe.seed}")
        if self.recipe.progress and sys.stderr.isatty():
            self.bar = Progress(
                TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
                BarColumn(bar_width=None),
                TextColumn("loss {task.fields[loss]}  accuracy {task.fields[accuracy]}  {task.fields[speed]} examples/s"),
                TimeRemainingColumn(),
                console=console,
                expand=True,
            )
            self.task = self.bar.add_task("", total=self.recipe.steps, completed=done, loss="-", accuracy="-", speed="-")
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def stepped(self, step: int, loss: float, examples_per_second: float) -> None:
        """Some steps were done."""
        if self.bar is not None:
            self.bar.update(self.task, completed=step, loss=f"{loss:.2f}", speed=f"{examples_per_second:.0f}")

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""
        accuracy = f"{100 * row[f'accuracy_{self.recipe.readout.weights}']:.1f} %"
        if self.bar is not None:
            self.bar.update(self.task, accuracy=accuracy)
        elif self.recipe.progress:
            speed = row["examples_per_second"]
            pace = f" ({speed:.1f} examples/s; {1000 * self.recipe.batch_size / speed:.1f} ms a step)" if speed else ""
            say(f"step {row['step']}, loss {row['loss']:.3f}, accuracy {accuracy}{pace}")
