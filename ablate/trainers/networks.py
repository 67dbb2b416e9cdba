"""The built-in trainer: convolutional networks on images, with TensorFlow, which is imported only where it trains."""

import functools
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablate import data
from ablate.config import keys, loading
from ablate.config.recipe import Recipe
from ablate.data import Dataset, cache
from ablate.errors import AblateError
from ablate.messages import say
from ablate.metrics import ACCURACY, KNOWN
from ablate.models.costs import totals
from ablate.readout import Readout
from ablate.store import Evaluated, Trajectory, is_forbidden, keep_evaluated, read_evaluated
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.store.sweep_check import WEIGHTS
from ablate.system import environment
from ablate.trainer import Report, Resources, Spec, Work
from ablate.trainers import libraries

EVALUATION_SHARE = 0.35  # of a training example, that an evaluated image takes: 0.30 to 0.40 on one core of an AMD EPYC

LOSS = replace(KNOWN["loss"], unit="nats", low=0.0)  # a cross-entropy

_totals = functools.lru_cache(maxsize=1024)(totals)
log = logging.getLogger(__name__)


class Networks:
    """Trains what a `Recipe` says; the payload of its specs is the recipe."""

    name = "networks"
    keys = (*keys.top("training"), *keys.top("readout"))
    metrics = (KNOWN[ACCURACY], LOSS, replace(KNOWN[ACCURACY], name=TRAIN_ACCURACY))

    def read(self, config: Mapping[str, Any], chosen: Mapping[str, str]) -> tuple[Spec, Readout]:
        """The recipe of a config, and how it is read."""
        recipe = loading.recipe({key: value for key, value in config.items() if key != "trainer"}, chosen)
        return self.spec(recipe), Readout(recipe.readout.weights, recipe.steps, float(recipe.diverged_loss))

    def spec(self, recipe: Recipe) -> Spec:
        """The training of a recipe. Its work is in training examples."""
        return Spec(
            self.name,
            recipe.seed,
            Work(
                recipe.precision.compute,
                recipe.batch_size,
                EVALUATION_SHARE * len(WEIGHTS) * (recipe.shape.eval_images + recipe.eval_train),
                cache.folder(recipe.data),
                _sizes(recipe),
            ),
            WEIGHTS,
            recipe.eval_every,
            not recipe.depends_on_steps,
            "exact",
            recipe.data["eval_on"],
            tuple(recipe.idle),
            recipe,
            self.metrics,
        )

    def content(self, spec: Spec) -> dict[str, Any]:
        """What the fingerprint hashes, with the digest of the decoded data."""
        return _recipe(spec).training(_digest(json.dumps(dict(spec.payload.data), sort_keys=True)))

    def check(self) -> None:
        """Refuse variables that change what is trained, and those with which TensorFlow or Keras does not start."""
        environment.check()
        libraries.check()

    def keep(self, spec: Spec, content: Mapping[str, Any], store: Path) -> None:
        """Keep the true classes of the evaluation images, where an older version did not.

        The data are read only where they are missing. Where that cannot be, or the store not be written, it is said.
        """
        try:
            if read_evaluated(store, content["data"]["digest"]) is None:
                _keep_evaluated(spec, store, data.load(spec.payload.data))
        except AblateError as error:
            say(f"{error} Reports will leave out what needs the true classes of the images.")

    def prepare(self, spec: Spec, content: Mapping[str, Any], folder: Path, resources: Resources) -> int:
        """Load the data that it was planned with, and give TensorFlow its threads."""
        environment.check()
        dataset = _dataset_of(spec)
        if dataset.digest != content["data"]["digest"]:
            name = spec.payload.data["name"]
            raise AblateError(f"data={name} has changed since {folder} was planned. Rerun the command.")
        try:
            _keep_evaluated(spec, folder.parent, dataset)
        except AblateError as error:
            if not is_forbidden(error):
                raise
            log.warning("%s Reports will leave out what needs the true classes of the images.", error)
        from ablate.training import device  # TensorFlow is imported here, after all input was checked

        if spec.payload.precision.compute == "bfloat16":
            device.warn_without_bfloat16()
        threads = _configured(resources, folder, device.configure(resources.threads))
        device.warn_of_changes(Trajectory(folder.parent, folder.name))
        return threads

    def train(self, spec: Spec, folder: Path, to: int, resources: Resources, report: Report) -> None:
        """Train up to a step, from where its checkpoints are."""
        from ablate.training import device, loop

        recipe = _recipe(spec).model_copy(update={"steps": to})
        try:
            loop.train(
                recipe, _dataset_of(spec), Trajectory(folder.parent, folder.name), report, resources.threads, resources.at_once
            )
        finally:
            device.free_memory()


def _recipe(spec: Spec) -> Recipe:
    """The recipe of a spec, with its seed."""
    recipe: Recipe = spec.payload
    return recipe if recipe.seed == spec.seed else recipe.model_copy(update={"seed": spec.seed})


def _sizes(recipe: Recipe) -> dict[str, Any]:
    """See `ablate.trainer.Work`."""
    parameters, operations = _totals(recipe.model, recipe.input_shape)
    return {
        "input": list(recipe.input_shape),
        "parameters": parameters,
        "operations": operations,
        "learning_rate": recipe.optimizer.lr,
        "training_images": recipe.shape.train_images,
        "batch_size": recipe.batch_size,
        "steps_per_epoch": recipe.shape.train_images / recipe.batch_size,
        "evaluation_images": recipe.shape.eval_images,
    }


def _keep_evaluated(spec: Spec, store: Path, dataset: Dataset) -> None:
    if read_evaluated(store, dataset.digest) is None:
        split = dataset.evaluation
        keep_evaluated(
            store, dataset.digest, Evaluated(split.labels, dataset.class_names, split.digest, spec.payload.data["eval_on"])
        )


def _configured(resources: Resources, folder: Path, threads: int) -> int:
    """The threads that TensorFlow has in this process, unless the training cannot go on with them."""
    if threads != resources.threads and resources.fixed:
        raise AblateError(
            f"{folder} was started with threads={resources.threads} and must resume so, but TensorFlow already uses {threads} "
            f"in this process. Give the sweep threads={resources.threads}, or train this run alone."
        )
    if threads != resources.threads:
        say(f"TensorFlow already uses threads={threads} in this process, so training uses {threads}, not {resources.threads}")
    return threads


def _dataset_of(spec: Spec) -> Dataset:
    return _dataset(json.dumps(dict(spec.payload.data), sort_keys=True))


@functools.lru_cache(maxsize=2)
def _dataset(data_config: str) -> Dataset:
    return data.load(json.loads(data_config))


@functools.lru_cache(maxsize=16)
def _digest(data_config: str) -> str:
    return data.digest(json.loads(data_config))


TRAINER = Networks()
