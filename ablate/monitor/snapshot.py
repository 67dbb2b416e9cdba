"""A sweep at one moment, from its files alone: what was trained, what is at work, what failed, how long it will take.

Looking disturbs nothing: no lock is tried and nothing is written. What is missing or damaged is told in notes, never raised.
"""

import heapq
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from ablate.errors import AblateError
from ablate.monitor import trials as of_trials
from ablate.monitor.states import BAD, Evaluation, Holder, RunStatus, SearchStatus, Snapshot, State, TrainingStatus
from ablate.planning.folders import find_store
from ablate.planning.run_result import TRACE
from ablate.readout import Readout, column, diverged_loss_of, read_off
from ablate.store import RECENT, SWEEP, Trajectory, alive, known_sweeps, read_json, record, result_file, sweep_file, trials_file
from ablate.store.record import Trial
from ablate.store.result_file import RESULT, Stored
from ablate.store.sweep import Sweep, SweepArm, SweepRun

RUNNING = "running.json"  # pid, host, time (of its last word) and started, of the process that works on the sweep

_FIRST_TOLD: tuple[State, ...] = (
    "running",
    *BAD,
    "stopped",
    "waiting",
    "unknown",
    "done",
    "pruned",
)  # of a training whose runs differ

_DAMAGED = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what reading other content than expected raises


def snapshot(folder: Path) -> Snapshot:
    """A sweep as its files show it now.

    A run counts as done by its result.json, or where nobody works on the sweep when its trajectory has the evaluation at its
    step; whoever works on it has still to judge whether the run diverged. The evaluations of a training whose runs have their
    results are not read. What failed before the process began that works on the sweep now
    has not failed yet: it is tried again.
    """
    now = time.time()
    holder = _holder(folder, now)
    began = now - holder.seconds if holder is not None and holder.seconds is not None else 0.0
    if _changed(folder / SWEEP) == math.inf:
        return Snapshot(folder, (), holder, None, ())
    try:
        planned, store, named, search, begun, limit = _read_sweep(folder)
    except ValueError as error:
        return Snapshot(folder, (), holder, None, (str(error),))
    notes: list[str] = []
    trainings = []
    for training in planned:
        found = [_stored(folder, training, run, notes) for run in training.runs]
        results = [
            _of_trial(one, run, begun) if search is not None else _result(folder, run, one, began)
            for one, run in zip(found, training.runs, strict=True)
        ]
        seen = _read_off(training, results) if all(one.sealed for one in found) else None
        if seen is None:
            seen = _UNKNOWN if store is None else _look_into(Trajectory(store, training.fingerprint), training, began, notes)
            results = [
                _derived(run, one, result, seen, limit) for run, one, result in zip(training.runs, found, results, strict=True)
            ]
        trainings.append(_status(folder, training, results, seen, now, holder is not None))
    if store is None and any(training.state == "unknown" for training in trainings):
        above = "" if Path(named).is_absolute() else f" from the current folder and from every folder above {folder.resolve()}"
        notes.append(
            f"no trajectory of this sweep was found, so it is unknown how far what has no result is; looked for {named}{above}"
        )
    left = _all_left(planned, trainings, holder is not None)
    if search is not None and left is not None:
        more = of_trials.not_begun(search, begun, sum(training.state == "running" for training in trainings))
        left = None if more is None else left + more
    return Snapshot(folder, tuple(trainings), holder, left, tuple(notes), store, search)


def evaluations(seen: Snapshot, training: TrainingStatus, after: int) -> list[Evaluation]:
    """A training's evaluations from behind the step `after` to the newest that was seen; none where they cannot be read."""
    last = training.evaluated or 0
    if seen.store is None or last <= after:
        return []
    try:
        rows = Trajectory(seen.store, training.fingerprint).rows()
    except AblateError:
        return []
    return [
        Evaluation(row["step"], _number(row.get(column("accuracy", training.weights))), _number(row.get(RECENT)))
        for row in rows
        if after < row["step"] <= last
    ]


@dataclass(frozen=True)
class _Planned:
    """A trajectory and the runs that stand on it, as sweep.json has them."""

    fingerprint: str
    label: str
    runs: tuple[SweepRun, ...]

    @property
    def longest(self) -> SweepRun:
        """The first of the runs that ask for the most steps."""
        return max(self.runs, key=lambda run: run.readout.step)

    @property
    def arms(self) -> tuple[int, ...]:
        return tuple(run.arm for run in self.runs)


def _read_sweep(folder: Path) -> tuple[list[_Planned], Path | None, str, SearchStatus | None, list[Trial], float]:
    """The trainings of a sweep, its store where that is found, how sweep.json names it, of a search its trials; a loss.

    Above that training loss a run has diverged.

    Raises:
        ValueError: its sweep.json cannot be used; the message says why.
    """
    try:
        file = sweep_file.read(folder)
        if file is None:
            raise ValueError(f"{folder / SWEEP} is gone.")
        whole, trials = trials_file.whole(file.sweep, folder)
        search = of_trials.status_of(whole, trials) if whole.is_search else None
        return _planned(whole), _store(whole, folder), whole.store, search, trials, diverged_loss_of(whole)
    except AblateError as error:
        raise ValueError(str(error)) from error
    except (*_DAMAGED, OSError):
        raise ValueError(f"{folder / trials_file.TRIALS} is damaged. Rerun the search's command to rewrite it.") from None


def _store(planned: Sweep, folder: Path) -> Path | None:
    """Where the trajectories are; before there is one, the store seen from here in which the sweep is registered."""
    found = find_store(planned, folder)
    if found is None:
        here = Path(planned.store)
        with suppress(AblateError):
            return here if any(sweep.folder == folder.resolve() for sweep in known_sweeps(here)) else None
    return found


def _planned(sweep: Sweep) -> list[_Planned]:
    runs: dict[str, list[SweepRun]] = {}
    for run in sweep.runs:
        runs.setdefault(run.fingerprint, []).append(run)
    return [_Planned(name, _label(sweep.arms, [run.arm for run in group]), tuple(group)) for name, group in runs.items()]


def _label(arms: Sequence[SweepArm], numbers: Sequence[int]) -> str:
    """The first of the arms that share a training, and the levels in which they differ: `augment: on → off (ema: on, off)`."""
    levels = [arms[number].levels for number in numbers]
    shared = {factor: list(dict.fromkeys(str(arm[factor]) for arm in levels)) for factor in levels[0]}
    differ = "; ".join(f"{factor}: {', '.join(found)}" for factor, found in shared.items() if len(found) > 1)
    return arms[numbers[0]].label + (f" ({differ})" if differ else "")


def _holder(folder: Path, now: float) -> Holder | None:
    content = read_json(folder / RUNNING)
    if not isinstance(content, dict) or not alive(content):
        return None
    started = _number(content.get("started"))
    seconds = None if started is None or started > now else now - started
    return Holder(_whole(content.get("pid")), str(content.get("host")), seconds)


def _stored(folder: Path, training: _Planned, run: SweepRun, notes: list[str]) -> Stored:
    """What a run left in its folder."""
    found = result_file.read(folder / str(run.number), training.fingerprint, run.readout.step, run.readout.weights)
    if found.damage is not None:
        notes.append(f"damaged or of another run, so left aside: {found.damage}")
    return found


def _result(folder: Path, run: SweepRun, found: Stored, began: float) -> Mapping[str, Any]:
    """The result of a run; empty where there is none, or a failure of an earlier try."""
    result = found.result or {}
    earlier = result.get("status") == "failed" and _changed(folder / str(run.number) / RESULT) < began
    return {} if earlier else result


def _of_trial(found: Stored, run: SweepRun, trials: Sequence[Trial]) -> Mapping[str, Any]:
    """The result of a run of a search; where another process did its trial, what the study says of that."""
    trial = next((one for one in trials if one.number == run.trial), None)
    if found.result or trial is None or trial.state not in record.FINISHED:
        return found.result or {}
    return of_trials.result_of(trial, run.readout.step)


def _derived(run: SweepRun, found: Stored, result: Mapping[str, Any], seen: "_Seen", limit: float) -> Mapping[str, Any]:
    """The result of a run, in place of one without a checksum what its training holds."""
    if found.sealed or not result or result["status"] not in ("done", "diverged"):
        return result
    status = {"state": seen.state, "step": seen.came, "error": seen.error}
    outcome = read_off(seen.rows.values(), status, Readout(run.readout.weights, run.readout.step, limit))
    if outcome is None:
        return result
    told = {"status": outcome.status, "step": outcome.step, "error": outcome.error}
    return told | {"accuracy": outcome.values(run.readout.weights)["accuracy"]}


@dataclass(frozen=True)
class _Seen:
    """What there is of a training, up to the largest step that is asked for.

    live: what it says of itself, where it is at work. state, came, error: of its status. rows: its evaluations by step. whole:
    steps of runs that have all that a result needs. begun: the step from which it would go on.
    """

    live: Mapping[str, Any] | None = None
    state: str = "new"
    came: int = 0
    error: str | None = None
    rows: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    whole: frozenset[int] = frozenset()
    begun: int = 0


_UNKNOWN = _Seen(state="unknown")


def _read_off(training: _Planned, results: Sequence[Mapping[str, Any]]) -> _Seen | None:
    """A training whose runs have all their accuracies, from their results alone; None where one has not."""
    if any(result.get("status") != "done" for result in results):
        return None
    longest = training.longest
    result = results[training.runs.index(longest)]
    row = {column("accuracy", longest.readout.weights): result.get("accuracy"), **result.get("costs", {})}
    return _Seen(rows={longest.readout.step: row}, begun=longest.readout.step)


def _look_into(trajectory: Trajectory, training: _Planned, began: float, notes: list[str]) -> _Seen:
    """A training as its folder shows it."""
    target = training.longest.readout.step
    try:
        live, status = trajectory.live(), trajectory.status()
        rows = {row["step"]: row for row in trajectory.rows() if row["step"] <= target}
        whole = {
            run.readout.step
            for run in training.runs
            if run.readout.step in rows and trajectory.row(run.readout.step) is not None
        }
        steps = [int(path.stem) for path in trajectory.checkpoints()]
        begun = max((step for step in steps if step <= target), default=0)
    except AblateError as error:
        notes.append(str(error))
        return _UNKNOWN
    old = status["state"] == "failed" and _changed(trajectory.path / "status.json") < began
    state = "new" if old else str(status["state"])
    return _Seen(live, state, _whole(status["step"]), _line(status["error"]), rows, frozenset(whole), begun)


def _status(
    folder: Path, training: _Planned, results: Sequence[Mapping[str, Any]], seen: _Seen, now: float, held: bool
) -> TrainingStatus:
    longest = training.longest
    runs = tuple(
        RunStatus(run.number, _state(run, result, seen, held)) for run, result in zip(training.runs, results, strict=True)
    )
    state = next(state for state in _FIRST_TOLD if any(run.state == state for run in runs))
    told: Mapping[str, Any] = next((result for result in results if result.get("status") == state), {})
    live = seen.live if state == "running" and seen.live is not None else {}
    last = _whole(told.get("step")) if state == "pruned" else longest.readout.step  # another may have trained it further
    evaluated = max((step for step in seen.rows if step <= last), default=None)
    row = {} if evaluated is None else seen.rows[evaluated]
    came = {"running": max(seen.begun, _whole(live.get("step"))), "stopped": seen.begun, "done": longest.readout.step}
    came |= {"waiting": 0, "unknown": 0, "pruned": _whole(told.get("step"))}
    step = min(longest.readout.step, came.get(state, max(seen.came, _whole(told.get("step")))))
    seconds_per_step = _ratio(1.0, _number(live.get("steps_per_second"))) or _pace(seen.rows, whole=state == "done")
    said = _number(live.get("time"))
    traces = (folder / str(run.number) / TRACE for run in runs)
    return TrainingStatus(
        training.fingerprint,
        training.label,
        longest.seed,
        longest.readout.weights,
        runs,
        state,
        step,
        longest.readout.step,
        began=_began(live, seen),
        loss=_number(live.get("loss")),
        accuracy=_number(row.get(column("accuracy", longest.readout.weights))),
        evaluated=evaluated,
        examples_per_second=_number((live or row).get("examples_per_second")),
        seconds_per_step=seconds_per_step,
        seconds_left=seconds_per_step * (longest.readout.step - step) if state == "running" and seconds_per_step else None,
        silent_seconds=None if said is None else max(0.0, now - said),
        error=(_line(told.get("error")) or seen.error or "it gave no reason") if state in BAD else None,
        trace=next((path for path in traces if _changed(path) < math.inf), None) if state in BAD else None,
    )


def _began(live: Mapping[str, Any], seen: _Seen) -> int | None:
    """The step that a training went on from; None while it is not known, or where it is not at work."""
    if not live or live.get("began", seen.begun) is None:
        return None
    return _whole(live.get("began", seen.begun))  # older versions do not say


def _pace(rows: Mapping[int, Mapping[str, Any]], whole: bool) -> float | None:
    """Seconds a step, from the evaluations so far.

    The first of them also took the time in which the graph was traced, so alone it tells only of a training that is whole.
    """
    if not rows:
        return None
    first, last = (0 if whole else min(rows)), max(rows)
    since = _number(rows[first].get("seconds")) if first else 0.0
    until = _number(rows[last].get("seconds"))
    return None if since is None or until is None else _ratio(_number(until - since), last - first)


def _state(run: SweepRun, result: Mapping[str, Any], seen: _Seen, held: bool) -> State:
    if result.get("status") == "diverged" and seen.live is None:
        return "diverged"
    if result.get("status") == "pruned":
        return "pruned"
    if result.get("status") == "done" or (run.readout.step in seen.whole and not held):
        return "done"
    if seen.state == "diverged" and seen.came <= run.readout.step:
        return "diverged"
    if seen.live is not None or (run.readout.step in seen.whole and not result):
        return "running"
    if result.get("status") == "diverged":
        return "diverged"
    if result or seen.state == "failed":
        return "failed"
    if seen.state == "unknown":
        return "unknown"
    return "stopped" if seen.begun or seen.state == "running" else "waiting"


def _all_left(planned: Sequence[_Planned], trainings: Sequence[TrainingStatus], held: bool) -> float | None:
    """Seconds until all is trained, as `Snapshot` has them: whatever waits goes to the place that is free first."""
    if any(training.state == "unknown" for training in trainings):
        return None
    paces: dict[tuple[int, ...], list[float]] = {}  # by arms, which cost alike
    for plan, training in zip(planned, trainings, strict=True):
        if training.seconds_per_step is not None:
            paces.setdefault(plan.arms, []).append(training.seconds_per_step)
    if not paces:
        return None
    mean = fmean(fmean(values) for values in paces.values())
    left: dict[State, list[float]] = {"running": [], "stopped": [], "waiting": []}
    for plan, training in zip(planned, trainings, strict=True):
        if training.state in left:
            pace = training.seconds_per_step or fmean(paces.get(plan.arms, [mean]))
            left[training.state].append(pace * (training.target - training.step))
    places = left["running"]
    if not places:
        return None
    heapq.heapify(places)
    for seconds in [*left["stopped"], *left["waiting"]] if held else []:
        heapq.heapreplace(places, places[0] + seconds)
    return max(places)


def _changed(path: Path) -> float:
    """When a file was written last, in seconds; infinity where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return math.inf


def _number(value: object) -> float | None:
    """A finite number that is not negative, or None."""
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _whole(value: object) -> int:
    return int(_number(value) or 0)


def _ratio(value: float | None, by: float | None) -> float | None:
    return _number(value / by) if value is not None and by else None


def _line(text: object) -> str | None:
    """The first line of a text, or None where there is none."""
    return next((line.strip() for line in str(text or "").splitlines() if line.strip()), None)
