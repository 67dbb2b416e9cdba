"""One training is ensured: it is there, or it is trained now, from where it was left."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ablate import trainers
from ablate.errors import AblateError, Stopped
from ablate.messages import say
from ablate.planning import run_result
from ablate.readout import Readout
from ablate.running.backend import Job
from ablate.running.progress import LiveFile
from ablate.running.recorder import Recorder
from ablate.store import Trajectory, is_forbidden
from ablate.trainer import Resources, Watcher


def ensure(job: Job, readout: Readout, trajectory: Trajectory, watcher: Watcher, stop: Callable[[], bool]) -> None:
    """Train the trajectory up to the step of a readout, unless it is there or has diverged before. The caller holds its lock.

    Args:
        stop: asked often; where it answers True the state is saved.

    Raises:
        Stopped: `stop` answered True; the message is the step that is saved.
    """
    if run_result.outcome(readout, trajectory) is not None:
        return  # another process trained it meanwhile
    trainer, spec = trainers.find(job.spec.trainer), job.spec
    given = _resources(job, trajectory)
    threads = trainer.prepare(spec, job.content, trajectory.path, given)
    given = Resources(threads, given.at_once, given.fixed)
    trajectory.clean()
    trajectory.write_config(job.content, job.names)
    before = trajectory.status()
    try:
        with (
            LiveFile(readout.step, spec, trajectory, watcher, readout.is_due) as live,
            Recorder(trajectory, trainer, spec, readout, live, stop, given) as report,
        ):
            trainer.train(spec, trajectory.path, readout.step, given, report)
    except Stopped:
        raise
    except Exception as error:
        with suppress(OSError, AblateError):  # the disk may be full; the first error is the one to tell
            _note_failure(trajectory, before, error)
        raise


def _note_failure(trajectory: Trajectory, before: Mapping[str, Any], error: Exception) -> None:
    """Write that a training failed; but one that was finished stays so where another user, who asked for more, was refused."""
    step = trajectory.status()["step"]
    if not (before["state"] in ("done", "diverged") and is_forbidden(error)):
        trajectory.set_status("failed", step, run_result.reason_of(error))
    elif step <= before["step"]:
        trajectory.set_status(before["state"], before["step"], before["error"])


def _resources(job: Job, trajectory: Trajectory) -> Resources:
    """What to train with: the threads that the trajectory was begun with, since its last bits depend on them."""
    begun = run_result.begun_with(trajectory)
    if begun is not None and begun != job.threads:
        say(f"{trajectory.path} was started with threads={begun} and resumes with that number, not {job.threads}")
    return Resources(job.threads if begun is None else begun, job.at_once, begun is not None)
