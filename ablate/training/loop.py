"""The training loop."""

import math
import time
from typing import Any

from ablate.config.recipe import Recipe
from ablate.data import Dataset
from ablate.errors import Diverged, Stopped
from ablate.store import RECENT, SPEED, Trajectory, mean_speed
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.trainer import Report
from ablate.training import checkpoint, device
from ablate.training.checkpoint import Progress
from ablate.training.network import TRAINING, Network, Reading
from ablate.training.state import settled
from ablate.training.tensorboard import Summaries

SECONDS_PER_CALL = 0.5  # steps are grouped into calls of about this long; nothing but the response to Ctrl-C depends on it


@settled()
def train(recipe: Recipe, dataset: Dataset, trajectory: Trajectory, report: Report, threads: int, at_once: int = 1) -> None:
    """Train the trajectory up to `recipe.steps` from where its checkpoints are, evaluating on the way.

    It is evaluated on its grid and at every step on the way that a run asked for, whoever asks while it is trained; and kept
    there, but for the steps at which runs are only read on their way to their end.

    The caller holds the trajectory's lock.

    Args:
        report: is told of all that is new, and asked between calls into TensorFlow whether to save the state and stop.
        threads: the threads that TensorFlow has; recorded.
        at_once: how many trainings share the machine; recorded.

    Raises:
        Stopped: it was asked to stop.
        Diverged: a loss became NaN or infinite.
    """
    network = Network(recipe, dataset)
    progress = checkpoint.restore(trajectory, network, recipe, report.missing())
    due_at = report.began(progress.step, device.segment(threads, at_once, progress.step, recipe.steps))
    summaries = Summaries(recipe, network, trajectory) if recipe.tensorboard != "off" else None
    steps_per_call, since, evaluated_at, tracing = 1, progress.seconds, progress.step, True

    while True:
        due = progress.step == due_at
        if due:
            readings = {weights: network.evaluate(weights) for weights in ("raw", "averaged")}
            if not math.isfinite(readings["raw"].loss):
                reason = f"the evaluation loss became {readings['raw'].loss} at step {progress.step}"
                raise Diverged(progress.step, reason)
            examples = (progress.step - evaluated_at) * recipe.batch_size
            recent = round(examples / (progress.seconds - since), 1) if examples else None
            row = _row(recipe, progress, readings, network.learning_rate(progress.step), recent)
            if recipe.eval_train:
                row |= {f"{TRAIN_ACCURACY}_{weights}": network.evaluate(weights, TRAINING).accuracy for weights in readings}
            new = report.row(progress.step, row, {name: reading.classes for name, reading in readings.items()})
            if new and summaries:
                summaries.evaluated({"step": progress.step, **row})
            since, evaluated_at = progress.seconds, progress.step
            if progress.step % recipe.eval_every == 0:
                progress.loss_sum, progress.loss_count = 0.0, 0
        if summaries:
            summaries.look(progress.step)
        asked = report.stop()
        if (due and report.keeps(progress.step)) or (asked and progress.step > 0):
            checkpoint.save(trajectory.checkpoint(progress.step), network, progress)
            report.saved(progress.step)
        if progress.step == recipe.steps:
            break
        if asked:
            raise Stopped(progress.step)

        due_at = report.next_due(progress.step)
        count = min(steps_per_call, due_at - progress.step)
        count = min(count, summaries.most(progress.step)) if summaries else count
        started = time.perf_counter()
        if summaries:
            losses, penalties = network.advance_watched(progress.step, count)
        else:
            losses = network.advance(progress.step, count)
        seconds = time.perf_counter() - started
        if summaries:
            summaries.stepped(progress.step + count, losses, penalties, seconds)
        for loss in losses.tolist():
            progress.step += 1
            progress.loss_sum += loss
            progress.loss_count += 1
            if not math.isfinite(loss):
                raise Diverged(progress.step, f"the loss became {loss} at step {progress.step}")
        progress.seconds += seconds
        report.alive(progress.step, losses[-1].item(), count * recipe.batch_size / seconds)
        steps_per_call = max(1, round(SECONDS_PER_CALL * count / seconds))
        if tracing and progress.step != due_at:
            since, evaluated_at = progress.seconds, progress.step  # the recent speed is that of a traced graph
        tracing = False


def _row(recipe: Recipe, progress: Progress, readings: dict[str, Reading], lr: float, recent: float | None) -> dict[str, Any]:
    """One evaluation. loss: mean cross-entropy since the last multiple of eval_every; seconds: of training, in all.

    recent: examples a second since the last evaluation; None where no step lies between, as after a stop at this very step.
    """
    seconds = round(progress.seconds, 3)
    return {
        "epoch": progress.step * recipe.batch_size / recipe.shape.train_images,
        "loss": progress.loss_sum / progress.loss_count if progress.loss_count else math.nan,
        **{f"accuracy_{name}": reading.accuracy for name, reading in readings.items()},
        **{f"eval_loss_{name}": reading.loss for name, reading in readings.items()},
        "lr": lr,
        "seconds": seconds,
        SPEED: mean_speed(progress.step, recipe.batch_size, seconds),
        RECENT: recent,
    }
