"""A run is an arm with a seed, read off a training; several runs may stand on one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.store import Trajectory
from ablate.store.checkpoints import resumable
from ablate.store.sweep import SweepReadout, SweepRun
from ablate.trainers import Asked


@dataclass(frozen=True)
class Run:
    """One arm with one seed. overrides: what gives this run on the command line."""

    number: int
    arm: int
    seed: int
    overrides: tuple[str, ...]
    asked: Asked
    trajectory: Trajectory
    content: Mapping[str, Any]  # what the fingerprint hashes
    names: Mapping[str, str]  # the chosen level of each config group

    @property
    def readout(self) -> tuple[str, str, int]:
        """What the run is read off: fingerprint, weights and step."""
        return self.trajectory.fingerprint, self.asked.readout.weights, self.asked.step

    @property
    def noted(self) -> SweepRun:
        """The run as sweep.json and the plan show it."""
        fingerprint, weights, step = self.readout
        every = self.asked.spec.grid or 1  # where the trainer decides, each of its evaluations is the run's
        return SweepRun(self.number, self.arm, self.seed, self.overrides, fingerprint, SweepReadout(weights, step), every)


@dataclass(frozen=True)
class Training:
    """One trajectory that runs of a sweep stand on. runs: those of them that are looked at, shortest first."""

    runs: tuple[Run, ...]

    @property
    def trajectory(self) -> Trajectory:
        """The folder that is trained in."""
        return self.runs[0].trajectory

    @property
    def asked(self) -> Asked:
        """That of the longest run."""
        return self.runs[-1].asked

    @property
    def begun(self) -> int:
        """The step of the newest checkpoint that the training would go on from; 0 where there is none."""
        found = next(resumable(self.trajectory, self.asked.step, self.asked.grid), None)
        return 0 if found is None else int(found.stem)

    @property
    def left(self) -> int:
        """How many steps are left to do."""
        return self.asked.step - self.begun


def trainings(runs: Sequence[Run]) -> list[Training]:
    """The different trajectories that the runs stand on, in order of their first run."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.trajectory.fingerprint, []).append(run)
    return [Training(tuple(sorted(group, key=lambda run: run.asked.step))) for group in groups.values()]
