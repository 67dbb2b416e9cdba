"""What a trajectory has of the evaluations that it wrote, and what of them is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ablate.store.evaluations import Lines
from ablate.store.trajectory import Trajectory


@dataclass(frozen=True)
class Inventory:
    """The evaluations of a trajectory.

    lines: those that are there. lost: how many are not there any more. lost_steps: of which steps; none where it is not known.
    """

    status: Mapping[str, Any]
    lines: Lines
    lost: int
    lost_steps: tuple[int, ...]


def take(trajectory: Trajectory, config: Mapping[str, Any] | None) -> Inventory:
    """The evaluations of a trajectory, whether it is being trained or not, or was killed at whatever moment.

    Rows are written in order of step, each before the checkpoint of its step and before the status that counts it; what is
    dropped is dropped from the end, after the status has been corrected. So before any row and up to any checkpoint there is a
    row at every multiple of eval_every, and there are as many as status.json says. Where an older version wrote that file,
    there are those up to its step.

    Args:
        config: what config.yaml holds; None where it is damaged.

    Raises:
        AblateError: it cannot be read.
    """
    written = trajectory.status_and_rows()  # before the lines, of which more may be written meanwhile
    checkpoints = [int(path.stem) for path in trajectory.checkpoints()]
    lines = trajectory.lines()
    status, rows = written

    def missing(steps: Iterable[int]) -> set[int]:
        return {step for step in steps if step not in lines.by_step}

    def without_row() -> set[int]:
        evaluated = status["step"] - (status["state"] == "diverged")  # the step that diverged has no row
        predicted = (int(path.stem) for path in trajectory.files("predictions"))
        return missing(_grid(config, evaluated)) | missing(step for step in predicted if step <= status["step"])

    holes = missing(_grid(config, max([*lines.by_step, *checkpoints], default=0)))
    if rows is None:
        sure = status["state"] != "diverged" or not (trajectory.path / "metrics.jsonl").exists()
        steps = holes | without_row() if sure else holes  # training a diverged one again up to an earlier step drops rows
        lost = len(steps)
    else:
        lost = max(len(holes), rows - len(lines.by_step))
        steps = holes if lost == len(holes) else holes | without_row()
    if lost and trajectory.status_and_rows() != written:
        lost = 0  # a training that begins now drops what it will write again
    return Inventory(status, lines, lost, tuple(sorted(steps)) if lost == len(steps) else ())


def _grid(config: Mapping[str, Any] | None, last: int) -> range:
    """The steps up to the last at which every training evaluates, as far as they are known."""
    eval_every = (config or {}).get("eval_every")
    return range(eval_every, last + 1, eval_every) if type(eval_every) is int and eval_every > 0 else range(0)
