"""Running a plan: what is trained already is read, the rest is launched, and a report ends it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ablate import app
from ablate.errors import AblateError
from ablate.plan import SWEEP, Plan, Run
from ablate.progress import say
from ablate.store import read_json, write_json

Launch = Callable[[Sequence[Run]], None]


class RunsFailed(AblateError):
    """Some runs of a sweep failed or diverged; the others have their results."""


def run(plan: Plan, folder: Path, launch: Launch) -> list[dict[str, Any]]:
    """Run a plan in its folder; the results of all runs, in order.

    Args:
        launch: trains the given runs and writes their results; failures of runs do not raise.

    Raises:
        RunsFailed: some runs have no accuracy in the end.
    """
    _fix(plan, folder)
    missing = [run for run in plan.runs if not _read(plan, run, folder)]
    say(
        f"{folder}: {_count(len(plan.runs), 'run')} ({_count(len(plan.arms), 'arm')} x {_count(len(plan.seeds), 'seed')}) "
        f"on {_count(plan.trainings, 'training')}, "
        + (f"{_count(len(missing), 'run')} to do" if missing else "all done already; nothing to train")
    )
    for arm, recipe in plan.recipes():
        for line in recipe.idle:
            say(f"{plan.label(arm)}: {line}")
    for later, earlier in plan.same_arms():
        say(f"{plan.label(later)}: the same training and readout as {plan.label(earlier)}, so no difference can show")
    if missing:
        launch(missing)
    results = [_result(plan, run, folder) for run in plan.runs]
    _report(folder)
    bad = [(run, result) for run, result in zip(plan.runs, results, strict=True) if result["status"] != "done"]
    if bad:
        lines = [
            f"run {run.number} ({plan.label(run.arm)}, seed {run.seed}) {result['status']}: {result['error']}"
            for run, result in bad
        ]
        raise RunsFailed(f"{len(bad)} of {len(plan.runs)} runs have no accuracy: " + "; ".join(lines))
    return results


def _fix(plan: Plan, folder: Path) -> None:
    """Write sweep.json, or check that it is of this sweep: what was fixed before training stays as it was."""
    wanted, found = plan.to_json(), read_json(folder / SWEEP)
    if found is not None and any(found.get(key) != wanted[key] for key in ("factors", "arms", "seeds", "runs")):
        raise AblateError(f"Expected a new folder, or that of the same sweep. Received: {folder}, which holds another sweep.")
    if found is None or found["store"] != wanted["store"]:
        write_json(folder / SWEEP, wanted | ({"fixed": found["fixed"]} if found else {}))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _read(plan: Plan, run: Run, folder: Path) -> bool:
    """Read a run whose trajectory is there already, without launching anything."""
    result = app.read(run.recipe, run.trajectory)
    if result is not None:
        _write(plan, run, folder, result)
    return result is not None


def _result(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """The result that a run left, with the arm that it was."""
    result = read_json(folder / str(run.number) / app.RESULT)
    if not isinstance(result, dict):
        return app.failure("it left no result", run.recipe, run.trajectory)
    return _write(plan, run, folder, result)


def _write(plan: Plan, run: Run, folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    path = folder / str(run.number) / app.RESULT
    whole = {"arm": dict(plan.arms[run.arm].levels)} | result
    if read_json(path) != whole:
        write_json(path, whole)
    return whole


def _report(folder: Path) -> None:
    from ablate.commands import report

    report.write(folder)
