"""Running a plan: what is trained already is read, the rest is ensured, and a report ends it."""

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from ablate import app, store
from ablate.commands import plan as plan_command
from ablate.errors import AblateError
from ablate.launch.backend import Outcome
from ablate.launch.settings import Settings
from ablate.launch.snapshot import RUNNING
from ablate.launch.watch import Screen
from ablate.plan import SWEEP_VERSION, Plan, Run, Training
from ablate.progress import say
from ablate.store import SWEEP, read_json, write_atomically, write_json

LOCK = ".lock"
RUNNING_EVERY_S = 20.0  # between two signs of life in it
WAIT_S = 0.5  # between two looks at a sweep that another process works on

Train = Callable[[Sequence[Run], Callable[[Training, Outcome], bool], Callable[[], None]], None]


class RunsFailed(AblateError):
    """Some runs of a sweep failed or diverged; the others have their results."""


def run(
    plan: Plan,
    folder: Path,
    settings: Settings,
    train: Train,
    redact: Callable[[str], str] = str,
    screen: bool = True,
) -> list[dict[str, Any]]:
    """Run a plan in its folder; the results of all runs, in order.

    One process at a time works on a sweep; another with the same command waits, watching, and then reads what is there.

    Args:
        train: trains the given runs. It tells what became of each training as it ends, which answers whether all went well, and
            calls its third argument about twice a second. What it only leaves in the runs' folders is found there in the end.
        redact: takes secrets out of a text that will be stored.
        screen: show how it goes; False where the trainings do so themselves.

    Raises:
        RunsFailed: some runs have no accuracy in the end.
    """
    _check(plan, folder)
    if settings.watch:
        _watch(folder, settings)
        return _finish(plan, [_result(plan, run, folder) for run in plan.runs], folder)
    with _alone(folder, settings):
        _fix(plan, folder)
        needs = {training.trajectory.fingerprint: [run.recipe.steps for run in training.runs] for training in plan.trainings}
        store.register_sweep(plan.runs[0].trajectory.path.parent, folder, needs)
        missing = [run for run in plan.runs if not _read(plan, run, folder)]
        say(f"{folder}")
        for line in plan_command.head(plan_command.describe(plan, settings.workers, settings.threads)):
            say(line)
        if missing:
            with _Running(folder) as running, _shown(folder, settings, screen) as refresh:

                def tick() -> None:
                    running.refresh()
                    refresh()

                _train(plan, missing, folder, train, redact, tick)
        results = [_result(plan, run, folder) for run in plan.runs]
        _report(folder)
    return _finish(plan, results, folder)


def _train(
    plan: Plan,
    missing: Sequence[Run],
    folder: Path,
    train: Train,
    redact: Callable[[str], str],
    tick: Callable[[], None],
) -> None:
    for run in missing:  # what an earlier try left
        for name in (app.RESULT, app.TRACE):
            (folder / str(run.number) / name).unlink(missing_ok=True)

    def ended(training: Training, outcome: Outcome) -> bool:
        told = replace(outcome, error=redact(outcome.error), trace=redact(outcome.trace))
        wells = [_ended(plan, run, folder, told) for run in training.runs]
        tick()
        return all(wells)

    train(missing, ended, tick)


@contextmanager
def _shown(folder: Path, settings: Settings, screen: bool) -> Iterator[Callable[[], None]]:
    """A screen to be refreshed, if there is to be one."""
    if not screen:
        yield lambda: None
        return
    with Screen(folder, shown=settings.progress) as shown:
        yield shown.refresh


def _ended(plan: Plan, run: Run, folder: Path, outcome: Outcome) -> bool:
    """Write the result of a run whose training has ended; whether it has an accuracy."""
    result = app.read(run.recipe, run.trajectory)
    if result is None:
        error = outcome.error or f"its training ended before step {run.recipe.steps}"
        result = app.failure(error, run.recipe, run.trajectory)
        log = f"{error}\nWhat its process printed is in {outcome.log}\n" if outcome.log else error
        write_atomically(folder / str(run.number) / app.TRACE, (outcome.trace or log).encode())
    return bool(_write(plan, run, folder, result)["status"] == "done")


def _check(plan: Plan, folder: Path) -> None:
    """Refuse the folder of another sweep."""
    found = read_json(folder / SWEEP)
    if found is None:
        return
    if not isinstance(found, dict) or found.get("version") != SWEEP_VERSION or _identity(found) != _identity(plan.to_json()):
        raise AblateError(f"Expected a new folder, or that of the same sweep. Received: {folder}, which holds another sweep.")


def _identity(content: dict[str, Any]) -> list[Any]:
    """What makes a sweep this one, of its sweep.json."""
    runs = [[run[key] for key in ("number", "arm", "seed", "fingerprint", "readout")] for run in content["runs"]]
    return [content["factors"], [arm["levels"] for arm in content["arms"]], content["seeds"], runs]


def _fix(plan: Plan, folder: Path) -> None:
    """Write sweep.json: what was fixed before training stays as it was."""
    wanted, found = plan.to_json(), read_json(folder / SWEEP)
    if found is None or found["store"] != wanted["store"]:
        write_json(folder / SWEEP, wanted | ({"fixed": found["fixed"]} if found else {}))


@contextmanager
def _alone(folder: Path, settings: Settings) -> Iterator[None]:
    """Hold the sweep's lock; where another process has it, watch until it is free."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock.acquire(timeout=0))
        except Timeout:
            say(f"{folder} is being worked on by another process; waiting for it")
            with Screen(folder, shown=settings.progress) as screen:
                while True:
                    try:
                        stack.enter_context(lock.acquire(timeout=WAIT_S))
                        break
                    except Timeout:
                        screen.refresh()
        yield


def _watch(folder: Path, settings: Settings) -> None:
    """Show what another process does with the sweep until it ends."""
    lock = FileLock(folder / LOCK)

    def at_work() -> bool:
        try:
            with lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    if not (folder / SWEEP).exists() or not at_work():
        raise AblateError(
            f"Expected a sweep that another process works on. Received: watch=true, and nobody works on {folder}. "
            "Run it without watch=true."
        )
    with Screen(folder, shown=settings.progress) as screen:
        while at_work():
            screen.refresh()
            time.sleep(WAIT_S)


class _Running:
    """running.json: tells others who works on the sweep, as long as this lasts."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / RUNNING
        self.started = time.time()
        self.written = 0.0

    def __enter__(self) -> Self:
        self.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)

    def refresh(self) -> None:
        """Give a sign of life."""
        if time.monotonic() - self.written > RUNNING_EVERY_S or not self.written:
            self.written = time.monotonic()
            sign = {"pid": os.getpid(), "host": platform.node(), "time": time.time(), "started": self.started}
            write_json(self.path, sign)


def _read(plan: Plan, run: Run, folder: Path) -> bool:
    """Read a run whose trajectory is there already, without launching anything."""
    result = app.read(run.recipe, run.trajectory)
    if result is not None:
        if run.trajectory.checkpoint(run.recipe.steps).exists():
            run.trajectory.keep(run.recipe.steps)
        _write(plan, run, folder, result)
    return result is not None


def _result(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """The result that a run left, with the arm that it was."""
    result = app.stored(folder / str(run.number), run.trajectory.fingerprint)
    if result is None:
        return app.failure("it was not run", run.recipe, run.trajectory) | {"status": "missing"}
    return _write(plan, run, folder, result)


def _write(plan: Plan, run: Run, folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    path = folder / str(run.number) / app.RESULT
    whole = {"arm": dict(plan.arms[run.arm].levels)} | result
    if read_json(path) != whole:
        write_json(path, whole)
    return whole


def _finish(plan: Plan, results: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The results, or what is wrong with them: a line each, then one for all."""
    bad = [(run, result) for run, result in zip(plan.runs, results, strict=True) if result["status"] != "done"]
    if not bad:
        return results
    for run, result in bad:
        if result["status"] != "missing":
            trace = folder / str(run.number) / app.TRACE
            where = f" ({trace})" if trace.exists() else ""
            say(f"run {run.number} ({plan.label(run.arm)}, seed {run.seed}) {result['status']}: {result['error']}{where}")
    counts = [f"{sum(r['status'] == status for _, r in bad)} {status}" for status in ("failed", "diverged", "missing")]
    told = ", ".join(count for count in counts if not count.startswith("0 "))
    raise RunsFailed(
        f"{len(bad)} of {len(plan.runs)} runs have no accuracy ({told}), as told above. "
        "The same command tries again what failed; what diverged stays so."
    )


def _report(folder: Path) -> None:
    from ablate.commands import report

    report.write(folder)
