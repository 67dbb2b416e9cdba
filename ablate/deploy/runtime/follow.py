"""Evaluations beside a training that runs: of each checkpoint as it appears, until the training ends."""

import time
from collections.abc import Iterator
from pathlib import Path

from ablate.deploy.evaluation import Evaluated
from ablate.deploy.runtime.evaluate import evaluate
from ablate.deploy.runtime.restored import Restored
from ablate.deploy.runtime.summaries import EvaluationSummaries
from ablate.deploy.trained import Trained
from ablate.errors import AblateError

LOOK_S = 1.0  # between two looks for a new checkpoint


def follow(
    trained: Trained, weights: str | None, split: str | None, examples: int | None, every_s: float | None, summaries: Path
) -> Iterator[Evaluated]:
    """The evaluations of its checkpoints, the first first, each once.

    While the training runs, checkpoints come and go; of those that are there only the newest is evaluated where `every_s` asks
    for a wait between two.

    Args:
        weights: raw or ema; None for the run's. split, examples: see `evaluate`.
        every_s: seconds from one evaluation to the next at least; None for no wait.
        summaries: the folder of the summaries for TensorBoard.
    """
    network, written, done, due_at = None, EvaluationSummaries(summaries), -1, 0.0
    while True:
        over = trained.trajectory.live() is None  # asked first, so that the last checkpoint is not missed
        new = [step for step in trained.steps() if step > done]
        if over and not new:
            return
        if not over and not (new and time.monotonic() >= due_at):
            time.sleep(LOOK_S)
            continue
        due_at = time.monotonic() + (every_s or 0)
        for step in new if every_s is None else new[-1:]:
            try:
                if network is None:
                    network = Restored(trained, step, weights)
                else:
                    network.load(step)
            except AblateError:
                if step in trained.steps():
                    raise
                continue  # the training dropped it meanwhile
            one = evaluate(network, split, examples)
            written.add(one)
            done = step
            yield one
