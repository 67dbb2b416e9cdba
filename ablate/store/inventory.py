"""What a trajectory has of the evaluations that it wrote, and what of them is lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ablate.store.evaluations import Lines
from ablate.store.trajectory import Trajectory

SHOWN = 6  # lost steps that are listed: one more than are told


@dataclass(frozen=True)
class Inventory:
    """The evaluations of a trajectory.

    lines: those that are there. lost: how many are not there any more. lost_steps: the first of their steps; none where it is
    not known which they are.
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

    def without_row() -> _Missing:
        evaluated = status["step"] - (status["state"] == "diverged")  # the step that diverged has no row
        predicted = (int(path.stem) for path in trajectory.files("predictions"))
        return _Missing(lines, _grid(config, evaluated), [step for step in predicted if step <= status["step"]])

    holes = _Missing(lines, _grid(config, max([*lines.by_step, *checkpoints], default=0)))
    if rows is None:
        sure = status["state"] != "diverged" or not (trajectory.path / "metrics.jsonl").exists()
        found = _Missing(lines, *holes.of, *without_row().of) if sure else holes  # training a diverged one again drops rows
        lost = found.count
    else:
        lost = max(holes.count, rows - len(lines.by_step))
        found = holes if lost == holes.count else _Missing(lines, *holes.of, *without_row().of)
    if lost and trajectory.status_and_rows() != written:
        lost = 0  # a training that begins now drops what it will write again
    return Inventory(status, lines, lost, found.first if lost == found.count else ())


class _Missing:
    """Steps that have no row, of grids from the first step on and of lists of steps. However far they reach, none is listed
    but the first.

    count: how many there are. first: the first of them.
    """

    def __init__(self, lines: Lines, *of: range | list[int]) -> None:
        self.of = of
        grid = max((steps for steps in of if isinstance(steps, range)), key=len, default=range(0))
        others = {step for steps in of if isinstance(steps, list) for step in steps if step not in grid}
        there = sum(step in grid for step in lines.by_step)
        gone = sorted(others - lines.by_step.keys())
        self.count = len(grid) - there + len(gone)
        first = islice((step for step in grid if step not in lines.by_step), SHOWN) if len(grid) > there else ()
        self.first = tuple(sorted([*first, *gone])[:SHOWN])


def _grid(config: Mapping[str, Any] | None, last: int) -> range:
    """The steps up to the last at which every training evaluates, as far as they are known."""
    eval_every = (config or {}).get("eval_every")
    return range(eval_every, last + 1, eval_every) if type(eval_every) is int and eval_every > 0 else range(0)
