"""A sweep at one moment, from its files alone: what was trained, what is at work, what failed, how long it will take.

Looking disturbs nothing: no lock is tried and nothing is written. What is missing or damaged is told in notes, never raised.
"""

import heapq
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from ablate.errors import AblateError
from ablate.monitor import planned
from ablate.monitor import trials as of_trials
from ablate.monitor.planned import Planned
from ablate.monitor.seen import UNKNOWN, Seen, began, derived, look_into, of_results, pace
from ablate.monitor.states import Evaluation, Holder, RunStatus, Snapshot, TrainingStatus
from ablate.monitor.tolerant import changed_at, finite, line, number, ratio, whole
from ablate.planning.run_result import TRACE
from ablate.readout import DIVERGED_LOSS, END, judged, of_run, value, values
from ablate.store import RECENT, SWEEP, Trajectory, alive, read_json, result_file
from ablate.store.result_file import RESULT, Stored
from ablate.store.state import BAD, State
from ablate.store.sweep_runs import SweepRun
from ablate.store.trials import Trial

RUNNING = "running.json"  # pid, host, time (of its last word) and started, of the process that works on the sweep

# Of a training whose runs differ, the state that is told.
_FIRST_TOLD = (State.RUNNING, *BAD, State.STOPPED, State.WAITING, State.UNKNOWN, State.DONE, State.PRUNED)


def snapshot(folder: Path) -> Snapshot:
    """A sweep as its files show it now.

    A run counts as done by its result.json, or where nobody works on the sweep when its trajectory has the evaluation at its
    step; whoever works on it has still to judge whether the run diverged. The evaluations of a training whose runs have their
    results are not read. What failed before the process began that works on the sweep now
    has not failed yet: it is tried again.
    """
    now = time.time()
    holder = _holder(folder, now)
    since = now - holder.seconds if holder is not None and holder.seconds is not None else 0.0
    if changed_at(folder / SWEEP) == math.inf:
        return Snapshot(folder, (), holder, None, ())
    try:
        read = planned.read(folder)
    except ValueError as error:
        return Snapshot(folder, (), holder, None, (str(error),))
    notes: list[str] = []
    trainings = []
    for training in read.trainings:
        found = [_stored(folder, training, run, notes) for run in training.runs]
        results = [
            _of_trial(one, run, read.trials) if read.search is not None else _result(folder, run, one, since)
            for one, run in zip(found, training.runs, strict=True)
        ]
        seen = of_results(training, results) if all(one.sealed for one in found) else None
        if seen is None:
            seen = _looked_at(read, training, since, notes)
            results = [
                derived(run, one, result, seen, read.limit, training.metric)
                for run, one, result in zip(training.runs, found, results, strict=True)
            ]
        trainings.append(_status(folder, training, results, seen, now, holder is not None))
    if read.store is None and any(training.state == "unknown" for training in trainings):
        above = (
            "" if Path(read.named).is_absolute() else f" from the current folder and from every folder above {folder.resolve()}"
        )
        notes.append(
            "no trajectory of this sweep was found, so it is unknown how far what has no result is; looked for "
            f"{read.named}{above}"
        )
    trainings = _expecting(trainings)
    left = _all_left(read.trainings, trainings, holder is not None)
    if read.search is not None and left is not None:
        more = of_trials.not_begun(read.search, read.trials, sum(training.state == "running" for training in trainings))
        left = None if more is None else left + more
    return Snapshot(folder, tuple(trainings), holder, left, tuple(notes), read.store, read.search, read.head, read.by_call)


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
        Evaluation(row["step"], finite(value(row, training.metric, training.weights)), number(row.get(RECENT)))
        for row in rows
        if after < row["step"] <= last
    ]


def _looked_at(read: planned.Read, training: Planned, since: float, notes: list[str]) -> Seen:
    if read.store is None:
        return UNKNOWN
    return look_into(Trajectory(read.store, training.fingerprint), training, since, notes)


def _holder(folder: Path, now: float) -> Holder | None:
    content = read_json(folder / RUNNING)
    if not isinstance(content, dict) or not alive(content):
        return None
    started = number(content.get("started"))
    seconds = None if started is None or started > now else now - started
    return Holder(whole(content.get("pid")), str(content.get("host")), seconds)


def _stored(folder: Path, training: Planned, run: SweepRun, notes: list[str]) -> Stored:
    """What a run left in its folder."""
    found = result_file.read(folder / str(run.number), training.fingerprint, run.readout)
    if found.damage is not None:
        notes.append(f"damaged or of another run, so left aside: {found.damage}")
    return found


def _result(folder: Path, run: SweepRun, found: Stored, began: float) -> Mapping[str, Any]:
    """The result of a run; empty where there is none, or a failure of an earlier try."""
    result = found.result or {}
    earlier = result.get("status") == "failed" and changed_at(folder / str(run.number) / RESULT) < began
    return {} if earlier else result


def _of_trial(found: Stored, run: SweepRun, trials: Sequence[Trial]) -> Mapping[str, Any]:
    """The result of a run of a search; where another process did its trial, what the study says of that."""
    trial = next((one for one in trials if one.number == run.trial), None)
    if found.result or trial is None or not trial.state.is_finished:
        return found.result or {}
    return of_trials.result_of(trial, run.readout.step)


def _status(
    folder: Path, training: Planned, results: Sequence[Mapping[str, Any]], seen: Seen, now: float, held: bool
) -> TrainingStatus:
    longest = training.longest
    runs = tuple(
        RunStatus(run.number, _state(run, result, seen, held)) for run, result in zip(training.runs, results, strict=True)
    )
    state = next(state for state in _FIRST_TOLD if any(run.state == state for run in runs))
    told: Mapping[str, Any] = next((result for result in results if result.get("status") == state), {})
    live = seen.live if state == "running" and seen.live is not None else {}
    to, newest = longest.readout.step, max(seen.rows, default=0)
    to = newest if to == END and state == "done" else to
    last = whole(told.get("step")) if state == "pruned" else to  # another may have trained it further
    evaluated = max((step for step in seen.rows if step <= last), default=None)
    row = {} if evaluated is None else seen.rows[evaluated]
    came = {"running": max(seen.begun, whole(live.get("step"))), "stopped": seen.begun, "done": to}
    came |= {"waiting": 0, "unknown": 0, "pruned": whole(told.get("step"))}
    step = min(to, came.get(state, max(seen.came, whole(told.get("step")))))
    seconds_per_step = ratio(1.0, number(live.get("steps_per_second"))) or pace(seen.rows, all_done=state == "done")
    said = number(live.get("time"))
    traces = (folder / str(run.number) / TRACE for run in runs)
    return TrainingStatus(
        training.fingerprint,
        training.labels[0],
        longest.seed,
        longest.readout.weights,
        runs,
        state,
        step,
        0 if to == END else to,
        began=began(live, seen),
        loss=number(live.get("loss")),
        accuracy=finite(_value(training, state, seen, told, row)),
        metric=training.metric,
        evaluated=evaluated,
        examples_per_second=number((live or row).get("examples_per_second")),
        seconds_per_step=seconds_per_step,
        seconds_left=seconds_per_step * (to - step) if state == "running" and seconds_per_step and to != END else None,
        silent_seconds=None if said is None else max(0.0, now - said),
        error=(line(told.get("error")) or seen.error or "it gave no reason") if state.is_bad else None,
        trace=next((path for path in traces if changed_at(path) < math.inf), None) if state.is_bad else None,
        phase=line(live.get("phase")) or "",
        shared_by=training.labels[1:],
    )


def _value(training: Planned, state: State, seen: Seen, told: Mapping[str, Any], row: Mapping[str, Any]) -> float | None:
    """What the longest run came to, else the newest evaluation. told: its result, if any. row: that evaluation."""
    longest = training.longest
    if state != State.DONE:
        return value(row, training.metric, longest.readout.weights)
    if told.get("status") == "done":
        found: float | None = judged(told)
        return found
    read = of_run(longest, DIVERGED_LOSS, training.metric).read([seen.rows[step] for step in sorted(seen.rows)])
    if read is not None:
        came: float | None = values(read, longest.readout.weights, training.metric)[training.metric]
        return came
    return value(row, training.metric, longest.readout.weights)


def _state(run: SweepRun, result: Mapping[str, Any], seen: Seen, held: bool) -> State:
    if result.get("status") == "diverged" and seen.live is None:
        return State.DIVERGED
    if result.get("status") == "pruned":
        return State.PRUNED
    if result.get("status") == "done" or (run.readout.step in seen.whole and not held):
        return State.DONE
    if seen.state == "diverged" and seen.came <= run.readout.step:
        return State.DIVERGED
    if seen.live is not None or (run.readout.step in seen.whole and not result):
        return State.RUNNING
    if result.get("status") == "diverged":
        return State.DIVERGED
    if result or seen.state == "failed":
        return State.FAILED
    if seen.state == "unknown":
        return State.UNKNOWN
    return State.STOPPED if seen.begun or seen.state == "running" else State.WAITING


def _expecting(trainings: Sequence[TrainingStatus]) -> list[TrainingStatus]:
    """The same, where their trainer ends by itself with the last step of the longest that has ended as the expected one."""
    expected = max((one.step for one in trainings if one.state == State.DONE), default=0)
    found = []
    for one in trainings:
        if one.target or one.state.is_finished or not expected:
            found.append(one)
            continue
        pace = one.seconds_per_step if one.state == State.RUNNING else None
        to = max(expected, one.step)
        found.append(replace(one, target=to, seconds_left=None if pace is None else pace * (to - one.step)))
    return found


def _all_left(planned: Sequence[Planned], trainings: Sequence[TrainingStatus], held: bool) -> float | None:
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
    left: dict[State, list[float]] = {State.RUNNING: [], State.STOPPED: [], State.WAITING: []}
    for plan, training in zip(planned, trainings, strict=True):
        if training.state in left:
            pace = training.seconds_per_step or fmean(paces.get(plan.arms, [mean]))
            left[training.state].append(pace * (training.target - training.step))
    places = left[State.RUNNING]
    if not places:
        return None
    heapq.heapify(places)
    for seconds in [*left[State.STOPPED], *left[State.WAITING]] if held else []:
        heapq.heapreplace(places, places[0] + seconds)
    return max(places)
