"""Running a plan: what is trained already is read, the rest is ensured, and whoever waits for the end is told."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablate import store
from ablate.config.execution import Settings
from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.messages import say
from ablate.monitor.live import Screen
from ablate.planning import overview, run_result, sentences
from ablate.planning.plan import Plan
from ablate.planning.runs import Run, Training
from ablate.planning.site import Site, here
from ablate.readout import before, diverged_loss_of
from ablate.running import lock, looks, tensorboard
from ablate.running.backend import Outcome
from ablate.store import SWEEP, canonical_json, held, result_file, sweep_file, write_atomically
from ablate.store.schema import DAMAGED, BadFile, real_folder
from ablate.store.sweep import Sweep
from ablate.store.sweep_file import SweepFile
from ablate.store.sweep_identity import FUNCTION
from ablate.text import counted

Finished = Callable[[Path], None]
Train = Callable[[Sequence[Run], Callable[[Training, Outcome], bool], Callable[[], None]], None]


class RunsFailed(AblateError):
    """Some runs of a sweep failed or diverged; the others have their results. folder: of the sweep, where that is known."""

    folder: Path | None = None


def run(
    plan: Plan,
    folder: Path,
    settings: Settings,
    train: Train,
    finished: Finished,
    redact: Callable[[str], str] = str,
    site: Site | None = None,
) -> list[dict[str, Any]]:
    """Run a plan in its folder; the results of all runs, in order.

    One process at a time works on a sweep; another with the same command waits, watching, and then reads what is there.

    Args:
        train: trains the given runs. It tells what became of each training as it ends, which answers whether all went well, and
            calls its third argument about twice a second. What it only leaves in the runs' folders is found there in the end.
        finished: is told the folder when all runs have ended, while no other process works on the sweep; it writes the report.
        redact: takes secrets out of a text that will be stored.
        site: where `train` has them trained; None for this machine.

    Raises:
        RunsFailed: some runs have no accuracy in the end.
    """
    _check(plan, folder)
    plan = as_fixed(plan, folder, say)
    if settings.watch:
        lock.watch(folder, settings.progress)
        return _finish(plan, results(plan, folder), folder)
    place = site or here(settings.workers, settings.threads)
    with lock.holding(folder, settings.progress):
        before = fixed(folder)
        margin = plan.fixed.margin if before is None else before.sweep.fixed.margin
        looks.enter(plan, folder, margin)  # before sweep.json, so that only one of an older version is older than the looks
        _fix(plan, folder)
        missing = [run for run in plan.runs if not _read(plan, run, folder)]
        _register(plan, folder, missing)
        _keep_labels(plan, missing)
        tensorboard.name_runs(plan, folder, missing)
        for run in missing:  # what an earlier try left
            for name in (result_file.RESULT, run_result.TRACE):
                (folder / str(run.number) / name).unlink(missing_ok=True)
        described = overview.describe(plan, place)
        say_first(sentences.head(described), plan.sweep, settings)
        if missing:
            workers, built_in = described["totals"]["workers"], plan.sweep.trainer is None
            say_first(sentences.starting(workers, built_in, place.launcher), plan.sweep, settings)
            with nullcontext() if place.share is None else Screen(folder, shown=settings.progress) as screen:
                _train(plan, missing, folder, train, redact, screen.refresh if screen else lambda: None)
        held.check(folder)
        found = results(plan, folder)
        looks.note_ended(plan, found)
        finished(folder)
    return _finish(plan, found, folder)


def say_first(lines: Sequence[str], content: Sweep, settings: Settings) -> None:
    """Say what will be trained; not to a call in Python that asked for no progress."""
    if settings.progress or content.trainer != FUNCTION:
        for line in lines:
            say(line)


def results(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    """The results that the runs of a plan have left in its folder, in order; of those that left none, that they are missing."""
    return [_result(plan, run, folder) for run in plan.runs]


def _register(plan: Plan, folder: Path, missing: Sequence[Run]) -> None:
    """Note in the store which trajectories the sweep needs; a store that is only read need not know."""
    needs = {training.trajectory.fingerprint: [run.asked.step for run in training.runs] for training in plan.trainings}
    try:
        store.register_sweep(plan.runs[0].trajectory.path.parent, folder, needs)
    except AblateError as error:
        if missing:
            raise
        say(f"{error} The sweep is complete, but `ablate runs gc` does not know that it needs these trainings.")


def _keep_labels(plan: Plan, missing: Sequence[Run]) -> None:
    """Keep what a report reads of the data of trainings that are there; one that begins keeps its own."""
    left = {run.number for run in missing}
    there = {canonical_json(run.content.get("data")): run for run in plan.runs if run.number not in left}
    for run in there.values():
        run.asked.trainer.keep(run.asked.spec, run.content, run.asked.store)


def _train(
    plan: Plan,
    missing: Sequence[Run],
    folder: Path,
    train: Train,
    redact: Callable[[str], str],
    tick: Callable[[], None],
) -> None:
    def ended(training: Training, outcome: Outcome) -> bool:
        told = replace(outcome, error=redact(outcome.error), trace=redact(outcome.trace))
        wells = [_ended(plan, run, folder, told) for run in training.runs]
        tick()
        return all(wells)

    def look() -> None:
        held.check(folder)
        tick()

    train(missing, ended, look)


def _ended(plan: Plan, run: Run, folder: Path, outcome: Outcome) -> bool:
    """Write the result of a run whose training has ended; whether it has an accuracy."""
    result = run_result.read(run.asked, run.trajectory)
    if result is None:
        error = outcome.error or f"its training ended {before(run.asked.step)}"
        result = run_result.failure(error, run.asked, run.trajectory)
        log = f"{error}\nWhat its process printed is in {outcome.log}\n" if outcome.log else error
        write_atomically(folder / str(run.number) / run_result.TRACE, (outcome.trace or log).encode())
    return bool(_write(plan, run, folder, result)["status"] == "done")


def _check(plan: Plan, folder: Path) -> None:
    """Refuse the folder of another sweep, or of one that cannot be read, or that leads elsewhere."""
    found = fixed(folder)
    if found is not None and not plan.identity.is_that_of(found.sweep.identity(plan.resolution)):
        raise AblateError(f"{folder} holds another sweep. Choose a new folder, or that of the same sweep.")
    for run in plan.runs:
        real_folder(folder / str(run.number))


def as_fixed(plan: Plan, folder: Path, say: Callable[[str], None] = lambda line: None) -> Plan:
    """The plan with values that are read as its folder says that was fixed before training, which is said."""
    found = fixed(folder)
    if found is None or found.sweep.averaged == plan.averaged:
        return plan
    now, before = plan.averaged, found.sweep.averaged
    say(f"this sweep keeps readout.last={before}, fixed before training; readout.last={now} on the command starts a new one")
    return plan.read_over(before)


def fixed(folder: Path) -> SweepFile | None:
    """What a sweep's folder says was fixed before training; None where it is new.

    Raises:
        AblateError: its sweep.json is damaged, or cannot be read.
    """
    try:
        return sweep_file.read(folder)
    except DAMAGED as error:
        if isinstance(error.__cause__, OSError):
            raise
        raise BadFile(f"{error} Restore it, or delete {folder} to fix it anew; the trainings stay.") from None


def _fix(plan: Plan, folder: Path) -> None:
    """Write sweep.json, with the time: what was fixed when the sweep was planned stays as it was.

    One without a checksum, of an earlier version, gets it here, where all but its time and margin is what this command plans.

    Raises:
        AblateError: it has no checksum, and something else in it is not what this command plans.
    """
    wanted, found = plan.sweep, fixed(folder)
    if found is None:
        sweep_file.write(folder, replace(wanted, fixed_at=int(time.time())))  # whole seconds, as a training notes its own
        return
    if not found.sealed:
        _compare(found.sweep, wanted, folder)
    before, now = found.sweep.fixed.margin, wanted.fixed.margin
    if before != now:
        say(f"this sweep keeps report.margin={_shown(before)}, fixed before training; {_shown(now)} is ignored")
    limit = diverged_loss_of(found.sweep)
    if limit != wanted.diverged_loss:
        say(f"diverged_loss is now {wanted.diverged_loss:g}, not {limit:g}: diverged runs are determined anew")
    about = {**found.sweep.about, **wanted.about}
    kept = replace(found.sweep, store=wanted.store, diverged_loss=wanted.diverged_loss, about=about)
    if not found.sealed or not sweep_file.same(kept, found.sweep):
        sweep_file.write(folder, kept)


def _shown(margin: float | None) -> str:
    return "null" if margin is None else f"{margin:g}"


def _compare(found: Sweep, wanted: Sweep, folder: Path) -> None:
    """Refuse what was fixed, and cannot be checked, where it is not what the command plans."""
    kept, planned = (
        {f"fixed.{key}": each for key, each in one["fixed"].items() if key != "margin"}
        | {key: one.get(key) for key in ("baseline", "same_arms", "fraction")}
        | {
            "retune": {key: each for key, each in (one.get("retune") or {}).items() if key != "note"}
        }  # versions word it their way
        for one in (found.to_json(), wanted.to_json())
    )
    differ = [key for key in planned if kept.get(key) != planned[key]]
    if differ:
        raise AblateError(
            f"{folder / SWEEP}: {differ[0]} is not what this command plans, and there is no checksum to tell which of the two "
            "was fixed before training. Restore the file, or give another folder: hydra.sweep.dir=DIR."
        )


def _read(plan: Plan, run: Run, folder: Path) -> bool:
    """Read a run whose trajectory is there already, without launching anything."""
    result = run_result.read(run.asked, run.trajectory)
    if result is not None:
        if run.trajectory.checkpoint(run.asked.step).exists():
            run.trajectory.keep(run.asked.step, run.asked.readout.steps)
        _write(plan, run, folder, result)
    return result is not None


def _result(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """The result that a run left, with the arm that it was."""
    found = result_file.read(folder / str(run.number), run.trajectory.fingerprint, run.noted.readout).result
    if found is None:
        return run_result.failure("it was not run", run.asked, run.trajectory) | {"status": "missing"}
    return _write(plan, run, folder, dict(found))


def _write(plan: Plan, run: Run, folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    whole = {"arm": dict(plan.arms[run.arm].levels)} | result
    result_file.write(folder / str(run.number), whole)
    tensorboard.note_result(plan, run, folder, whole)
    return whole


def _finish(plan: Plan, results: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The results, or what is wrong with them: a line each training that failed or diverged, then one for all."""
    bad: dict[str, list[tuple[Run, dict[str, Any]]]] = {}
    for run, result in zip(plan.runs, results, strict=True):
        if result["status"] != "done":
            bad.setdefault(result["status"], []).append((run, result))
    if not bad:
        return results
    for status in ("failed", "diverged"):
        told: dict[str, list[str]] = {}
        for run, result in bad.get(status, []):
            trace = folder / str(run.number) / run_result.TRACE
            runs = told.setdefault(f"{run.trajectory.fingerprint} {result['error']}", [])
            where = f" ({trace})" if trace.exists() and not runs else ""
            runs.append(f"run {run.number} ({phrases.of_label(plan.label(run.arm))}, seed {run.seed})" + where)
        for reason, runs in told.items():
            say(f"{', '.join(runs)} {status}: {reason.partition(' ')[2]}")
    counts = ", ".join(f"{len(runs)} {status}" for status, runs in bad.items())
    count, again = sum(map(len, bad.values())), [status for status in ("failed", "missing") if status in bad]
    advice = [f"Rerun the command to complete the {' and '.join(again)} runs."] if again else []
    advice += ["Diverged runs are not retried."] if "diverged" in bad else []
    have = f"{count} of {counted(len(plan.runs), 'run')} {'has' if count == 1 else 'have'} no {plan.fixed.metric}"
    raise RunsFailed(f"{have} ({counts}). {' '.join(advice)}")
