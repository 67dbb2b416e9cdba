"""What runs in a worker process: one job after another, with TensorFlow imported once."""

import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import FrameType
from typing import Any

from ablate import trainers
from ablate.errors import AblateError, Killed, Stopped
from ablate.planning import run_result
from ablate.running import ensuring
from ablate.running.backend import Job, Outcome
from ablate.running.step_log import StepLog
from ablate.store import Trajectory
from ablate.trainer import Abandons, Watcher

GRACE_S = 15.0  # for a checkpoint, once the parent is gone
ORPHANED = 3  # exit status of a worker whose parent is gone
BEGUN = "begun"  # what a worker says once it has a job


class _Quiet:
    """A watcher that tells nobody: live.json does. What a process prints that has its own log is in there."""

    def __init__(self, log: StepLog | None) -> None:
        self.log = log

    def began(self, step: int) -> None:
        """The training goes on from a step."""

    def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
        """Some steps were done."""
        if self.log is not None:
            self.log.stepped(step, loss, per_second)

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""


class _Inbox:
    """What the parent sends, received by a thread: jobs, and the fingerprint of one that is to stop.

    When the parent is gone the job at work is to stop, and the process ends soon after.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()  # None where there will be no more
        self.ending = threading.Event()
        self._to_stop: set[str] = set()
        self._last: Job | None = None
        threading.Thread(target=self._receive, daemon=True).start()

    def stop(self, fingerprint: str) -> bool:
        """Whether a job is to stop."""
        return self.ending.is_set() or fingerprint in self._to_stop

    def leave(self, status: int) -> None:
        """End this process at once, and what its training has started."""
        if self._last is not None:
            with suppress(Exception):
                abandon(self._last, os.getpid())
        os._exit(status)

    def _receive(self) -> None:
        try:
            while True:
                message = self.connection.recv()
                if isinstance(message, Job):
                    self._to_stop.discard(message.fingerprint)
                    self._last = message
                    self.jobs.put(message)
                else:
                    self._to_stop.add(message)
        except (EOFError, OSError):
            self.ending.set()
            self.jobs.put(None)
            time.sleep(GRACE_S)
            self.leave(ORPHANED)
        except BaseException:  # a job that cannot be read here
            traceback.print_exc()
            os._exit(1)


def abandon(job: Job, worker: int) -> None:
    """End what a worker that is gone, or about to be, leaves running of a job."""
    trainer = trainers.find(job.spec.trainer)
    if isinstance(trainer, Abandons):
        trainer.abandon(job.store / job.fingerprint, worker)


def serve(connection: Connection) -> None:
    """Do what the parent sends until it is gone, or until this process is asked to end; never returns.

    What a terminal sends is for the parent, which tells its workers. SIGTERM saves and ends, a second one ends at once.
    """
    os.set_inheritable(connection.fileno(), False)
    inbox = _Inbox(connection)

    def end(number: int, frame: FrameType | None) -> None:
        if inbox.ending.is_set():
            inbox.leave(128 + number)
        inbox.ending.set()
        inbox.jobs.put(None)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP, signal.SIGTERM})
    status = 0
    try:
        while (job := inbox.jobs.get()) is not None:
            connection.send(BEGUN)
            connection.send(work(job, inbox.stop, StepLog(job.spec, job.fingerprint)))
    except OSError:
        print("the program that started this worker is gone; what it trained is saved", file=sys.stderr)
        status = ORPHANED
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        os._exit(status)  # at once: TensorFlow takes its time otherwise


def work(job: Job, stop: Callable[[str], bool], log: StepLog | None = None) -> Outcome:
    """Ensure a job's trajectory, for the shortest of its runs first, unless another process is at it.

    Args:
        stop: whether the job with a fingerprint is to stop; asked often.
        log: of this process, where it has one for itself.
    """
    trajectory = Trajectory(job.store, job.fingerprint)
    with _warnings() as warnings:
        outcome = _work(job, trajectory, lambda: stop(job.fingerprint), _Quiet(log))
    return replace(outcome, warnings=tuple(warnings))


def _work(job: Job, trajectory: Trajectory, stop: Callable[[], bool], watcher: Watcher) -> Outcome:
    with ExitStack() as stack:
        try:
            stack.enter_context(trajectory.locked(timeout_s=0))
        except TimeoutError:
            return Outcome(job.fingerprint, "busy")
        except AblateError as error:
            return Outcome(job.fingerprint, "failed", run_result.reason_of(error), traceback.format_exc())
        try:
            for readout in job.readouts:
                if stop():
                    return Outcome(job.fingerprint, "stopped")
                ensuring.ensure(job, readout, trajectory, watcher, stop)
        except Stopped:
            return Outcome(job.fingerprint, "stopped")
        except Killed as error:
            return Outcome(job.fingerprint, "died", run_result.reason_of(error), cause="killed")
        except Exception as error:
            return Outcome(job.fingerprint, "failed", run_result.reason_of(error), traceback.format_exc())
    return Outcome(job.fingerprint, "ended")


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What the program logs meanwhile as a warning or worse."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Handler(logging.WARNING)
    logger = logging.getLogger("ablate")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
