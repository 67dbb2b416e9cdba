"""Model files as classifiers: images in, probabilities out, no matter who made the file."""

import time
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from ablate.data import Split
from ablate.deploy.evaluation import Evaluated
from ablate.deploy.model_files import FROZEN, KERAS, LITERT, ONNX, SAVED_MODEL, ModelFile
from ablate.deploy.preparation import Preparation, probabilities_of
from ablate.deploy.scores import refuse_infinite, scores
from ablate.errors import AblateError
from ablate.training.state import settled

MODULES = {FROZEN: "frozen", SAVED_MODEL: "saved_model", KERAS: "keras_file", LITERT: "litert", ONNX: "onnx"}
_LEAST = 1e-12  # probability that a loss is computed of


class ForeignModel:
    """A model file, loaded. seconds: that computing took so far."""

    @settled()
    def __init__(self, model: ModelFile, preparation: Preparation, image: tuple[int, int, int], classes: int) -> None:
        """Read and check it.

        Args:
            image: (height, width, channels) of the data set's images. classes: how many the data set has.

        Raises:
            AblateError: it is not run; says why.
        """
        module = import_module(f"ablate.deploy.runtime.loaded.{MODULES[model.kind]}")
        self.model, self.preparation, self.classes = model, preparation, classes
        self.loaded = module.load(model, preparation, image)
        self.seconds = 0.0

    @settled()
    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The probabilities of images, uint8 (n, height, width, channels): (n, classes).

        Raises:
            AblateError: its outputs are none.
        """
        loaded, parts = self.loaded, []
        for start in range(0, len(images), loaded.batch):
            given = images[start : start + loaded.batch]
            whole = np.zeros((loaded.batch, *given.shape[1:]), np.uint8)  # the last batch is filled up
            whole[: len(given)] = given
            prepared = self.preparation.prepared(whole, loaded.size)
            started = time.perf_counter()
            outputs = loaded.compute(prepared)
            self.seconds += time.perf_counter() - started
            self._check(outputs[: len(given)], outputs.shape)
            parts.append(outputs[: len(given)])
        return probabilities_of(np.concatenate(parts))

    def _check(self, outputs: NDArray[np.floating], shape: tuple[int, ...]) -> None:
        if shape != (self.loaded.batch, self.classes):
            given = "×".join(map(str, shape[1:])) or "one value"
            raise AblateError(f"{self.model.word} gives {given} an image, but the data set has {self.classes} classes.")
        refuse_infinite(outputs, self.model.word)

    def evaluate(self, split: str, images: Split, names: tuple[str, ...]) -> Evaluated:
        """What it makes of a split. names: of the classes."""
        self(images.images[: self.loaded.batch])  # the first call traces
        self.seconds = 0.0
        probabilities = self(images.images)
        classes = probabilities.argmax(axis=1).astype(np.int32)
        own = np.maximum(probabilities[np.arange(len(images.labels)), images.labels], _LEAST)
        losses = (-np.log(own)).astype(np.float32)
        found = scores(probabilities, classes, losses, images.labels)
        word = self.model.word
        return Evaluated(word, word, split, None, None, found, images, probabilities, classes, losses, names, self.seconds)
