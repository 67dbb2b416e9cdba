"""A run is an arm with a seed, read off a training; several runs may stand on one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.store import Trajectory
from ablate.store.checkpoints import resumable
from ablate.store.sweep_runs import SweepReadout, SweepRun
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
        last, newest = self.asked.readout.last, self.asked.readout.last > 1 and self.asked.readout.grid is None
        readout = SweepReadout(weights, step, last, newest)
        return SweepRun(self.number, self.arm, self.seed, self.overrides, fingerprint, readout, every)


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
    def parts(self) -> list[tuple[int, int]]:
        """(the step that it goes on from, to the step of a run) for each run that ends at another; 0 for the start."""
        found: list[tuple[int, int]] = []
        for run in self.runs:
            readout = run.asked.readout
            if found and found[-1][1] == readout.step:
                continue
            saved = next(resumable(self.trajectory, readout.step, run.asked.grid, readout.steps), None)
            begun = 0 if saved is None else int(saved.stem)
            before = found[-1][1] if found else 0  # which is saved by then
            found.append((max(begun, before) if before <= readout.steps[0] else begun, readout.step))
        return found

    @property
    def left(self) -> int:
        """How many steps are left to do."""
        return sum(to - begun for begun, to in self.parts)


def trainings(runs: Sequence[Run]) -> list[Training]:
    """The different trajectories that the runs stand on, in order of their first run."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.trajectory.fingerprint, []).append(run)
    return [Training(tuple(sorted(group, key=lambda run: run.asked.step))) for group in groups.values()]
