"""The log of a training: the time to its first step, then a line every so many steps, as the published training printed."""

import time

from ablate.messages import say
from ablate.trainer import Spec

EVERY = 100  # steps; a line comes at the first sign of life at or after them


class StepLog:
    """Prints the lines; made when the training is about to start.

    Args:
        name: before each line, where one log is that of several trainings.
    """

    def __init__(self, spec: Spec, name: str = "") -> None:
        self.per_step, self.name = spec.work.per_step, f"{name}: " if name else ""
        self._started, self._next = time.monotonic(), 0
        self._has_begun = False

    def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
        """Some steps were done; see `ablate.trainer.Watcher`."""
        if not self._has_begun:
            self._has_begun = True
            say(f"{self.name}first step after {time.monotonic() - self._started:.1f} s")
            per_second = None  # it also made the graph
        if step >= self._next:
            if self._next:
                shown = "" if loss is None else f", loss {loss:.3f}"
                say(f"{self.name}step {step}{shown}{pace(per_second, self.per_step)}")
            self._next = (step // EVERY + 1) * EVERY


def pace(per_second: float | None, per_step: float) -> str:
    """The speed as lines end with it: examples a second, and the time of a step; empty where it is not known.

    Examples:
        >>> from ablate.running.step_log import pace
        >>> pace(826.2, 128)
        ' (826.2 examples/s; 154.9 ms a step)'
    """
    return f" ({per_second:.1f} examples/s; {1000 * per_step / per_second:.1f} ms a step)" if per_second else ""
