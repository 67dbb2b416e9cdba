"""What is inside a network at a step: activations, weights and gradients as histograms, and the images that it sees.

It is looked at beside the training, in a graph of its own that changes no variable, so that a training that is looked at has
the same numbers.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablate.training import decay
from ablate.training.build import at_step
from ablate.training.network import Network

BINS = 30  # of a histogram
IMAGES = 4  # of a batch that are kept


@dataclass(frozen=True)
class Histogram:
    """Values in bins of one width. low, high: of the finite values. counts: float64 (BINS,). moments: sum and sum of squares.

    zeros: the share of the values that is 0.
    """

    low: float
    high: float
    counts: NDArray[np.float64]
    moments: tuple[float, float]
    zeros: float


@dataclass(frozen=True)
class Inside:
    """What was found at a step. histograms: by name, as in "activations/conv1", "gradients/fc1/bias".

    images: uint8 (IMAGES, height, width, channels), each from its own least value to its greatest.
    """

    histograms: dict[str, Histogram]
    images: NDArray[np.uint8]


class Look:
    """Looks into a network, with the batch that its next update is made from."""

    def __init__(self, network: Network) -> None:
        self.network = network
        idle = keras.layers.InputLayer | keras.layers.Flatten
        layers = [layer for layer in network.model.layers if not isinstance(layer, idle)]
        self.names = [layer.name for layer in layers]
        self.layers = keras.Model(network.model.inputs, [layer.output for layer in layers])

    def at(self, step: int) -> Inside:
        """What is inside after so many steps."""
        found, images = self._at(tf.constant(step))
        return Inside({name: _histogram(*(part.numpy() for part in parts)) for name, parts in found.items()}, images.numpy())

    @tf.function
    def _at(self, step: tf.Tensor) -> tuple[dict[str, tuple[tf.Tensor, ...]], tf.Tensor]:
        network = self.network
        images, labels = network.batch(step)
        with tf.GradientTape() as tape, at_step(step):
            outputs = self.layers(images, training=True)  # the last are the logits, (batch, classes)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs[-1]))
        gradients = tape.gradient(loss, network.weights)
        if network.recipe.weight_decay.kind == "l2":
            gradients = decay.add_l2(gradients, network.weights, network.decay_rates)
        values = {f"activations/{name}": output for name, output in zip(self.names, outputs, strict=True)}
        values |= {f"weights/{name}": weight for name, weight in zip(network.names, network.weights, strict=True)}
        values |= {f"gradients/{name}": gradient for name, gradient in zip(network.names, gradients, strict=True)}
        return {name: _counted(tf.cast(value, tf.float32)) for name, value in values.items()}, _pixels(images[:IMAGES])


def _counted(values: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """The parts of a `Histogram`; what is infinite or no number counts as 0."""
    values = tf.where(tf.math.is_finite(values), values, 0.0)
    low, high = tf.reduce_min(values), tf.reduce_max(values)
    ends = tf.stack([low, tf.maximum(high, low + tf.maximum(1e-6 * tf.abs(low), 1e-30))])  # equal values have a width, too
    counts = tf.histogram_fixed_width(values, ends, BINS)
    return (*tf.unstack(ends), counts, tf.reduce_sum(values), tf.reduce_sum(tf.square(values)), tf.nn.zero_fraction(values))


def _histogram(low: Any, high: Any, counts: Any, total: Any, squares: Any, zeros: Any) -> Histogram:
    return Histogram(float(low), float(high), counts.astype(np.float64), (float(total), float(squares)), float(zeros))


def _pixels(images: tf.Tensor) -> tf.Tensor:
    """Standardized images as ones that can be shown, uint8 of the same shape."""
    low, high = (reduce(images, [1, 2, 3], keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
    return tf.cast(tf.round(255 * tf.math.divide_no_nan(images - low, high - low)), tf.uint8)
