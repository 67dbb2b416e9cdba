"""What a run came to: its training on disk, read at the run's step and weights."""

from collections.abc import Mapping
from typing import Any

from ablate import readout
from ablate.config.neutral import training_fingerprint
from ablate.errors import AblateError
from ablate.readout import Outcome, Readout, read_off
from ablate.store import Trajectory
from ablate.trainers import Asked, content_of

TRACE = "traceback.txt"  # beside the result of a run that failed


def trajectory_of(asked: Asked) -> tuple[Trajectory, dict[str, Any]]:
    """The trajectory that a run stands on, and the training content that its fingerprint hashes."""
    content = content_of(asked)
    return Trajectory(asked.store, training_fingerprint(content)), content


def outcome(wanted: Readout, trajectory: Trajectory) -> Outcome | None:
    """What a run came to, from its trajectory; None where that has to be trained further. See `readout.read_off`."""
    lines = trajectory.lines()
    whole = trajectory.evaluated(wanted.steps, lines) >= {*wanted.steps}
    return read_off(trajectory.rows(lines), trajectory.status(), wanted, whole)


def read(asked: Asked, trajectory: Trajectory) -> dict[str, Any] | None:
    """The result of a run, from its trajectory; None where that has to be trained further."""
    found = outcome(asked.readout, trajectory)
    if found is None:
        return None
    values = _values(found, asked)
    return _result(asked, trajectory, found.status, found.step, found.error, values)


def exploded(wanted: Readout, trajectory: Trajectory) -> Mapping[str, Any] | None:
    """The first evaluation of a run before which its training loss was above `diverged_loss`; None where none was."""
    return readout.exploded((row for row in trajectory.rows() if wanted.is_own(row["step"])), wanted.diverged_loss)


def reason_of(error: BaseException) -> str:
    """Why something failed, in one line."""
    text = str(error) if isinstance(error, AblateError) else f"{type(error).__name__}: {error}"
    return text.strip().splitlines()[0]


def failure(reason: str, asked: Asked | None = None, trajectory: Trajectory | None = None) -> dict[str, Any]:
    """The result of a run that failed, as far as it is known what it would have been."""
    if asked is None or trajectory is None:
        return {"status": "failed", "error": reason, "accuracy": None}
    return _result(asked, trajectory, "failed", trajectory.status()["step"], error=reason)


def pruned(asked: Asked, trajectory: Trajectory, step: int) -> dict[str, Any]:
    """The result of a run that a search ended at a step."""
    return _result(asked, trajectory, "pruned", step)


def _result(
    asked: Asked,
    trajectory: Trajectory,
    status: str,
    step: int,
    error: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`result.json`. values: of `Outcome.values`; none where there is no evaluation."""
    told = dict(values or _values(Outcome(status, step), asked))
    measured = {key: told.pop(key) for key in ("seconds", "examples_per_second")}
    return {
        "seed": asked.spec.seed,
        "fingerprint": trajectory.fingerprint,
        "readout": _noted(asked.readout),
        "evaluation_set": asked.spec.evaluation_set,
        "status": status,
        "step": step,
        "error": error,
        **told,
        "costs": {
            "parameters": asked.sizes.get("parameters"),
            "operations": asked.sizes.get("operations"),
            **measured,
        },
    }


def _values(found: Outcome, asked: Asked) -> dict[str, Any]:
    return found.values(asked.readout.weights, asked.readout.metric, [metric["name"] for metric in asked.others])


def _noted(readout: Readout) -> dict[str, Any]:
    newest = {"newest": True} if readout.grid is None else {}
    last = {"last": readout.last, **newest} if readout.last > 1 else {}
    return {"weights": readout.weights, "step": readout.step, **last}


def begun_with(trajectory: Trajectory) -> int | None:
    """The threads that a trajectory was trained with so far; None where there is nothing of it."""
    segments = trajectory.segments()
    begun = segments[-1].get("threads") if segments and (trajectory.checkpoints() or trajectory.rows()) else None
    return begun if isinstance(begun, int) else None
