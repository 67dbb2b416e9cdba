"""A trial that this process does: its runs, what they have so far, and what of it is news to the study."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import optuna

from ablate import readout
from ablate.planning import run_result
from ablate.planning.runs import Run
from ablate.search.spec import SearchSpec, examples
from ablate.store.state import BAD, State
from ablate.store.trials import Params


def _sound(run: Run) -> list[dict[str, Any]]:
    wanted = readout.needed(run.asked.readout.weights, run.asked.readout.metric)
    return [row for row in run.trajectory.rows() if readout.sound(row, wanted) and "seconds" in row]


def last_row(run: Run) -> dict[str, Any] | None:
    """The evaluation that a run is read at; None where it is missing. Where the trainer decides, the newest one."""
    found = run.asked.readout.read(_sound(run))
    return dict(found[-1]) if found else None


def grid_rows(run: Run) -> list[dict[str, Any]]:
    """The evaluations of a run so far: those of its own grid, and the one at its last step."""
    steps = {row["step"]: row for row in _sound(run) if run.asked.readout.is_own(row["step"])}
    return [row for _, row in sorted(steps.items())]


def reached(run: Run) -> tuple[int, float]:
    """(the step up to which a run is trained, in seconds of training), evaluations and checkpoints considered."""
    rows = [row for row in _sound(run) if row["step"] <= run.asked.step]
    saved = [int(path.stem) for path in run.trajectory.checkpoints()]
    last = rows[-1] if rows else {"step": 0, "seconds": 0.0}
    step = max([int(last["step"]), *(each for each in saved if each <= run.asked.step)])
    pace = float(last["seconds"]) / last["step"] if last["step"] else 0.0
    return step, float(last["seconds"]) + (step - last["step"]) * pace


@dataclass
class ActiveTrial:
    """One trial. before: by fingerprint, how far each of its trainings was when it began. told: the curve so far.

    shared: fingerprints of trainings that another trial at work began; what they cost is that one's.
    going: numbers of the runs that are not over. ends: of those that are, their results. pruned_at: what the pruner was told of
    when it ended the trial: examples of the budget, or how many seeds were done. whole: steps of trainings that end by
    themselves, 0 until that is known.
    """

    search: SearchSpec
    trial: optuna.Trial
    params: Params
    runs: Sequence[Run]
    before: dict[str, tuple[int, float]]
    began: float = field(default_factory=time.time)
    told: dict[int, tuple[int, float]] = field(default_factory=dict)  # examples of the budget: those trained in fact, value
    reported: set[int] = field(default_factory=set)  # steps that the pruner knows
    going: set[int] = field(default_factory=set)
    ends: dict[int, dict[str, Any]] = field(default_factory=dict)
    pruned_at: int | None = None
    error: str | None = None
    shared: set[str] = field(default_factory=set)
    whole: int = 0
    _looked: dict[int, int] = field(default_factory=dict)  # size of the file of evaluations, by run, at the last look

    @property
    def number(self) -> int:
        """Its number in the study."""
        return self.trial.number

    @property
    def over(self) -> bool:
        """Whether nothing of it will be trained any more."""
        return (
            self.pruned_at is not None or self.error is not None or any(one["status"] != "done" for one in self.ends.values())
        )

    @property
    def state(self) -> State:
        """What it came to, once nothing of it is at work: of one that was pruned that, however its trainings ended then."""
        if self.pruned_at is not None:
            return State.PRUNED
        states = {end["status"] for end in self.ends.values()}
        return next((each for each in BAD if each in states), State.DONE)

    def exploded(self, run: Run) -> None:
        """Take in that a run has diverged, which would go on all the same, finite and dead."""
        result = run_result.read(run.asked, run.trajectory)
        assert result is not None
        self.ends[run.number] = result

    def changed(self) -> bool:
        """Whether any of its trainings was evaluated since the last call."""
        sizes = {}
        for run in self.runs:
            path = run.trajectory.path / "metrics.jsonl"
            sizes[run.number] = path.stat().st_size if path.exists() else 0
        before, self._looked = self._looked, sizes
        return before != sizes

    def news(self) -> list[tuple[int, float]]:
        """(examples of the budget, value) that the study was not told yet: the mean over seeds, where all were evaluated."""
        curves = [self._curve(run) for run in self.runs]
        shared = set(curves[0]).intersection(*curves[1:])
        found = {at: (curves[0][at][0], fmean(curve[at][1] for curve in curves)) for at in sorted(shared - set(self.told))}
        usable = {at: point for at, point in found.items() if math.isfinite(point[1])}
        self.told |= usable
        return [(at, value) for at, (_, value) in usable.items()]

    def _curve(self, run: Run) -> dict[int, tuple[int, float]]:
        """(examples, value) of a run by what they stand for in the budget; of two evaluations for the same the first."""
        curve: dict[int, tuple[int, float]] = {}
        for row in grid_rows(run):
            at = self.search.budget.resource(row["step"], run.asked)
            if at is not None:
                value = self.search.objectives(run, row, row["seconds"])[self.search.settings.of_curves]
                curve.setdefault(at, (row["step"] * examples(run.asked), value))
        return curve

    def by_seed(self) -> list[tuple[int, float]]:
        """(place of the seed, value) of the runs that are done, in the order of the seeds."""
        found = []
        for place, run in enumerate(self.runs):
            row = last_row(run) if self.ends.get(run.number, {}).get("status") == "done" else None
            if row is not None:
                found.append((place, self.search.objectives(run, row, row["seconds"])[0]))
        return found

    def curve(self) -> list[tuple[int, float]]:
        """(examples, value) of the trial: up to where it was pruned or diverged; where it ended after some seeds, of those."""
        ends = {run.number: (self.ends.get(run.number) or {}, run) for run in self.runs}
        burst = [end["step"] * examples(run.asked) for end, run in ends.values() if end.get("status") == "diverged"]
        return [(at, value) for at, value in self._whole_curve() if not burst or at < min(burst)]

    def _whole_curve(self) -> list[tuple[int, float]]:
        if not self.search.settings.by_seed:
            told = (point for at, point in sorted(self.told.items()) if self.pruned_at is None or at <= self.pruned_at)
            return [(at, value) for at, value in told if math.isfinite(value)]
        curves = [self._curve(run) for run in self.runs if self.ends.get(run.number, {}).get("status") == "done"]
        shared = set(curves[0]).intersection(*curves[1:]) if curves else set()
        return [(curves[0][at][0], fmean(curve[at][1] for curve in curves)) for at in sorted(shared)]

    def values(self) -> list[float]:
        """What the whole trial scores: the mean over its seeds at their last step, of seconds the sum."""
        scores = []
        for run in self.runs:
            row = last_row(run)
            assert row is not None
            scores.append(self.search.objectives(run, row, row["seconds"]))
        means = [fmean(column) for column in zip(*scores, strict=True)]
        named = dict(zip(self.search.settings.objectives, means, strict=True))
        if "seconds" in named:
            named["seconds"] *= len(self.runs)
        return list(named.values())

    def record(self) -> dict[str, Any]:
        """What the study keeps of it beside Optuna's own: how far it came and what it cost."""
        curve = self.curve()
        trained = {run.trajectory.fingerprint: (run, *reached(run)) for run in self.runs}
        done = reused = 0
        seconds = reused_seconds = 0.0
        for name, (run, step, taken) in trained.items():
            at_first, seconds_first = (step, taken) if name in self.shared else self.before.get(name, (0, 0.0))
            done += max(0, step - at_first) * examples(run.asked)
            reused += min(step, at_first) * examples(run.asked)
            seconds += max(0.0, taken - seconds_first)
            reused_seconds += min(taken, seconds_first)
        return {
            "curve": curve,
            "examples": done,
            "seconds": seconds,
            "reused_examples": reused,
            "reused_seconds": reused_seconds,
            "planned": sum(self._planned(run, step) for run, step, _ in trained.values()),
            "came": max((at for at, _ in curve), default=0),
            "error": self.error or next((one["error"] for one in self.ends.values() if one["status"] != "done"), None),
        }

    def _planned(self, run: Run, step: int) -> int:
        """The examples of a whole training; where it ends by itself as far as that is known. step: that it has reached."""
        if self.search.budget.examples is not None:
            return run.asked.step * examples(run.asked)
        return step if self.ends.get(run.number, {}).get("status") == "done" else max(step, self.whole)

    @property
    def is_whole(self) -> bool:
        """Whether all of its trainings are at their end."""
        return all(run_result.read(run.asked, run.trajectory) is not None for run in self.runs)

    def inherit(self, run: Run) -> None:
        """Pay from here on for a training that it shared with a trial that is over."""
        self.shared.discard(run.trajectory.fingerprint)
        self.before[run.trajectory.fingerprint] = reached(run)

    def result(self, run: Run) -> dict[str, Any]:
        """`result.json` of one of its runs, once it is over."""
        found = self.ends.get(run.number)
        if self.pruned_at is None or self.search.settings.by_seed:
            return found if found is not None else run_result.pruned(run.asked, run.trajectory, reached(run)[0])
        seen = self.told[self.pruned_at][0] if self.pruned_at in self.told else 0
        return run_result.pruned(run.asked, run.trajectory, seen // examples(run.asked))  # it may have gone on for a moment
