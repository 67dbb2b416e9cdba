"""How long a training still takes, its evaluations included."""

import time
from collections.abc import Callable

from ablate.readout import END, Readout
from ablate.trainer import Work


class TimeLeft:
    """Estimates the seconds until a run's last evaluation, from the speed of steps and how long evaluations take.

    Args:
        work: of a step and of an evaluation, in one unit. now: the time in seconds.
    """

    def __init__(self, work: Work, readout: Readout, now: Callable[[], float] = time.monotonic) -> None:
        self.work, self.readout, self.now = work, readout, now
        self.step = 0
        self.per_second: float | None = None
        self._stepped_at: float | None = None
        self._evaluations: list[float] = []  # seconds that each took

    def stepped(self, step: int, per_second: float | None) -> None:
        """Some steps were done. per_second: their speed in the unit of work; None where they also traced the graph."""
        self.step, self._stepped_at = step, self.now()
        self.per_second = self.per_second if per_second is None else per_second

    def evaluated(self) -> None:
        """The evaluation at the step that was reached last is stored."""
        if self._stepped_at is not None:
            self._evaluations.append(self.now() - self._stepped_at)

    @property
    def seconds(self) -> float | None:
        """Seconds left; None while no speed is known, and where the trainer ends by itself."""
        if not self.per_second or self.readout.step == END:
            return None
        steps = max(0, self.readout.step - self.step) * self.work.per_step / self.per_second
        expected = self.work.per_evaluation / self.per_second
        each = sum(self._evaluations) / len(self._evaluations) if self._evaluations else expected
        return steps + self.evaluations * each

    @property
    def evaluations(self) -> int:
        """How many are still to come: those on the grid, and those that the value is read from."""
        every, last = self.readout.grid, self.readout.step
        on_grid = 0 if every is None else last // every - self.step // every
        read = sum(self.step < step <= last and (every is None or step % every > 0) for step in set(self.readout.steps))
        return on_grid + read
