"""Which checkpoints of a training it goes on from, and which of them stay."""

import logging
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from ablate.errors import AblateError
from ablate.store.files import writing
from ablate.store.trajectory import Trajectory

KEPT_CHECKPOINTS = 2  # the newest ones, while it is trained, besides those for final steps that a run asked for
KEPT_BEFORE = (
    95  # percent of a final step: the newest checkpoint up to there stays, too, so that the tail can be looked at again
)

log = logging.getLogger(__name__)


def resumable(trajectory: Trajectory, step: int, eval_every: int, read: Collection[int] = ()) -> Iterator[Path]:
    """The checkpoints that a training to a step goes on from, the newest first.

    One on the grid of evaluations whose own evaluation was lost is none, so that it comes to be written again.

    Args:
        read: where the training is read on the way: it goes on from the first of them that has no evaluation, or before.
    """
    last = min({*read} - trajectory.evaluated(read), default=step)
    for path in trajectory.checkpoints():
        at = int(path.stem)
        if at <= min(step, last) and (at % eval_every or trajectory.row(at) is not None):
            yield path


def going_on(trajectory: Trajectory, step: int) -> list[Path]:
    """The checkpoints that a training to a step can go on from: the newest up to it."""
    return [path for path in trajectory.checkpoints() if int(path.stem) <= step][:KEPT_CHECKPOINTS]


def kept_for(trajectory: Trajectory, finals: Iterable[int]) -> set[Path]:
    """The checkpoints that stay for final steps: each one's own, and the newest at or before 95% of it.

    None for a step that diverged before it came.
    """
    checkpoints, diverged_at = trajectory.checkpoints(), trajectory.diverged_at
    kept = set()
    for final in (step for step in finals if step < diverged_at):
        before = (path for path in checkpoints if 100 * int(path.stem) <= KEPT_BEFORE * final)
        kept |= {path for path in (trajectory.checkpoint(final), next(before, None)) if path in checkpoints}
    return kept


def prune(trajectory: Trajectory, step: int) -> None:
    """Drop the checkpoints up to a step that are neither its newest nor kept for a step that a run asked for."""
    past = [path for path in trajectory.checkpoints() if int(path.stem) <= step]
    _drop(trajectory, set(past[KEPT_CHECKPOINTS:]) - kept_for(trajectory, trajectory.final_steps()))


def prune_finished(trajectory: Trajectory, step: int) -> None:
    """Drop the checkpoints up to a step that no step needs which a run asked for, whether it is trained or still to be.

    Where they may not be dropped they stay: the training is as finished as it was.
    """
    kept = kept_for(trajectory, trajectory.final_steps()).union(
        *(going_on(trajectory, step) for step in trajectory.unfinished())
    )
    try:
        _drop(trajectory, {path for path in trajectory.checkpoints() if int(path.stem) <= step} - kept)
    except AblateError as error:
        log.warning("%s The checkpoints stay; `ablate runs gc` deletes them.", error)


def _drop(trajectory: Trajectory, checkpoints: Iterable[Path]) -> None:
    with writing(trajectory.path / "checkpoints"):
        for path in checkpoints:
            path.unlink(missing_ok=True)
