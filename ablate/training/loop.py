"""The training loop."""

import math
import time
from collections.abc import Callable
from typing import Any

from ablate.config.recipe import Recipe
from ablate.data import Dataset
from ablate.errors import Stopped
from ablate.store import RECENT, SPEED, Trajectory, mean_speed
from ablate.trainer import Watcher
from ablate.training import checkpoint, device
from ablate.training.checkpoint import Progress
from ablate.training.network import Network, Reading
from ablate.training.state import settled
from ablate.training.summaries import Summaries

SECONDS_PER_CALL = 0.5  # steps are grouped into calls of about this long; nothing but the response to Ctrl-C depends on it


@settled()
def train(
    recipe: Recipe,
    dataset: Dataset,
    trajectory: Trajectory,
    watcher: Watcher,
    threads: int,
    stop: Callable[[], bool] = lambda: False,
    at_once: int = 1,
) -> None:
    """Train the trajectory up to `recipe.steps` from where its checkpoints are, evaluating on the way.

    It is evaluated and kept on its grid and at every step on the way that a run asked for, whoever asks while it is trained.

    The caller holds the trajectory's lock. On return its status is `done`, or `diverged` where a loss became NaN or infinite.

    Args:
        threads: the threads that TensorFlow has; recorded.
        stop: asked between calls into TensorFlow; where it answers True the state is saved.
        at_once: how many trainings share the machine; recorded.

    Raises:
        Stopped: `stop` answered True.
    """
    network = Network(recipe, dataset)
    progress = checkpoint.restore(trajectory, network, recipe)
    if not any(int(path.stem) > progress.step for path in trajectory.checkpoints()):
        trajectory.drop_after(
            max(progress.step, trajectory.finished)
        )  # what a run has read is not lost for want of a checkpoint
    trajectory.add_segment(device.segment(threads, at_once, progress.step, recipe.steps))
    trajectory.keep(recipe.steps)
    trajectory.set_status("running", progress.step)
    watcher.began(progress.step)
    summaries = Summaries(trajectory) if recipe.tensorboard else None
    steps_per_call, since, evaluated_at, tracing = 1, progress.seconds, progress.step, True
    due_at = recipe.steps
    if progress.step in trajectory.unfinished():
        due_at = progress.step  # it was stopped at this very step, which a run asked for since

    while True:
        due = progress.step == due_at
        if due:
            readings = {weights: network.evaluate(weights) for weights in ("raw", "averaged")}
            if not math.isfinite(readings["raw"].loss):
                reason = f"the evaluation loss became {readings['raw'].loss} at step {progress.step}"
                _diverged(trajectory, progress.step, reason)
                return
            if trajectory.row(progress.step) is None:
                examples = (progress.step - evaluated_at) * recipe.batch_size
                recent = round(examples / (progress.seconds - since), 1) if examples else None
                row = _row(recipe, progress, readings, network.learning_rate(progress.step), recent)
                trajectory.add_evaluation(row, {name: reading.classes for name, reading in readings.items()})
                if summaries:
                    summaries.add(row)
                watcher.evaluated(row)
            since, evaluated_at = progress.seconds, progress.step
            if progress.step % recipe.eval_every == 0:
                progress.loss_sum, progress.loss_count = 0.0, 0
        asked = stop()
        if due or (asked and progress.step > 0):
            _save(trajectory, network, progress)
        if progress.step == recipe.steps:
            break
        if asked:
            raise Stopped(progress.step)

        grid = (progress.step // recipe.eval_every + 1) * recipe.eval_every
        asked_for = [step for step in trajectory.final_steps() if step > progress.step]
        due_at = min([grid, recipe.steps, *asked_for])
        count = min(steps_per_call, due_at - progress.step)
        started = time.perf_counter()
        losses = network.advance(progress.step, count)
        seconds = time.perf_counter() - started
        for loss in losses.tolist():
            progress.step += 1
            progress.loss_sum += loss
            progress.loss_count += 1
            if not math.isfinite(loss):
                _diverged(trajectory, progress.step, f"the loss became {loss} at step {progress.step}")
                return
        progress.seconds += seconds
        watcher.stepped(progress.step, losses[-1].item(), count * recipe.batch_size / seconds)
        steps_per_call = max(1, round(SECONDS_PER_CALL * count / seconds))
        if tracing and progress.step != due_at:
            since, evaluated_at = progress.seconds, progress.step  # the recent speed is that of a traced graph
        tracing = False

    trajectory.set_status("done", max([progress.step, *(int(path.stem) for path in trajectory.checkpoints())]))
    trajectory.prune_finished(progress.step)


def _row(recipe: Recipe, progress: Progress, readings: dict[str, Reading], lr: float, recent: float | None) -> dict[str, Any]:
    """One evaluation. loss: mean cross-entropy since the last multiple of eval_every; seconds: of training, in all.

    recent: examples a second since the last evaluation; None where no step lies between, as after a stop at this very step.
    """
    seconds = round(progress.seconds, 3)
    return {
        "step": progress.step,
        "epoch": progress.step * recipe.batch_size / recipe.shape.train_images,
        "loss": progress.loss_sum / progress.loss_count,
        **{f"accuracy_{name}": reading.accuracy for name, reading in readings.items()},
        **{f"eval_loss_{name}": reading.loss for name, reading in readings.items()},
        "lr": lr,
        "seconds": seconds,
        SPEED: mean_speed(progress.step, recipe.batch_size, seconds),
        RECENT: recent,
    }


def _diverged(trajectory: Trajectory, step: int, reason: str) -> None:
    trajectory.set_status("diverged", step, reason)
    trajectory.prune_finished(step)


def _save(trajectory: Trajectory, network: Network, progress: Progress) -> None:
    checkpoint.save(trajectory.checkpoint(progress.step), network, progress)
    trajectory.set_status("running", progress.step)
    trajectory.prune(progress.step)
