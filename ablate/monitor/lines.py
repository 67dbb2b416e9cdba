"""What is said of a sweep in lines: what became of its trainings, how much is done, and what happened between two looks."""

from collections.abc import Collection
from dataclasses import replace

from ablate.metrics import ACCURACY
from ablate.monitor.snapshot import evaluations
from ablate.monitor.states import Evaluation, SearchStatus, Snapshot, TrainingStatus, counts
from ablate.store.state import LOOKED_AT, State
from ablate.text import clock, counted, percent

NONE = "–"  # in a cell with no value
BETWEEN = " · "


def changes(before: Snapshot, seen: Snapshot, failures_only: bool = False, silent: Collection[str] = ()) -> list[str]:
    """What happened between two looks, a line each; of trainings that were not known before, what is at work or failed.

    Args:
        failures_only: leave out what goes well.
        silent: fingerprints of the trainings whose evaluations are not said.
    """
    lines = []
    known = {training.fingerprint: training for training in before.trainings}
    for training in seen.trainings:
        was = known.get(training.fingerprint)
        if was is None and before.search is not None:  # a trial that began since
            was = replace(training, state=State.WAITING, step=0, evaluated=None)
        if not failures_only:
            lines += _went_on(was, training, seen, training.fingerprint not in silent)
        if training.state.is_bad and not _half_told(training, seen) and (was is None or _told(was) != _told(training)):
            lines.append(failure(training))
    return lines


def _half_told(training: TrainingStatus, seen: Snapshot) -> bool:
    """Whether it failed only just now: the process that works on the sweep is about to write down why."""
    return training.state == "failed" and training.trace is None and seen.holder is not None


def _told(training: TrainingStatus) -> tuple[object, ...]:
    return training.state, training.error, training.trace


def _went_on(was: TrainingStatus | None, training: TrainingStatus, seen: Snapshot, evaluated: bool) -> list[str]:
    name, step, target = training.name, f"{training.step:,}", _target(training)
    if was is None:
        return [f"{name}: at step {step}{target}"] if training.state == "running" else []
    lines = []
    if training.state == "running" and was.state == "unknown":
        lines.append(f"{name}: at step {step}{target}")
    elif training.began and training.began != was.began:
        lines.append(f"{name}: resuming from step {training.began:,}{target}")
    if evaluated and was.state != "unknown":  # what was evaluated before it was found is no news
        newest = evaluations(seen, training, was.evaluated or 0)[-1:]
        lines += [f"{name}: {_evaluation(training, one)}" for one in newest if training.state != "done"]
    if training.state == "done" and was.state != "done":
        lines.append(f"{name}: done, {value(training)}{BETWEEN}{progress(seen)}")
    elif training.state == "pruned" and was.state != "pruned":
        lines.append(f"{name}: pruned at step {step}{target}, {value(training)}")
    elif training.state == "stopped" and was.state == "running" and seen.holder is None:
        lines.append(f"{name}: stopped at step {step}{target}")
    return lines


def _target(training: TrainingStatus) -> str:
    """Behind a step, the last one; nothing where the training ends by itself and nothing tells where."""
    return f" of {training.target:,}" if training.target else ""


def steps(training: TrainingStatus) -> str:
    """How far a training has come, as in `2,500/4,000`."""
    return f"{training.step:,}/{training.target:,}" if training.target else f"{training.step:,}"


def _evaluation(training: TrainingStatus, one: Evaluation) -> str:
    parts = [f"step {one.step:,}{_target(training)}", f"{training.metric} {number(training, one.accuracy)}"]
    if one.step == training.evaluated and training.seconds_left is not None:
        parts.append(f"{clock(training.seconds_left)} left")
    return ", ".join(parts)


def failure(training: TrainingStatus) -> str:
    """Which training failed or diverged, why, and where the whole story is."""
    at = f" at step {training.step:,}" if training.state == "failed" and training.step else ""
    trace = f" ({training.trace})" if training.trace else ""
    return f"{training.name}: {training.state}{at}: {training.error}{trace}"


def progress(seen: Snapshot) -> str:
    """How much is done and how long the rest takes, as in `12/30 trainings, 48 min left`."""
    left = "" if seen.seconds_left is None else f", {clock(seen.seconds_left)} left"
    return f"{done(seen)}{left}"


def done(seen: Snapshot) -> str:
    """How much is done, as in `12/30 trainings`."""
    if seen.search is not None:
        return f"{sum(seen.search.finished.values())}/{counted(seen.search.trials, 'trial')}"
    trainings = counts(seen.trainings)
    return f"{trainings['done']:,}/{counted(trainings['all'], 'training')}"


def totals(seen: Snapshot) -> str:
    """How much is done, what is not, and how long it takes."""
    if seen.search is None and not seen.trainings:
        return "Waiting for the plan of the sweep"
    if seen.all_done and seen.holder is not None and seen.holder.seconds is not None:
        return f"{done(seen)} in {clock(seen.holder.seconds)}"
    counted_states = _of_search(seen.search) if seen.search is not None else _of_trainings(seen)
    times = [f"{clock(seen.holder.seconds)} so far"] if seen.holder and seen.holder.seconds is not None else []
    times += [f"{clock(seen.seconds_left)} left"] if seen.seconds_left is not None else []
    best = [f"best so far {seen.search.best}"] if seen.search is not None and seen.search.best else []
    return BETWEEN.join([", ".join([done(seen), *counted_states]), *best, *([", ".join(times)] if times else [])])


def _of_trainings(seen: Snapshot) -> list[str]:
    trainings = counts(seen.trainings)
    return [f"{trainings[state]:,} {state}" for state in LOOKED_AT if state != "done" and trainings[state]]


def finished(search: SearchStatus) -> list[str]:
    """What became of the trials that are finished, as in `14 finished: 4 completed, 10 pruned`; none where none is."""
    states = _of_search(search)
    told = [f"{sum(search.finished.values())} finished: {', '.join(states)}"] if states else []
    return told if search.caution is None else [*told, search.caution]


def _of_search(search: SearchStatus) -> list[str]:
    return [f"{count} {'completed' if state == 'done' else state}" for state, count in search.finished.items() if count]


def interrupted(seen: Snapshot) -> str:
    """What is said of a sweep that was stopped before its end."""
    if seen.search is not None:
        finished = sum(seen.search.finished.values())
        return f"{finished} of {counted(seen.search.trials, 'trial')} are finished. Rerun the same command to resume."
    trainings = counts(seen.trainings)
    verb = "is" if trainings["all"] == 1 else "are"
    complete = f"{trainings['done']:,} of {counted(trainings['all'], 'training')} {verb} complete."
    return f"{complete} Rerun the same command to resume."


def between(seen: Snapshot) -> str:
    """What is done on a sweep while none of its trainings is at work."""
    return "Writing the report…" if seen.ended else "Starting trainings…"


def value(training: TrainingStatus) -> str:
    """What a training is judged by, as in `accuracy 81.2%`."""
    return f"{training.metric} {number(training, training.accuracy)}"


def number(training: TrainingStatus, found: float | None) -> str:
    """A value of the metric that it is judged by."""
    if found is None:
        return NONE
    return percent(found, 1) if training.metric == ACCURACY else f"{found:.4g}"
