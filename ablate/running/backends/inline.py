"""Trainings in this very process, one after another: what it has in memory need not be sent anywhere."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Self

from ablate import machine
from ablate.errors import AblateError
from ablate.resources import Share, share
from ablate.running import signals
from ablate.running.backend import Job, Outcome, Place, Request
from ablate.running.worker import work

MEANWHILE_S = 0.05  # between two calls


class Inline:
    """The back end of this process: a training goes on while `wait` is called, until it has ended.

    meanwhile: called while it does, whenever the training asks whether to stop, which `cancel` may then say.
    """

    places = 1
    shared_files = True

    def __init__(self, share: Share) -> None:
        self.share = share
        self.meanwhile: Callable[[], None] | None = None
        self._job: Job | None = None
        self._canceled: set[str] = set()
        self._looked_at = 0.0

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
        self._canceled.clear()
        return [] if job is None else [work(job, self._is_asked_to_stop)]

    def _is_asked_to_stop(self, fingerprint: str) -> bool:
        if self.meanwhile is not None and time.monotonic() >= self._looked_at + MEANWHILE_S:
            self.meanwhile()
            self._looked_at = time.monotonic()
        return signals.status() is not None or fingerprint in self._canceled

    def cancel(self, fingerprints: Collection[str]) -> None:
        """Have what is at work stop, where `meanwhile` calls this."""
        self._canceled.update(fingerprints)

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
