"""The sweep engine: which training goes next, what becomes of those that fail, and an end in good order."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from ablate import app
from ablate.launch.backend import Backend, Job, Outcome
from ablate.launch.share import Share
from ablate.models.costs import totals
from ablate.plan import Training
from ablate.progress import say

TICK_S = 0.5  # between two looks at what has ended
BUSY_S = 2.0  # before a training is tried again that another process is at

Ended = Callable[[Training, Outcome], bool]


@dataclass
class Interrupt:
    """What Ctrl-C asks for: once to stop in good order, twice to stop at once."""

    asked: bool = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        say("stopping: each training saves its state first; press Ctrl-C again to stop at once")


@dataclass
class Engine:
    """Ensures trainings on a backend: the longest first, many at once, each of them once.

    share: how many at once, with how many threads. retries: how often a training is tried again whose process died.
    fail_fast: stop all at the first that fails. ended: told what became of each training, answers whether all its runs are
    well. tick: called about twice a second.
    """

    backend: Backend
    share: Share
    retries: int
    fail_fast: bool
    ended: Ended
    tick: Callable[[], None]
    deaths: Counter[str] = field(default_factory=Counter)

    def run(self, trainings: Sequence[Training]) -> None:
        """Return when all has ended.

        Raises:
            KeyboardInterrupt: it was interrupted, and what was at work has saved its state.
        """
        waiting = sorted(trainings, key=_size, reverse=True)
        at_work: dict[str, Training] = {}
        not_before: dict[str, float] = {}  # of trainings that another process is at
        stopping = False
        with _interruptible() as interrupt:
            while at_work or (waiting and not stopping):
                if interrupt.asked and not stopping:
                    stopping = True
                if stopping:
                    for fingerprint in at_work:
                        self.backend.cancel(fingerprint)
                else:
                    self._start(waiting, at_work, not_before)
                if at_work:
                    outcomes = self.backend.wait(TICK_S)
                else:  # all that is left is being trained by others
                    time.sleep(TICK_S)
                    outcomes = []
                for outcome in outcomes:
                    training = at_work.pop(outcome.fingerprint)
                    for line in outcome.warnings:
                        say(line)
                    if outcome.state == "busy":
                        not_before[outcome.fingerprint] = time.monotonic() + BUSY_S
                        waiting.append(training)
                    elif outcome.state == "died" and not stopping and self._again(training, outcome):
                        waiting.insert(0, training)
                    elif outcome.state != "stopped" and not (outcome.state == "died" and stopping):
                        well = self.ended(training, outcome)
                        stopping |= self.fail_fast and not well
                self.tick()
            if interrupt.asked:
                raise KeyboardInterrupt

    def _start(self, waiting: list[Training], at_work: dict[str, Training], not_before: dict[str, float]) -> None:
        """Start what there is room for. What another process is at is passed over, and looked at again later."""
        for training in list(waiting):
            fingerprint = training.trajectory.fingerprint
            if fingerprint in not_before:
                if not_before[fingerprint] > time.monotonic():
                    continue
                not_before[fingerprint] = time.monotonic() + BUSY_S
                if all(app.read(run.recipe, run.trajectory) for run in training.runs):
                    waiting.remove(training)
                    self.ended(training, Outcome(fingerprint, "ended"))
                    continue
            elif len(at_work) >= self.share.at_once:
                continue
            job = self._job(training)
            if self.backend.room(job.threads):
                waiting.remove(training)
                at_work[fingerprint] = training
                self.backend.submit(job)

    def _job(self, training: Training) -> Job:
        first = training.runs[0]
        threads = app.begun_with(training.trajectory) or self.share.threads
        steps = dict.fromkeys(run.recipe.steps for run in training.runs)  # runs that differ in their readout alone are one
        recipes = [next(run.recipe for run in training.runs if run.recipe.steps == step) for step in steps]
        return Job(
            fingerprint=first.trajectory.fingerprint,
            store=first.trajectory.path.parent,
            recipes=tuple(recipe.model_copy(update={"threads": threads, "progress": False}) for recipe in recipes),
            content=first.content,
            names=first.names,
            at_once=self.share.at_once,
        )

    def _again(self, training: Training, outcome: Outcome) -> bool:
        """Whether to try a training again whose process died; its failure is told to `ended` otherwise."""
        self.deaths[outcome.fingerprint] += 1
        count = self.deaths[outcome.fingerprint]
        if count <= self.retries:
            which = f"{' '.join(training.runs[0].overrides)} ({training.trajectory.path})"
            say(f"{which}: {outcome.error}; trying again from its checkpoint ({count} of {self.retries})")
        return count <= self.retries


def _size(training: Training) -> float:
    """How long a training takes, in operations."""
    recipe = training.recipe
    _, operations = totals(recipe.model, recipe.input_shape)
    return float(training.left * recipe.batch_size * operations)


@contextmanager
def _interruptible() -> Iterator[Interrupt]:
    """Within it SIGINT and SIGTERM ask for a stop in good order; only the main thread can have it so."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
