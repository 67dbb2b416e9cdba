"""What became of a run, a training or a trial so far: one set of words, and which of them each can have."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ablate.store.evaluations import is_step


class State(StrEnum):
    """A state. Files and outputs have its value."""

    NEW = "new"  # a training that was never begun
    TO_DO = "to do"  # what a plan has still to train
    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"  # begun, and nobody trains it
    DONE = "done"
    PRUNED = "pruned"  # ended early by a search
    DIVERGED = "diverged"
    FAILED = "failed"
    MISSING = "missing"  # a run that left no result
    LAPSED = "lapsed"  # a trial whose process is gone, and another goes on for
    SURPLUS = "surplus"  # a trial that two processes took at once
    DAMAGED = "damaged"
    UNKNOWN = "unknown"  # without results, and a folder that was not found or cannot be read

    @property
    def is_finished(self) -> bool:
        """Whether it ended and came to something, be it that it failed; such trials count towards n_trials."""
        return self in FINISHED

    @property
    def is_bad(self) -> bool:
        """Whether it ended without a value that it was to have."""
        return self in BAD


FINISHED = (State.DONE, State.PRUNED, State.DIVERGED, State.FAILED)  # what a result is, too
BAD = (State.FAILED, State.DIVERGED)
WELL = (State.PRUNED, State.DONE)
OF_TRAININGS = (State.RUNNING, State.DONE, State.DIVERGED, State.FAILED)  # that status.json has
OF_STORED = (State.RUNNING, State.STOPPED, State.DONE, State.DIVERGED, State.FAILED, State.NEW, State.DAMAGED)
OF_TRIALS = (State.WAITING, State.RUNNING, *FINISHED, State.LAPSED, State.SURPLUS)
OF_TUNED = (State.DONE, State.DIVERGED, State.FAILED, State.MISSING, State.PRUNED)  # of a run at a rate that is tried
LOOKED_AT = (
    State.RUNNING,
    State.STOPPED,
    State.WAITING,
    State.UNKNOWN,
    *BAD,
    *WELL,
)  # of what a sweep is seen to be at work on


def is_status(content: Mapping[str, Any]) -> bool:
    """Whether it is what status.json holds; versions before this wrote it without `rows`."""
    named = content.keys() | {"rows"} == {"state", "step", "error", "rows"} and content["state"] in OF_TRAININGS
    plain = isinstance(content["error"], str | None) if named else False
    return plain and is_step(content["step"]) and is_step(content.get("rows", 0))
