"""One training is ensured: it is there, or it is trained now, from where it was left."""

import functools
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ablate import data
from ablate.config.recipe import Recipe
from ablate.data import Dataset
from ablate.errors import AblateError, Stopped
from ablate.messages import say
from ablate.planning import run_result
from ablate.running.progress import LiveFile
from ablate.store import (
    Evaluated,
    Trajectory,
    is_forbidden,
    keep_evaluated,
    read_evaluated,
)
from ablate.system import environment
from ablate.trainer import Watcher

log = logging.getLogger(__name__)


def ensure(
    recipe: Recipe,
    trajectory: Trajectory,
    content: Mapping[str, Any],
    names: Mapping[str, str],
    watcher: Watcher,
    stop: Callable[[], bool],
    at_once: int = 1,
) -> None:
    """Train the trajectory up to the run's step, unless it is there or has diverged before. The caller holds its lock.

    Args:
        content: what the fingerprint hashes.
        names: the chosen levels, for the reader of config.yaml.
        stop: asked often; where it answers True the state is saved.
        at_once: how many trainings share the machine; recorded.

    Raises:
        Stopped: `stop` answered True; the message is the step that is saved.
    """
    if run_result.read(recipe, trajectory) is not None:
        return  # another process trained it meanwhile
    environment.check()
    dataset = _dataset(json.dumps(dict(recipe.data), sort_keys=True))
    if dataset.digest != content["data"]["digest"]:
        raise AblateError(
            f"Expected the data that {trajectory.path} was planned with. Received: data={recipe.data['name']} that has changed "
            "since. Start the command again."
        )
    try:
        _keep_evaluated(recipe, dataset)
    except AblateError as error:
        if not is_forbidden(error):
            raise
        log.warning("%s A report leaves out what needs the true classes of the images.", error)
    from ablate.training import device, loop  # TensorFlow is imported here, after all input was checked

    if recipe.precision.compute == "bfloat16":
        device.warn_without_bfloat16()
    threads = _configured_threads(recipe, trajectory, device.configure)
    device.warn_of_changes(trajectory)
    trajectory.clean()
    trajectory.write_config(content, names)
    before = trajectory.status()
    try:
        with LiveFile(recipe, trajectory, watcher) as live:
            loop.train(recipe, dataset, trajectory, live, threads, stop, at_once)
    except Stopped:
        raise
    except Exception as error:
        with suppress(OSError, AblateError):  # the disk may be full; the first error is the one to tell
            _note_failure(trajectory, before, error)
        raise
    finally:
        device.free_memory()


def _note_failure(trajectory: Trajectory, before: Mapping[str, Any], error: Exception) -> None:
    """Write that a training failed; but one that was finished stays so where another user, who asked for more, was refused."""
    step = trajectory.status()["step"]
    if not (before["state"] in ("done", "diverged") and is_forbidden(error)):
        trajectory.set_status("failed", step, run_result.reason_of(error))
    elif step <= before["step"]:
        trajectory.set_status(before["state"], before["step"], before["error"])


def keep_labels(recipe: Recipe, content: Mapping[str, Any]) -> None:
    """Keep the true classes of the evaluation images beside a training that is there, where an older version did not.

    The data are read only where they are missing. Where that cannot be, or the store not be written, it is said.
    """
    try:
        if read_evaluated(recipe.store, content["data"]["digest"]) is None:
            _keep_evaluated(recipe, data.load(recipe.data))
    except AblateError as error:
        say(f"{error} All is read all the same; but a report leaves out what needs the true classes of the images.")


def _keep_evaluated(recipe: Recipe, dataset: Dataset) -> None:
    if read_evaluated(recipe.store, dataset.digest) is None:
        split = dataset.evaluation
        evaluated = Evaluated(split.labels, dataset.class_names, split.digest, recipe.data["eval_on"])
        keep_evaluated(recipe.store, dataset.digest, evaluated)


def _configured_threads(recipe: Recipe, trajectory: Trajectory, configure: Callable[[int], int]) -> int:
    """The threads to train with: those that the trajectory was begun with, since its last bits depend on them."""
    begun = run_result.begun_with(trajectory)
    wanted = recipe.threads if begun is None else begun
    if wanted != recipe.threads:
        say(f"{trajectory.path} was begun with threads={wanted}; going on with as many, not {recipe.threads}")
    threads = configure(wanted)
    if threads != wanted and begun is not None:
        raise AblateError(
            f"Expected to go on with threads={wanted}, as {trajectory.path} was begun. Received: a process in which "
            f"TensorFlow has {threads} already. Give the sweep threads={wanted}, or train this run alone."
        )
    if threads != wanted:
        say(f"TensorFlow has threads={threads} in this process already; training with as many, not {wanted}")
    return threads


@functools.lru_cache(maxsize=2)
def _dataset(data_config: str) -> Dataset:
    return data.load(json.loads(data_config))
