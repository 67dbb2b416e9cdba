"""A trained network, restored from a checkpoint: from uint8 images to logits, with the preprocessing of its evaluations."""

import math
import time
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablate.config.recipe import Init
from ablate.data import Split
from ablate.deploy.trained import STORED, Trained
from ablate.errors import AblateError
from ablate.resources import cores
from ablate.store import DAMAGE
from ablate.system import environment
from ablate.trainers import libraries
from ablate.training import checkpoint, device
from ablate.training.augment import CropSource
from ablate.training.build import ConvOrDense, build
from ablate.training.evaluation import EVALUATION_BATCH, evaluated
from ablate.training.state import settled

_GROUPS = {"raw": "weights", "averaged": "averages"}  # of a checkpoint's arrays
_MOST_STATES = 4  # values of a checkpoint for each weight: the weight, its average, and two of an optimizer


@dataclass(frozen=True)
class Outputs:
    """What a network makes of images.

    logits: float32 (n, classes). classes: int32 (n,). losses: nats, float32 (n,). seconds: it took, but for tracing the graph.
    """

    logits: NDArray[np.float32]
    classes: NDArray[np.int32]
    losses: NDArray[np.float32]
    seconds: float


def prepare(threads: int | None = None) -> int:
    """Give TensorFlow its threads, once in a process; those that it has.

    Args:
        threads: None for all cores.

    Raises:
        AblateError: settings of the environment would change the numbers.
    """
    environment.check()
    libraries.check()
    return device.configure(threads or cores())


class Restored:
    """A network with the weights of a checkpoint.

    model: the Keras model, from standardized float32 images (batch, *input_shape) to logits. step: of the checkpoint. trained,
    weights: what was restored; weights are `raw` or `ema`.
    """

    @settled()
    def __init__(
        self, trained: Trained, step: int | None = None, weights: str | None = None, compute: str | None = None
    ) -> None:
        """Build it and load its weights; see `load`.

        Args:
            weights: raw or ema; None for those of the run. compute: float32 or bfloat16; None for what it was trained with.
        """
        content = trained.content
        self.trained, self.weights = trained, weights or trained.weights
        self.model = build(
            trained.model,
            trained.input_shape,
            init=Init(**content["init"]),
            seed=content["seed"],
            compute=compute or content["precision"],
        )
        layers = [layer for layer in self.model.layers if isinstance(layer, ConvOrDense)]
        self._variables = {
            f"{layer.name}/{part}": getattr(layer, part).value for layer in layers for part in ("kernel", "bias")
        }
        self._logits = tf.function(
            self._of_images, input_signature=[tf.TensorSpec([None, *trained.image_shape], tf.uint8, name="images")]
        )
        self.step = -1
        self.load(step)

    def load(self, step: int | None = None) -> None:
        """Load the weights of a step's checkpoint; see `Trained.checkpoint`.

        Raises:
            AblateError: there is no such checkpoint, or it is damaged.
        """
        path, group = self.trained.checkpoint(step), _GROUPS[STORED[self.weights]]
        wanted = {f"{group}/{name}": variable for name, variable in self._variables.items()}
        others = (_MOST_STATES - 1) * sum(math.prod(variable.shape) for variable in wanted.values())
        try:
            arrays = checkpoint.read(path, self.trained.trajectory.store, wanted, others)
        except FileNotFoundError as error:
            raise AblateError(
                f"The checkpoint {path} was deleted before it was read: training keeps the newest two."
            ) from error
        except DAMAGE as error:
            raise AblateError(f"The checkpoint {path} is damaged: {error}. Choose another with --step.") from error
        for name, variable in wanted.items():
            variable.assign(arrays[name])
        self.step = int(path.stem)

    def _of_images(self, images: tf.Tensor) -> tf.Tensor:
        source = CropSource(images, self.trained.input_shape[:2])
        return self.model(source.center(tf.range(tf.shape(images)[0])), training=False)

    @settled()
    def __call__(self, images: NDArray[np.uint8], batch_size: int = EVALUATION_BATCH) -> NDArray[np.float32]:
        """Logits of images as the data set has them: uint8 (n, *image_shape) to float32 (n, classes)."""
        starts = range(0, max(len(images), 1), batch_size)
        return np.concatenate([self._logits(tf.constant(images[start : start + batch_size])).numpy() for start in starts])

    @settled()
    def evaluate(self, split: Split, batch_size: int = EVALUATION_BATCH) -> Outputs:
        """What it makes of a split, computed as evaluations are while it is trained."""
        source = CropSource(tf.constant(split.images), self.trained.input_shape[:2])
        truth = tf.constant(split.labels)

        @tf.function
        def whole(weights: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            return evaluated(self.model, weights, source, truth, batch_size)

        weights = [tf.convert_to_tensor(variable) for variable in self._variables.values()]
        computed = whole.get_concrete_function(weights)
        started = time.perf_counter()
        parts = [part.numpy() for part in computed(*weights)]
        return Outputs(*parts, time.perf_counter() - started)
