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
    if read_json(folder / SWEEP) is None:  # what was fixed before training stays as it was
        write_json(folder / SWEEP, plan.to_json())
    missing = [run for run in plan.runs if not _read(run, folder)]
    say(
        f"{folder}: {_count(len(plan.runs), 'run')} ({_count(len(plan.arms), 'arm')} x {_count(len(plan.seeds), 'seed')}) "
        f"on {_count(plan.trainings, 'training')}, "
        + (f"{_count(len(missing), 'run')} to do" if missing else "all done already; nothing to train")
    )
    for later, earlier in plan.same_arms():
        say(f"{plan.label(later)}: the same training and readout as {plan.label(earlier)}, so no difference can show")
    if missing:
        launch(missing)
    results = [_result(run, folder) for run in plan.runs]
    _report(folder)
    bad = [(run, result) for run, result in zip(plan.runs, results, strict=True) if result["status"] != "done"]
    if bad:
        lines = [
            f"run {run.number} ({plan.label(run.arm)}, seed {run.seed}) {result['status']}: {result['error']}"
            for run, result in bad
        ]
        raise RunsFailed(f"{len(bad)} of {len(plan.runs)} runs have no accuracy: " + "; ".join(lines))
    return results


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _read(run: Run, folder: Path) -> bool:
    """Read a run whose trajectory is there already, without launching anything."""
    result = app.read(run.recipe, run.trajectory)
    if result is not None and read_json(folder / str(run.number) / app.RESULT) != result:
        write_json(folder / str(run.number) / app.RESULT, result)
    return result is not None


def _result(run: Run, folder: Path) -> dict[str, Any]:
    result = read_json(folder / str(run.number) / app.RESULT)
    if not isinstance(result, dict):
        return app.failure(AblateError("it left no result"))
    return result


def _report(folder: Path) -> None:
    from ablate.commands import report

    report.write(folder)
