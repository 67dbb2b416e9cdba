"""What a training is to all that knows nothing of networks: engine, planning, searches, results and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ablate.readout import Readout

Resume = Literal["exact", "own", "never"]


@dataclass(frozen=True)
class Metric:
    """What a training is judged by.

    name: as its evaluations have it.
    unit: of a value as readers see it, `%` for fractions; empty where it has none.
    low, high: bounds of a value, None where there are none.
    """

    name: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    low: float | None = None
    high: float | None = None

    def allows(self, value: float) -> bool:
        """Whether it can be such a value; one that is not finite can."""
        return not ((self.low is not None and value < self.low) or (self.high is not None and value > self.high))


@dataclass(frozen=True)
class Work:
    """What a training costs, before it is done.

    kind: the speeds of trainings of one kind tell of each other where their `operations` are alike; empty where those of no
    other do. per_step, per_evaluation: in a unit of the trainer's own, in which its speed is told too. speeds: a folder where
    measured speeds of the kind are kept. sizes: what else of it is known beforehand, by the names that
    `planning.confounds.QUANTITIES` has, and `evaluation_images`; what is not known is not there.
    """

    kind: str = ""
    per_step: float = 1.0
    per_evaluation: float = 0.0
    speeds: Path | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """One training as a config asks for it. It goes to other processes, so all of it can be pickled.

    trainer: the name of who trains it. seed: the replicate number. readouts: the weights that each evaluation is done with;
    none where it has one value. grid: steps between two evaluations; None where the trainer decides. prefixes: whether a longer
    training begins as this one does. resume: how it goes on after a stop: `exact`, as if there had been none; `own`, in a way
    of its own; `never`, from the start. evaluation_set: what it is evaluated on. notes: what the user should know of it, a line
    each. payload: what the trainer itself knows of it.
    """

    trainer: str
    seed: int
    work: Work
    readouts: tuple[str, ...] = ()
    grid: int | None = None
    prefixes: bool = True
    resume: Resume = "never"
    evaluation_set: str = "evaluation"
    notes: tuple[str, ...] = ()
    payload: Any = None


@dataclass(frozen=True)
class Resources:
    """What a training is given. threads: of the processor. fixed: whether it was begun with as many, so that only they will do.

    at_once: how many trainings share the machine.
    """

    threads: int
    at_once: int = 1
    fixed: bool = False


class Watcher(Protocol):
    """Somebody who is told how a training goes."""

    def began(self, step: int) -> None:
        """It goes on from a step, 0 where it is new."""

    def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
        """Some steps were done; `loss` is that of the last, `per_second` the speed in the unit of `Work`."""

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""


class Report(Protocol):
    """What a trainer calls while it trains."""

    def began(self, step: int, where: Mapping[str, Any] | None = None) -> int:
        """It goes on from a step, 0 where it is new. Evaluations behind it that no run has read are forgotten.

        Args:
            where: with what it goes on from there, as env.json has it; None where the trainer has nothing to add.

        Returns:
            The step to evaluate at first, which may be this one.
        """

    def next_due(self, step: int) -> int:
        """The first step behind this one to evaluate at: of the grid, the last, or one that a run asked for meanwhile."""

    def row(self, step: int, values: Mapping[str, Any], predictions: Mapping[str, Any] | None = None) -> None:
        """Store an evaluation, unless it is there.

        Args:
            values: numbers by name, with the metrics among them. Where there are no `seconds`, those of the clock are added.
            predictions: the predicted class of each evaluation image, (images,), by readout, where there are such.
        """

    def saved(self, step: int) -> None:
        """The state of a step can be gone on from."""

    def alive(self, step: int, loss: float | None = None, per_second: float | None = None) -> None:
        """It has come to a step."""

    def stop(self) -> bool:
        """Whether to save the state, where that can be, and raise `Stopped`."""


class Trainer(Protocol):
    """What trains. It is found by its name, and keeps nothing between trainings; see `ablate.trainers`."""

    name: str
    metrics: tuple[Metric, ...]  # the first is the one that runs are judged by
    keys: tuple[str, ...]  # of the config, that it reads besides those of its own section `trainer`, of sweeps and of execution

    def read(self, config: Mapping[str, Any], chosen: Mapping[str, str]) -> tuple[Spec, Readout]:
        """The training that a resolved config asks for, and how it is read. No data are looked at yet.

        Args:
            chosen: the level of each config group.

        Raises:
            AblateError: one line about the first thing that is wrong with it.
        """

    def content(self, spec: Spec) -> dict[str, Any]:
        """All that changes what is trained, as plain JSON: what the fingerprint of the training hashes."""

    def check(self) -> None:
        """Refuse what would keep every training from starting, or change it: called once, before anything is started.

        Raises:
            AblateError: what it is.
        """

    def keep(self, spec: Spec, content: Mapping[str, Any], store: Path) -> None:
        """Keep in the store what a report reads besides evaluations, where it is missing; of a training that is there."""

    def prepare(self, spec: Spec, content: Mapping[str, Any], folder: Path, resources: Resources) -> int:
        """Make ready to train in this process, before anything of the training is written; the threads that it will have.

        Raises:
            AblateError: it cannot be trained as planned.
        """

    def train(self, spec: Spec, folder: Path, to: int, resources: Resources, report: Report) -> None:
        """Train in a folder up to a step. The caller holds its lock.

        Raises:
            Stopped: it was asked to stop, and has saved what can be.
            Diverged: it is of no use to go on.
        """
