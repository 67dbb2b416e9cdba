"""Where trainings are done: what any place has to offer, and the words that go back and forth."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from ablate.readout import Readout
from ablate.resources import Amount, Share
from ablate.trainer import Spec

Cause = Literal["error", "killed", "memory", "time_limit", "preempted", "node", "lost", "refused"]
OF_THE_PLACE: frozenset[Cause] = frozenset({"preempted", "node", "lost"})  # no fault of the training's own


@dataclass(frozen=True)
class Job:
    """One trajectory to be trained, as it is sent to another process or machine.

    readouts: of the runs that share it, one per step, shortest first. content: what the fingerprint hashes. names: the chosen
    levels. threads: to train with. at_once: how many trainings share the machine.
    """

    fingerprint: str
    store: Path
    spec: Spec
    readouts: tuple[Readout, ...]
    content: Mapping[str, Any]
    names: Mapping[str, str]
    threads: int
    at_once: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    ended: all was trained that can be, whether it is done or diverged is in the trajectory. stopped: it was asked to, and has
    saved its state. busy: another process trains the trajectory. failed: an error, told in `error`, in whole in `trace`.
    died: its process did; `error` says how, and `log` is the file with its last words. warnings: what was logged, a line each.
    cause: of what failed or died. error: of the training or its process. killed: by a signal. memory: it had too little.
    time_limit: that of the place was over. preempted: the place was given to another. node: its machine went down. lost:
    nobody knows of it any more. refused: it was not started.
    """

    fingerprint: str
    state: Literal["ended", "stopped", "busy", "failed", "died"]
    error: str = ""
    trace: str = ""
    log: Path | None = None
    warnings: tuple[str, ...] = ()
    cause: Cause = "error"


@dataclass(frozen=True)
class Place:
    """Where a job is. job: its number there. since: when it came to be so, in seconds since 1970."""

    host: str
    job: str
    since: float
    state: Literal["waiting", "running"]


@dataclass(frozen=True)
class Request:
    """What a back end is made for.

    workers, threads: of the config. trainings: how many are to be done. folder: for logs. of_tensorflow: see `resources.gpus`.
    """

    workers: Amount
    threads: Amount
    trainings: int
    folder: Path
    of_tensorflow: bool = True


def reason_of(error: Exception) -> str:
    """Why something failed, in one line of few words."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower() + (f" ({error.filename})" if error.filename else "")
    return " ".join(str(error).split()) or type(error).__name__


def refused(fingerprint: str, error: Exception) -> Outcome:
    """That of a job that could not be started."""
    return Outcome(fingerprint, "died", f"its process could not be started: {reason_of(error)}", cause="refused")


class Backend(AbstractContextManager["Backend"], Protocol):
    """A place where trainings are done, many at once.

    One that is made has started nothing, and can be asked for its properties; it works within `with`, and what it started has
    ended, or goes on by itself, after that.
    """

    @property
    def places(self) -> int | None:
        """How many at once; None where it takes as many as it is given, as it may with `workers=auto` alone."""

    @property
    def share(self) -> Share:
        """The threads and GPUs of a training, and how many of them share a machine."""

    @property
    def shared_files(self) -> bool:
        """Whether its workers see the store, so that the evaluations of what is at work can be read here."""

    @property
    def pace_key(self) -> str:
        """Whose measured speed a forecast may use: the host, as trainings record it."""

    def room(self, threads: Sequence[int]) -> bool:
        """Whether jobs of so many threads each could all be submitted now."""

    def adopt(self, fingerprints: Collection[str]) -> Mapping[str, str]:
        """Those of the jobs that are still at work from a process that died: the number of each there. `wait` tells of them."""

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start jobs; there is room for them. One that cannot be started is told by `wait`, as died and refused.

        Raises:
            Exception: none of them could be started.
        """

    def wait(self, timeout_s: float) -> list[Outcome]:
        """What has ended since the last call; waits for the first of them, at most so long."""

    def cancel(self, fingerprints: Collection[str]) -> None:
        """Ask jobs to save their state and end; `wait` tells when they did. One that is not there is no error."""

    def where(self, fingerprint: str) -> Place | None:
        """Where a job is; None where it is not there."""


@runtime_checkable
class Blocks(Protocol):
    """A back end whose `wait` returns only when a training has ended."""

    meanwhile: Callable[[], None] | None  # called now and then while it waits; it may cancel what is at work
