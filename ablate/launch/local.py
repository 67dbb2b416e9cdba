"""Trainings on this machine: warm worker processes, one training each."""

import concurrent.futures
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from ablate.launch.backend import Job, Outcome
from ablate.launch.share import Share
from ablate.launch.worker import Flag, start, work
from ablate.store import writing


class Slot:
    """A place for one training at a time: a process that stays warm between trainings of as many threads.

    A pool of one worker, so that a worker that dies takes nothing else along, and can be given its own GPU and log.
    """

    def __init__(self, log: Path, gpu: str | None) -> None:
        self.log, self.gpu = log, gpu
        self.stop = Flag()
        self.pool: ProcessPool | None = None
        self.threads = 0
        self.job: Job | None = None
        self.future: ProcessFuture[Outcome] | None = None

    def submit(self, job: Job) -> None:
        """Start the job, in a new process where the one that is there has other threads or is gone."""
        if self.pool is not None and (self.threads != job.threads or not self.pool.active):
            self.end()
        self.stop.set(False)
        self.job = job
        try:
            self._start(job)
        except (BrokenProcessPool, RuntimeError, OSError) as error:  # no process to be had, or one that just died
            self.future = ProcessFuture()
            self.future.set_exception(BrokenProcessPool(str(error)))

    def _start(self, job: Job) -> None:
        with _without_interrupts():
            if self.pool is None:
                self.threads = job.threads  # TensorFlow takes them once a process
                self.pool = ProcessPool(
                    max_workers=1,
                    initializer=start,
                    initargs=(self.log, self.gpu, self.stop),
                    context=multiprocessing.get_context("spawn"),
                )
            self.future = self.pool.schedule(work, args=(job,))

    @property
    def ended(self) -> bool:
        """Whether the job has: its future is done, or its pool is broken, so that the future never will be."""
        assert self.future is not None
        return self.future.done() or self.pool is None or not self.pool.active

    def outcome(self) -> Outcome:
        """What became of the job, once it has ended; the slot is free then."""
        assert self.job is not None
        assert self.future is not None
        job, future, self.job, self.future = self.job, self.future, None, None
        try:
            return future.result(timeout=0)
        except ProcessExpired as error:
            said = f"its process {_how(error.exitcode)}"
        except (BrokenProcessPool, TimeoutError):
            said = "its process ended before the training began"
        except Exception as error:
            return Outcome(job.fingerprint, "failed", f"{type(error).__name__}: {error}", log=self.log)
        self.end()
        return Outcome(job.fingerprint, "died", said, log=self.log)

    def end(self) -> None:
        """End the process, whatever it does."""
        if self.pool is not None:
            self.pool.stop()  # type: ignore[no-untyped-call]
            self.pool.join()
            self.pool = None


class Local:
    """The backend of this machine. Use `local` to make one, so that its processes end."""

    def __init__(self, share: Share, logs: Path) -> None:
        self.share = share
        self.slots = [
            Slot(logs / f"worker-{number}.log", share.gpus[number % len(share.gpus)] if share.gpus else None)
            for number in range(share.at_once)
        ]

    def room(self, threads: int) -> bool:
        """Whether a slot is free, and as many threads of the share; a job that has more than the share goes alone."""
        taken = [slot.job.threads for slot in self.slots if slot.job is not None]
        if self.share.gpus:
            return len(taken) < len(self.slots)
        most = self.share.at_once * self.share.threads
        return len(taken) < len(self.slots) and (not taken or sum(taken) + threads <= most)

    def submit(self, job: Job) -> None:
        """Start a job in a free slot, if there is one in a process of as many threads."""
        free = [slot for slot in self.slots if slot.job is None]
        warm = [slot for slot in free if slot.pool is not None and slot.threads == job.threads]
        (warm or free)[0].submit(job)

    def wait(self, timeout_s: float) -> list[Outcome]:
        """What has ended."""
        at_work = [slot for slot in self.slots if slot.future is not None]
        futures = [slot.future for slot in at_work if slot.future is not None]
        concurrent.futures.wait(futures, timeout_s, concurrent.futures.FIRST_COMPLETED)
        return [slot.outcome() for slot in at_work if slot.ended]

    def cancel(self, fingerprint: str) -> None:
        """Ask the worker that has the job to save its state."""
        for slot in self.slots:
            if slot.job is not None and slot.job.fingerprint == fingerprint:
                slot.stop.set(True)

    def end(self) -> None:
        """End all processes."""
        for slot in self.slots:
            slot.end()


@contextmanager
def local(share: Share, logs: Path) -> Iterator[Local]:
    """The backend of this machine; no process of it is left at the end.

    Args:
        logs: the folder for what the workers print.
    """
    with writing(logs):
        logs.mkdir(parents=True, exist_ok=True)
    backend = Local(share, logs)
    try:
        yield backend
    finally:
        backend.end()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes and threads that are started within it never see what a terminal sends: a flag tells them to stop."""
    resource_tracker.ensure_running()  # starting it unblocks these signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _how(exitcode: int | None) -> str:
    """How a process ended."""
    if exitcode is None or exitcode >= 0:
        return f"ended with status {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in {number.value for number in signal.Signals} else f"signal {-exitcode}"
    return f"was killed by {name}" + (" (perhaps for want of memory)" if name == "SIGKILL" else "")
