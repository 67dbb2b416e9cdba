"""Evaluations of a restored network."""

import numpy as np

from ablate.data import Split
from ablate.deploy.evaluation import Evaluated
from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.runtime.foreign import ForeignModel
from ablate.deploy.runtime.restored import Restored
from ablate.deploy.scores import scores, softmax


def evaluate(network: Restored, split: str | None = None, examples: int | None = None) -> Evaluated:
    """What a restored network makes of a split of its data set.

    Args:
        split: train, validation or test; None for what it was evaluated on while it was trained.
        examples: only so many images, the first ones.
    """
    trained = network.trained
    wanted, whole = split or trained.split, trained.images(split)
    images = _first(whole, examples)
    outputs = network.evaluate(images)
    probabilities = softmax(outputs.logits)
    recorded = None
    if wanted == trained.split and len(images.labels) == len(whole.labels):
        recorded = trained.recorded(network.step, network.weights)
    return Evaluated(
        trained.word,
        trained.label,
        wanted,
        network.step,
        network.weights,
        scores(probabilities, outputs.classes, outputs.losses, images.labels),
        images,
        probabilities.astype(np.float32),
        outputs.classes,
        outputs.losses,
        trained.dataset(split).class_names,
        outputs.seconds,
        recorded,
    )


def evaluate_file(
    model: ModelFile, preparation: Preparation, split: str | None = None, examples: int | None = None
) -> Evaluated:
    """What a model file makes of a split of the data set that was given; see `evaluate`."""
    wanted, dataset = split or model.split, model.dataset(split)
    loaded = ForeignModel(model, preparation, model.image_shape, len(dataset.class_names))
    images = _first(dataset.train if wanted == "train" else dataset.evaluation, examples)
    return loaded.evaluate(wanted, images, dataset.class_names)


def _first(whole: Split, examples: int | None) -> Split:
    return Split(whole.images[:examples], whole.labels[:examples])
