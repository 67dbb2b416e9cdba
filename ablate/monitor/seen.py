"""What there is of a training, from the results of its runs or from its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ablate.errors import AblateError
from ablate.monitor.planned import Planned
from ablate.monitor.tolerant import changed_at, line, number, ratio, whole
from ablate.readout import DIVERGED_LOSS, END, column, judged, of_run, read_off
from ablate.store import Trajectory
from ablate.store.result_file import Stored
from ablate.store.sweep_runs import SweepRun


@dataclass(frozen=True)
class Seen:
    """What there is of a training, up to the largest step that is asked for.

    live: what it says of itself, where it is at work.
    state, came, error: of its status.
    rows: its evaluations by step.
    whole: steps of runs that have all that a result needs.
    begun: the step from which it would go on.
    """

    live: Mapping[str, Any] | None = None
    state: str = "new"
    came: int = 0
    error: str | None = None
    rows: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    whole: frozenset[int] = frozenset()
    begun: int = 0


UNKNOWN = Seen(state="unknown")


def of_results(training: Planned, results: Sequence[Mapping[str, Any]]) -> Seen | None:
    """A training whose runs have all their accuracies, from their results alone; None where one has not."""
    if any(result.get("status") != "done" for result in results):
        return None
    longest = training.longest
    result = results[training.runs.index(longest)]
    row = {column(training.metric, longest.readout.weights): judged(result), **result.get("costs", {})}
    step = result["step"] if longest.readout.step == END else longest.readout.step
    return Seen(rows={step: row}, begun=step)


def look_into(trajectory: Trajectory, training: Planned, began: float, notes: list[str]) -> Seen:
    """A training as its folder shows it."""
    target = training.longest.readout.step
    try:
        live, status, lines = trajectory.live(), trajectory.status(), trajectory.lines()
        rows = {row["step"]: row for row in trajectory.rows(lines) if row["step"] <= target}
        read = {run.readout.step: of_run(run, DIVERGED_LOSS).steps for run in training.runs}
        there = trajectory.evaluated({step for steps in read.values() for step in steps} & {*rows, END}, lines)
        complete = {step for step, steps in read.items() if there.issuperset(steps)}
        steps = [int(path.stem) for path in trajectory.checkpoints()]
        begun = max((step for step in steps if step <= target), default=0)
    except AblateError as error:
        notes.append(str(error))
        return UNKNOWN
    old = status["state"] == "failed" and changed_at(trajectory.path / "status.json") < began
    state = "new" if old else str(status["state"])
    return Seen(live, state, whole(status["step"]), line(status["error"]), rows, frozenset(complete), begun)


def derived(
    run: SweepRun, found: Stored, result: Mapping[str, Any], seen: Seen, limit: float, metric: str
) -> Mapping[str, Any]:
    """The result of a run, in place of one without a checksum what its training holds."""
    if found.sealed or not result or result["status"] not in ("done", "diverged"):
        return result
    status = {"state": seen.state, "step": seen.came, "error": seen.error}
    outcome = read_off(seen.rows.values(), status, of_run(run, limit, metric))
    if outcome is None:
        return result
    told = {"status": outcome.status, "step": outcome.step, "error": outcome.error}
    return told | {metric: judged(outcome.values(run.readout.weights, metric))}


def began(live: Mapping[str, Any], seen: Seen) -> int | None:
    """The step that a training went on from; None while it is not known, or where it is not at work."""
    if not live or live.get("began", seen.begun) is None:
        return None
    return whole(live.get("began", seen.begun))  # older versions do not say


def pace(rows: Mapping[int, Mapping[str, Any]], all_done: bool) -> float | None:
    """Seconds a step, from the evaluations so far.

    The first of them also took the time in which the graph was traced, so alone it tells only of a training that is whole.
    """
    if not rows:
        return None
    first, last = (0 if all_done else min(rows)), max(rows)
    since = number(rows[first].get("seconds")) if first else 0.0
    until = number(rows[last].get("seconds"))
    return None if since is None or until is None else ratio(number(until - since), last - first)
