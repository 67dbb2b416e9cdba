"""Where trainings are done: what any place has to offer, and the words that go back and forth."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from ablate.config.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """One trajectory to be trained, as it is sent to another process or machine.

    recipes: of the runs that stand on it, shortest first, each with the threads to train with. content: what the fingerprint
    hashes. names: the chosen levels. at_once: how many trainings share the machine.
    """

    fingerprint: str
    store: Path
    recipes: tuple[Recipe, ...]
    content: Mapping[str, Any]
    names: Mapping[str, str]
    at_once: int

    @property
    def threads(self) -> int:
        """Threads to train with."""
        return self.recipes[0].threads


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    ended: all was trained that can be, whether it is done or diverged is in the trajectory. stopped: it was asked to, and has
    saved its state. busy: another process trains the trajectory. failed: an error, told in `error`, in whole in `trace`.
    died: its process did; `error` says how, and `log` is the file with its last words. warnings: what was logged, a line each.
    """

    fingerprint: str
    state: Literal["ended", "stopped", "busy", "failed", "died"]
    error: str = ""
    trace: str = ""
    log: Path | None = None
    warnings: tuple[str, ...] = ()


def reason_of(error: Exception) -> str:
    """Why something failed, in one line of few words."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower() + (f" ({error.filename})" if error.filename else "")
    return " ".join(str(error).split()) or type(error).__name__


class Backend(Protocol):
    """A place where trainings are done, many at once."""

    def room(self, threads: int) -> bool:
        """Whether a job of that many threads could start now."""

    def submit(self, job: Job) -> None:
        """Start a job; there is room for it."""

    def wait(self, timeout_s: float) -> list[Outcome]:
        """What has ended since the last call; waits for the first of them, at most so long."""

    def cancel(self, fingerprint: str) -> None:
        """Ask a job to save its state and end; `wait` tells when it did. One that is not there is no error."""
