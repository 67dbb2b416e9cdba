"""What a run came to: its training on disk, read at the run's step and weights."""

import functools
import json
from collections.abc import Mapping
from typing import Any

from ablate import data, readout
from ablate.config.neutral import training_fingerprint
from ablate.config.recipe import Recipe
from ablate.errors import AblateError
from ablate.models.costs import totals
from ablate.readout import read_off
from ablate.store import Trajectory

TRACE = "traceback.txt"  # beside the result of a run that failed


def trajectory_of(recipe: Recipe) -> tuple[Trajectory, dict[str, Any]]:
    """The trajectory that a run stands on, and the training content that its fingerprint hashes."""
    content = recipe.training(_digest(json.dumps(dict(recipe.data), sort_keys=True)))
    return Trajectory(recipe.store, training_fingerprint(content)), content


def read(recipe: Recipe, trajectory: Trajectory) -> dict[str, Any] | None:
    """The result of a run, from its trajectory; None where that has to be trained further. See `readout.read_off`."""
    whole = trajectory.row(recipe.steps) is not None
    found = read_off(trajectory.rows(), trajectory.status(), recipe.steps, recipe.diverged_loss, whole)
    if found is None:
        return None
    return _result(recipe, trajectory, found.status, found.step, error=found.error, **found.values(recipe.readout.weights))


def exploded(recipe: Recipe, trajectory: Trajectory) -> Mapping[str, Any] | None:
    """The first evaluation up to a run's step before which its training loss was above `diverged_loss`; None where none was."""
    return readout.exploded((row for row in trajectory.rows() if row["step"] <= recipe.steps), recipe.diverged_loss)


def reason_of(error: BaseException) -> str:
    """Why something failed, in one line."""
    text = str(error) if isinstance(error, AblateError) else f"{type(error).__name__}: {error}"
    return text.strip().splitlines()[0]


def failure(reason: str, recipe: Recipe | None = None, trajectory: Trajectory | None = None) -> dict[str, Any]:
    """The result of a run that failed, as far as it is known what it would have been."""
    if recipe is None or trajectory is None:
        return {"status": "failed", "error": reason, "accuracy": None}
    return _result(recipe, trajectory, "failed", trajectory.status()["step"], error=reason)


def pruned(recipe: Recipe, trajectory: Trajectory, step: int) -> dict[str, Any]:
    """The result of a run that a search ended at a step."""
    return _result(recipe, trajectory, "pruned", step)


def _result(
    recipe: Recipe,
    trajectory: Trajectory,
    status: str,
    step: int,
    error: str | None = None,
    accuracy: float | None = None,
    loss: float | None = None,
    seconds: float | None = None,
    examples_per_second: float | None = None,
) -> dict[str, Any]:
    """`result.json`. accuracy: fraction of the evaluation images; seconds: of the training up to the run's step."""
    parameters, operations = totals(recipe.model, recipe.input_shape)
    return {
        "seed": recipe.seed,
        "fingerprint": trajectory.fingerprint,
        "readout": {"weights": recipe.readout.weights, "step": recipe.steps},
        "evaluation_set": recipe.data["eval_on"],
        "status": status,
        "step": step,
        "error": error,
        "accuracy": accuracy,
        "loss": loss,
        "costs": {
            "parameters": parameters,
            "operations": operations,
            "seconds": seconds,
            "examples_per_second": examples_per_second,
        },
    }


def begun_with(trajectory: Trajectory) -> int | None:
    """The threads that a trajectory was trained with so far; None where there is nothing of it."""
    segments = trajectory.segments()
    begun = segments[-1].get("threads") if segments and (trajectory.checkpoints() or trajectory.rows()) else None
    return begun if isinstance(begun, int) else None


@functools.lru_cache(maxsize=16)
def _digest(data_config: str) -> str:
    return data.digest(json.loads(data_config))
