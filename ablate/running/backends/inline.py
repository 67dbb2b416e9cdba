"""Trainings in this very process, one after another: what it has in memory need not be sent anywhere."""

from collections.abc import Collection, Mapping, Sequence
from typing import Self

from ablate import machine
from ablate.errors import AblateError
from ablate.resources import Share, share
from ablate.running import signals
from ablate.running.backend import Job, Outcome, Place, Request
from ablate.running.worker import work


class Inline:
    """The back end of this process: a training goes on while `wait` is called, until it has ended."""

    places = 1
    shared_files = True

    def __init__(self, share: Share) -> None:
        self.share = share
        self._job: Job | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left of it."""

    @property
    def pace_key(self) -> str:
        """Its own host."""
        return machine.host()

    def room(self, threads: Sequence[int]) -> bool:
        """Whether nothing is waiting to be done, and no more than one training is asked for."""
        return self._job is None and len(threads) <= 1

    def adopt(self, fingerprints: Collection[str]) -> Mapping[str, str]:
        """None: what it trains ends with it."""
        return {}

    def submit(self, jobs: Sequence[Job]) -> None:
        """Keep the job for `wait`."""
        [self._job] = jobs

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Train, however long it takes; a signal that asks this process to end asks the training to stop."""
        job, self._job = self._job, None
        return [] if job is None else [work(job, lambda fingerprint: signals.status() is not None)]

    def cancel(self, fingerprints: Collection[str]) -> None:
        """Have a job that is waiting asked to stop: nothing else can be at work while this is called."""

    def where(self, fingerprint: str) -> Place | None:
        """Nowhere: while this is called nothing is at work."""
        return None


def backend(asked: Request) -> Inline:
    """The back end of this process, as the config has it.

    Raises:
        AblateError: more than one worker is asked for.
    """
    if asked.workers not in ("auto", 1):
        raise AblateError(f"hydra/launcher=inline has one worker, got workers={asked.workers}. Use hydra/launcher=local.")
    return Inline(share(1, asked.threads, asked.trainings, asked.of_tensorflow))
