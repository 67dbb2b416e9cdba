"""The Hydra task: config in, one run's result out. It ensures the trajectory, then reads it."""

import functools
import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from ablate import config, data, environment, readout
from ablate.data import Dataset
from ablate.errors import AblateError
from ablate.interrupt import interruptible
from ablate.models.costs import totals
from ablate.progress import LiveFile, Stopped, TrainingProgress, Watcher, say
from ablate.readout import read_off
from ablate.recipe import Recipe
from ablate.store import (
    Evaluated,
    Trajectory,
    fingerprint,
    is_forbidden,
    keep_evaluated,
    read_evaluated,
    result_file,
    write_atomically,
)
from ablate.store.result_file import RESULT, STATUSES

__all__ = ["RESULT", "STATUSES", "TRACE"]

log = logging.getLogger(__name__)

TRACE = "traceback.txt"


def run(cfg: DictConfig) -> dict[str, Any]:
    """One Hydra job: train what is missing of the run's trajectory, read it, write result.json into the job's folder.

    A run that fails has a result too, with status `failed`; only the trace is elsewhere, in traceback.txt beside it.
    """
    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    recipe, trajectory = None, None
    try:
        if job.mode == RunMode.RUN and job.runtime.choices.get("study") is not None:
            study = job.runtime.choices["study"]
            raise AblateError(f"study={study} is a sweep. Add -m: python -m ablate -m study={study}.")
        if job.mode == RunMode.RUN and cfg.retune is not False:
            raise AblateError("retune is for sweeps. Add -m, or leave it out.")
        if job.job.chdir:
            raise AblateError("hydra.job.chdir=true gives each run a store of its own. Leave it out: all runs share one.")
        config.check_overrides(_words(job))
        recipe = config.resolve(cfg)
        trajectory, content = trajectory_of(recipe)
        result = _ensured(recipe, trajectory, content)
    except Exception as error:
        result = failure(config.redacted(reason_of(error), cfg), recipe, trajectory)
        write_atomically(folder / TRACE, config.redacted(traceback.format_exc(), cfg).encode())
    result_file.write(folder, result)
    return result


def _words(job: Any) -> list[str]:
    """The words of the command line as they were written: an interpolation among them is resolved where its key is."""
    words = OmegaConf.to_container(job.overrides.task, resolve=False)
    assert isinstance(words, list)
    return [str(word) for word in words]


def _ensured(recipe: Recipe, trajectory: Trajectory, content: Mapping[str, Any]) -> dict[str, Any]:
    result = read(recipe, trajectory)
    if result is not None:
        say(f"{trajectory.path} is trained to step {recipe.steps} already; nothing to train")
        if trajectory.checkpoint(recipe.steps).exists():
            trajectory.keep(recipe.steps)
        keep_labels(recipe, content)
        return result
    for line in recipe.idle:
        say(line)
    with _waiting_for(trajectory):
        if read(recipe, trajectory) is None:
            _train_here(recipe, trajectory, content)
    result = read(recipe, trajectory)
    if result is None:
        raise AblateError(f"Expected an evaluation at step {recipe.steps} in {trajectory.path}. Received: none.")
    return result


def _train_here(recipe: Recipe, trajectory: Trajectory, content: Mapping[str, Any]) -> None:
    environment.check()
    environment.check_start()
    with interruptible("stopping after this step; press Ctrl-C again to stop at once") as stop:
        with TrainingProgress(recipe, trajectory) as watcher:
            try:
                ensure(recipe, trajectory, content, config.levels(HydraConfig.get()), watcher, stop)
            except Stopped as stopped:
                say(f"stopped at step {stopped}, saved in {trajectory.path}; the same command goes on from there")
                raise KeyboardInterrupt from None
        if stop():
            raise KeyboardInterrupt


def trajectory_of(recipe: Recipe) -> tuple[Trajectory, dict[str, Any]]:
    """The trajectory that a run stands on, and the training content that its fingerprint hashes."""
    content = recipe.training(_digest(json.dumps(dict(recipe.data), sort_keys=True)))
    return Trajectory(recipe.store, fingerprint(content)), content


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
    if read(recipe, trajectory) is not None:
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
        trajectory.set_status("failed", step, reason_of(error))
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


@contextmanager
def _waiting_for(trajectory: Trajectory) -> Iterator[None]:
    """The trajectory's lock, waited for where another process has it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(trajectory.locked(timeout_s=0))
        except TimeoutError as error:
            say(f"{error}; waiting for it")
            stack.enter_context(trajectory.locked())
        yield


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


def _configured_threads(recipe: Recipe, trajectory: Trajectory, configure: Callable[[int], int]) -> int:
    """The threads to train with: those that the trajectory was begun with, since its last bits depend on them."""
    begun = begun_with(trajectory)
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


def begun_with(trajectory: Trajectory) -> int | None:
    """The threads that a trajectory was trained with so far; None where there is nothing of it."""
    segments = trajectory.segments()
    begun = segments[-1].get("threads") if segments and (trajectory.checkpoints() or trajectory.rows()) else None
    return begun if isinstance(begun, int) else None


@functools.lru_cache(maxsize=2)
def _dataset(data_config: str) -> Dataset:
    return data.load(json.loads(data_config))


@functools.lru_cache(maxsize=16)
def _digest(data_config: str) -> str:
    return data.digest(json.loads(data_config))
