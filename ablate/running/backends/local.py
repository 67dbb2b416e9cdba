"""Trainings on this machine: warm worker processes, one training each."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from multiprocessing import connection
from pathlib import Path
from typing import Self

from ablate import machine
from ablate.resources import Share, share
from ablate.running.backend import Job, Outcome, Place, Request, reason_of, refused
from ablate.running.process import Process
from ablate.running.worker import BEGUN, abandon
from ablate.store import writing


class Slot:
    """A place for one training at a time: a process that stays warm between trainings of as many threads.

    A worker that dies takes nothing else along, and can be given its own GPU and log.
    """

    def __init__(self, log: Path, gpu: str | None) -> None:
        self.log, self.gpu = log, gpu
        self.process: Process | None = None
        self.threads = 0
        self.since = 0.0
        self.job: Job | None = None
        self.begun = self.asked_to_stop = False

    def submit(self, job: Job) -> None:
        """Start the job, in a new process where the one that is there has other threads or is gone.

        Raises:
            Exception: there is no process to be had, or the job cannot be sent. Nothing is at work then.
        """
        if self.process is not None and (self.threads != job.threads or not self.process.running):
            self.end()
        if self.process is None:
            self.process = Process(self.log, self.gpu)
            self.threads = job.threads  # TensorFlow takes them once a process
        try:
            self.process.send(job)
        except BaseException:
            self.end()
            raise
        self.job, self.since, self.begun, self.asked_to_stop = job, time.time(), False, False

    def stop(self) -> None:
        """Ask the worker to save the state of its training and stop."""
        if self.job is None or self.process is None or self.asked_to_stop:
            return
        self.asked_to_stop = True
        self.process.send(self.job.fingerprint)

    def outcome(self) -> Outcome | None:
        """What became of the job, where the worker has something to say; the slot is free then. None where it goes on."""
        assert self.job is not None
        assert self.process is not None
        said = self.process.received()
        if said == BEGUN:
            self.begun = True
            return None
        fingerprint = self.job.fingerprint
        if isinstance(said, Outcome):
            self.job = None
            if said.state != "stopped" or self.asked_to_stop:
                return said
            how = "its process was asked to end"
            return Outcome(fingerprint, "died", how, warnings=said.warnings, log=self.log, cause="killed")
        how = f"its process {self.process.last_words()}"
        cause = self.process.cause
        if not self.begun:
            reason = self.process.reason()
            how = f"{how} before the training began" + (f": {reason}" if reason else "")
        self.end()
        return Outcome(fingerprint, "died", how, log=self.log, cause=cause)

    def end(self) -> None:
        """End the process, whatever it does, and what its training has started."""
        process, job = self.process, self.job
        self.process = self.job = None
        if process is None:
            return
        process.end()
        if job is not None:
            abandon(job, process.pid)


class Local:
    """The backend of this machine; no process of it is left at the end of a `with`.

    Args:
        logs: the folder for what the workers print.
    """

    shared_files = True

    def __init__(self, share: Share, logs: Path) -> None:
        self.share, self.logs = share, logs
        self.slots = [
            Slot(logs / f"worker-{number}.log", share.gpus[number % len(share.gpus)] if share.gpus else None)
            for number in range(share.at_once)
        ]
        self._refused: list[Outcome] = []

    def __enter__(self) -> Self:
        with writing(self.logs):
            self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def places(self) -> int:
        """As many as there are slots."""
        return len(self.slots)

    @property
    def pace_key(self) -> str:
        """Its own host."""
        return machine.host()

    def room(self, threads: Sequence[int]) -> bool:
        """Whether slots are free, and as many threads of the share; a job that has more than the share goes alone."""
        taken = [*(slot.job.threads for slot in self.slots if slot.job is not None), *threads]
        if self.share.gpus:
            return len(taken) <= len(self.slots)
        most = self.share.at_once * self.share.threads
        return len(taken) <= len(self.slots) and (len(taken) == 1 or sum(taken) <= most)

    def adopt(self, fingerprints: Collection[str]) -> Mapping[str, str]:
        """None: workers end with their parent."""
        return {}

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start jobs in free slots, each in a process of as many threads if there is one."""
        for job in jobs:
            free = [slot for slot in self.slots if slot.job is None]
            warm = [slot for slot in free if slot.process is not None and slot.threads == job.threads]
            try:
                (warm or free)[0].submit(job)
            except Exception as error:
                self._refused.append(refused(job.fingerprint, error))

    def wait(self, timeout_s: float) -> list[Outcome]:
        """What has ended."""
        if self._refused:
            told, self._refused = self._refused, []
            return told
        at_work = {slot.process.connection: slot for slot in self.slots if slot.job is not None and slot.process is not None}
        if not at_work:
            time.sleep(timeout_s)
        heard = [at_work[each] for each in connection.wait(list(at_work), timeout_s) if isinstance(each, connection.Connection)]
        return [outcome for slot in heard if (outcome := _outcome(slot)) is not None]

    def cancel(self, fingerprints: Collection[str]) -> None:
        """Ask the workers that have the jobs to save their state."""
        for slot in self.slots:
            if slot.job is not None and slot.job.fingerprint in fingerprints:
                slot.stop()

    def where(self, fingerprint: str) -> Place | None:
        """The process that has a job."""
        for slot in self.slots:
            if slot.job is not None and slot.process is not None and slot.job.fingerprint == fingerprint:
                return Place(machine.host(), str(slot.process.pid), slot.since, "running")
        return None

    def end(self) -> None:
        """End all processes, also those behind one that cannot be ended."""
        with ExitStack() as ends:
            for slot in self.slots:
                ends.callback(slot.end)


def _outcome(slot: Slot) -> Outcome | None:
    """What became of the job of a slot. Where that fails the job has died, so that what else was heard is not lost."""
    job = slot.job
    assert job is not None
    try:
        return slot.outcome()
    except Exception as error:
        with suppress(Exception):
            slot.end()
        return Outcome(job.fingerprint, "died", f"its process failed: {reason_of(error)}", log=slot.log)


def backend(asked: Request) -> Local:
    """The backend of this machine, as the config has it."""
    return Local(share(asked.workers, asked.threads, asked.trainings, asked.of_tensorflow), asked.folder)
