"""What there is to say about a sweep at one moment."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ablate.metrics import ACCURACY
from ablate.store.state import BAD, LOOKED_AT, WELL, State


@dataclass(frozen=True)
class RunStatus:
    """A run of the sweep, and what became of it so far. A run is at work when its training is."""

    number: int
    state: State


@dataclass(frozen=True)
class TrainingStatus:
    """One trajectory that runs of the sweep stand on, and how far it is.

    What is not known is None.

    label: the arm; where several stand on it, the first of them.
    shared_by: the other arms, in the order of their runs.
    weights: `raw` or `averaged`, that the longest run reads.
    step: how far it has come (0 where that is unknown), of `target`, the largest that its runs ask for; where
        it ends by itself the expected one, 0 where nothing tells.
    began: the step that it went on from, while it is trained.
    loss: of the last step, while it is trained.
    accuracy: what it is judged by, `metric`, at step `evaluated`.
    seconds_per_step: of training.
    seconds_left, silent_seconds: until its end, and since its last word, while it is trained.
    error, trace: in one line, and the file with the whole of it.
    phase: what it does while it takes no steps, as `compiling` and `evaluating`; empty while it does.
    """

    fingerprint: str
    label: str
    seed: int
    weights: str
    runs: tuple[RunStatus, ...]
    state: State
    step: int
    target: int
    began: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    metric: str = ACCURACY
    evaluated: int | None = None
    examples_per_second: float | None = None
    seconds_per_step: float | None = None
    seconds_left: float | None = None
    silent_seconds: float | None = None
    error: str | None = None
    trace: Path | None = None
    phase: str = ""
    shared_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Which training it is, for a line of text."""
        return f"{self.label}, seed {self.seed}"


@dataclass(frozen=True)
class Evaluation:
    """What a training reached at a step: accuracy as a fraction, and its speed since the evaluation before."""

    step: int
    accuracy: float | None
    examples_per_second: float | None


@dataclass(frozen=True)
class Holder:
    """The process that works on the sweep, and since how many seconds; None where clocks contradict each other."""

    pid: int
    host: str
    seconds: float | None


@dataclass(frozen=True)
class SearchStatus:
    """How far a search is. trials: to be finished; finished: counts by state; best: the best trial so far, for a line.

    caution: what is to be known of its result; None where nothing is.
    """

    trials: int
    finished: Mapping[State, int]
    best: str | None
    caution: str | None = None

    @property
    def over(self) -> bool:
        """Whether all trials are finished."""
        return sum(self.finished.values()) >= self.trials


@dataclass(frozen=True)
class Snapshot:
    """A sweep at one moment.

    trainings: in order of their first run; none where the sweep is not planned yet.
    holder: None where nobody works on the sweep.
    seconds_left: until all is trained, if the trainings keep their speed and as many go on at once as now; None where that is
        not known.
    notes: what a reader should be told about the files, a line each.
    store: where the trajectories are; None where that was not found.
    search: of a search, whose trainings are those of the trials so far.
    head: what is trained, on which data, to which step.
    by_call: whether a call in Python trains it, and no command line.
    """

    folder: Path
    trainings: tuple[TrainingStatus, ...]
    holder: Holder | None
    seconds_left: float | None
    notes: tuple[str, ...]
    store: Path | None = None
    search: SearchStatus | None = None
    head: tuple[str, ...] = ()
    by_call: bool = False

    def as_said(self, before: "Snapshot", silent: Collection[str]) -> "Snapshot":
        """The same, with the newest evaluation as it was before of the trainings that nothing is said of yet."""
        earlier = {one.fingerprint: one.evaluated for one in before.trainings if one.fingerprint in silent}
        held = tuple(
            replace(one, evaluated=earlier[one.fingerprint]) if one.fingerprint in earlier else one for one in self.trainings
        )
        return replace(self, trainings=held)

    @property
    def share_done(self) -> float:
        """How much of all steps is done, 0 to 1; of a search, of its trials."""
        if self.search is not None:
            at_work = sum(one.step / max(1, one.target) for one in self.of(State.RUNNING))
            return min(1.0, (sum(self.search.finished.values()) + at_work) / max(1, self.search.trials))
        whole = sum(one.target for one in self.trainings)
        ended = sum(one.target if one.state in (*WELL, *BAD) else one.step for one in self.trainings)
        return ended / whole if whole else 0.0

    @property
    def runs(self) -> tuple[RunStatus, ...]:
        """All runs."""
        return tuple(run for training in self.trainings for run in training.runs)

    def of(self, *states: State) -> tuple[TrainingStatus, ...]:
        """The trainings in these states, state by state."""
        return tuple(training for state in states for training in self.trainings if training.state == state)

    @property
    def steps_done(self) -> int:
        """Steps that were trained."""
        return sum(training.step for training in self.trainings)

    @property
    def steps_left(self) -> int:
        """Steps to train, as far as that is known; those that failed or diverged are not waited for."""
        return sum(training.target - training.step for training in self.of(State.RUNNING, State.STOPPED, State.WAITING))

    @property
    def all_done(self) -> bool:
        """Whether every training is done, as far as it was to be."""
        return len(self.of(*WELL)) == len(self.trainings) and (self.search is None or self.search.over)

    @property
    def ended(self) -> bool:
        """Whether every training is done, failed or diverged."""
        return len(self.of(*WELL, *BAD)) == len(self.trainings) and (self.search is None or self.search.over)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON-able content, with the totals."""
        steps = {"steps_done": self.steps_done, "steps_left": self.steps_left}
        totals = {"trainings": counts(self.trainings), "runs": counts(self.runs), **steps}
        content: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))  # paths as text
        content["trainings"] = [
            {one["metric"] if key == "accuracy" else key: value for key, value in one.items() if key != "metric"}
            for one in content["trainings"]
        ]
        return content | {"totals": totals}


def counts(items: Sequence[TrainingStatus] | Sequence[RunStatus]) -> dict[str, int]:
    """How many there are, in all and in each state."""
    return {"all": len(items)} | {state: sum(item.state == state for item in items) for state in LOOKED_AT}
