"""The interface of a trainer to all that knows nothing of networks: engine, planning, searches, results, and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from ablate.metrics import Metric
from ablate.readout import Readout

__all__ = ["Abandons", "Metric", "Report", "Resources", "Resume", "Spec", "Trainer", "Watcher", "Work"]

Resume = Literal["exact", "own", "never"]


@dataclass(frozen=True)
class Work:
    """What a training costs, before it is done.

    kind: trainings of the same kind and with similar `operations` predict each other's speed; empty if none do.
    per_step, per_evaluation: work in a unit of the trainer's choice, in which its speed is reported, too.
    speeds: a folder for measured speeds of this kind.
    sizes: what else is known in advance, by the names in `planning.confounds.QUANTITIES` and `evaluation_images`; what is
        unknown is left out.
    """

    kind: str = ""
    per_step: float = 1.0
    per_evaluation: float = 0.0
    speeds: Path | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """One training as a config asks for it. It is sent to other processes, so all of it must be picklable.

    trainer: the trainer's name.
    seed: the replicate number.
    readouts: the weights that each evaluation uses, `raw` and `averaged`; empty if it has one value.
    grid: steps between two evaluations; None if the trainer decides.
    prefixes: whether a longer training begins exactly like this one.
    resume: how it resumes after a stop: `exact`, as if never stopped; `own`, in the trainer's own way; `never`, from the start.
    evaluation_set: what it is evaluated on: `test`, `validation`, or `evaluation` where the trainer does not say.
    notes: what the user should know about it, one line each.
    payload: whatever else the trainer needs.
    metrics: what its evaluations have, the first what it is judged by; those of the trainer where it names none.
    margins: of each of these, what differences do not matter; None where that is not fixed here, and empty where none is.
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
    metrics: tuple[Metric, ...] = ()
    margins: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Resources:
    """What a training is given. threads: CPU threads. fixed: whether it was begun with this many and has to keep them.

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
        """Training starts at a step: 0 if it is new. Evaluations after it that no run has read are discarded.

        Args:
            where: the environment from here on, as in env.json; None for the usual entries.

        Returns:
            The first step to evaluate at, which may be this one.
        """

    def missing(self) -> int:
        """The first step to evaluate at, for the run that it is trained for, that has no evaluation: it resumes up to there."""

    def next_due(self, step: int) -> int:
        """The next step to evaluate at: on the grid, the last one, or one that a run has asked for in the meantime."""

    def keeps(self, step: int) -> bool:
        """Whether to save the state after the evaluation at this step: not at those before the end that are only averaged."""

    def row(self, step: int, values: Mapping[str, Any], predictions: Mapping[str, Any] | None = None) -> bool:
        """Store an evaluation, unless it is there; whether it was not. One that is there has to be the same.

        Args:
            values: numbers by name, with the metrics among them. If `seconds` is missing, the elapsed time is added.
            predictions: the predicted class of each evaluation image, (images,), by readout, if there are any.
        """

    def saved(self, step: int) -> None:
        """The state at a step was saved; training can resume from it."""

    def alive(self, step: int, loss: float | None = None, per_second: float | None = None) -> None:
        """Training has reached a step."""

    def stop(self) -> bool:
        """Whether to save the state, where that can be, and raise `Stopped`."""


class Trainer(Protocol):
    """A trainer. It is found by its name, and keeps no state between trainings; see `ablate.trainers`."""

    name: str
    metrics: tuple[Metric, ...]  # the first is the one that runs are judged by, unless a training's `Spec` names its own
    keys: tuple[str, ...]  # of the config, that it reads besides those of its own section `trainer`, of sweeps and of execution

    def read(self, config: Mapping[str, Any], chosen: Mapping[str, str]) -> tuple[Spec, Readout]:
        """The training that a resolved config asks for, and how it is read. No data are looked at yet.

        Args:
            chosen: the level of each config group.

        Returns:
            Both; the step of the latter is `readout.END` where the trainer ends by itself.

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
        """For a training that is in the store already: add what a report reads besides evaluations, if it is missing."""

    def prepare(self, spec: Spec, content: Mapping[str, Any], folder: Path, resources: Resources) -> int:
        """Make ready to train in this process, before anything of the training is written; the threads that it will have.

        Raises:
            AblateError: it cannot be trained as planned.
        """

    def train(self, spec: Spec, folder: Path, to: int, resources: Resources, report: Report) -> None:
        """Train in a folder up to a step, or to the trainer's own end at `readout.END`. The caller holds its lock.

        Raises:
            Stopped: it was asked to stop, and has saved what can be.
            Diverged: there is no point in training further.
        """


@runtime_checkable
class Abandons(Protocol):
    """A trainer whose trainings have processes of their own, which do not end with the one that trains."""

    def abandon(self, folder: Path, worker: int) -> None:
        """End what a process that is gone has left running, and nothing else.

        Args:
            folder: of a training. worker: the number of the process that was at it.
        """
