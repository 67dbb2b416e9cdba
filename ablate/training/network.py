"""A network in training: its variables, and the graph that advances and evaluates it."""

import re
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablate.config.recipe import Recipe
from ablate.data import Dataset, Split
from ablate.data.split import hold_out
from ablate.training import average, batches, decay, optim
from ablate.training.augment import CropSource
from ablate.training.build import ConvOrDense, at_step, build
from ablate.training.evaluation import evaluated

EVALUATION, TRAINING = "evaluation", "training"  # images that are evaluated: the whole set, and the sample


@dataclass(frozen=True)
class Reading:
    """What one evaluation found. classes: predicted class of each image, (images,); loss: mean cross-entropy."""

    classes: NDArray[np.integer]
    accuracy: float
    loss: float


class Network:
    """Variables of a training, and the functions that advance and evaluate them.

    The data set lies on the device. Nothing is drawn from a stateful generator and no iterator is kept, so that the state is
    the variables alone, and `advance(first, count)` gives the same numbers however steps are grouped into calls.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset) -> None:
        self.recipe = recipe
        self.model = build(
            recipe.model, recipe.input_shape, init=recipe.init, seed=recipe.seed, compute=recipe.precision.compute
        )
        self.layers = [layer for layer in self.model.layers if isinstance(layer, ConvOrDense)]
        self.weights = [weight for layer in self.layers for weight in (layer.kernel.value, layer.bias.value)]
        self.names = [f"{layer.name}/{part}" for layer in self.layers for part in ("kernel", "bias")]
        self.averages = [tf.Variable(weight) for weight in self.weights]
        self.slots = {
            slot: [tf.Variable(tf.zeros_like(weight)) for weight in self.weights] for slot in optim.slot_names(recipe)
        }
        self.decay_rates = decay.rates(self.layers, recipe.weight_decay)
        self._train_images, self.train_labels = self._on_device(dataset.train)
        self._sets = {EVALUATION: self._on_device(dataset.evaluation)}
        if recipe.eval_train:
            _, sample = hold_out(dataset.train.labels, recipe.eval_train)
            self._sets[TRAINING] = self._on_device(dataset.train.take(sample))
        # A GPU runs the compiled step faster; on CPUs, XLA's convolutions take twice as long as oneDNN's.
        on_gpu = bool(tf.config.list_logical_devices("GPU"))
        self._update = tf.function(self._one_update, jit_compile=True) if on_gpu else self._one_update

    def _on_device(self, split: Split) -> tuple[CropSource, tf.Tensor]:
        return CropSource(tf.constant(split.images), self.recipe.input_shape[:2]), tf.constant(split.labels)

    def variables(self) -> dict[str, tf.Variable]:
        """All state by name, as in "weights/conv1/kernel", "averages/fc1/bias", "velocity/classifier/kernel"."""
        groups = {"weights": self.weights, "averages": self.averages, **self.slots}
        return {
            f"{group}/{name}": variable
            for group, variables in groups.items()
            for name, variable in zip(self.names, variables, strict=True)
        }

    def advance(self, first: int, count: int) -> NDArray[np.float32]:
        """Do the steps first + 1 … first + count; the cross-entropy of each, (count,)."""
        losses: NDArray[np.float32] = self._advance(tf.constant(first), tf.constant(count)).numpy()
        return losses

    def advance_watched(self, first: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same steps; the cross-entropy of each, and what weight decay adds to the loss before it, both (count,)."""
        losses, penalties = self._advance_watched(tf.constant(first), tf.constant(count))
        return losses.numpy(), penalties.numpy()

    @tf.function
    def _advance(self, first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        indices = self._indices(first, count)
        losses = tf.TensorArray(tf.float32, count)
        for done in tf.range(count):
            losses = losses.write(done, self._update(indices[done], first + done))
        return losses.stack()

    @tf.function
    def _advance_watched(self, first: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        indices = self._indices(first, count)
        losses, penalties = tf.TensorArray(tf.float32, count), tf.TensorArray(tf.float32, count)
        for done in tf.range(count):
            penalties = penalties.write(done, self.penalty())
            losses = losses.write(done, self._update(indices[done], first + done))
        return losses.stack(), penalties.stack()

    def _indices(self, first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        recipe = self.recipe
        return batches.indices(recipe.seed, first, count, recipe.shape.train_images, recipe.batch_size)

    def batch(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Images as the network sees them in the update after `step`, (batch, *input_shape), and their labels, (batch,)."""
        indices = self._indices(step, tf.constant(1))[0]
        return self._distorted(indices, step), tf.gather(self.train_labels, indices)

    def graph(self) -> tf.compat.v1.GraphDef:
        """The graph of the network in evaluation, for one to look at, in which each layer has its name.

        Keras opens the scope of a layer twice, so that TensorFlow appends _1 to each.
        """
        images = tf.TensorSpec((None, *self.recipe.input_shape), tf.float32, "images")
        graph = tf.function(lambda x: self.model(x, training=False)).get_concrete_function(images).graph.as_graph_def()
        names = "|".join(re.escape(layer.name) for layer in (self.model, *self.model.layers))
        appended = re.compile(rf"\b({names})_1(?=/)")
        for node in graph.node:
            node.name = appended.sub(r"\1", node.name)
            node.input[:] = [appended.sub(r"\1", name) for name in node.input]
        return graph

    def penalty(self) -> tf.Tensor:
        """What weight decay adds to the loss; 0 where it is no part of the loss."""
        return decay.penalty(self.weights, self.decay_rates) if self.recipe.weight_decay.kind == "l2" else tf.zeros([])

    def _distorted(self, indices: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        return self._train_images.distorted(indices, self.recipe.augment, self.recipe.seed, step)

    def _one_update(self, indices: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """One update from the batch (batch,), and its cross-entropy before the update."""
        recipe = self.recipe
        images = self._distorted(indices, step)
        labels = tf.gather(self.train_labels, indices)
        with tf.GradientTape() as tape, at_step(step):
            logits = self.model(images, training=True)  # (batch, classes)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, self.weights)
        lr = optim.learning_rate(recipe, step)
        if recipe.weight_decay.kind == "l2":
            gradients = decay.add_l2(gradients, self.weights, self.decay_rates)
        elif recipe.weight_decay.kind == "decoupled":
            decay.shrink(self.weights, self.decay_rates, lr)
        optim.update(recipe, self.weights, gradients, self.slots, lr, step)
        average.track(self.averages, self.weights, recipe.average, step)
        return loss

    def evaluate(self, weights: str, images: str = EVALUATION) -> Reading:
        """Reads the whole evaluation set, or the sample of the training set, with the `raw` or the `averaged` weights."""
        variables = self.averages if weights == "averaged" else self.weights
        classes, losses = (part.numpy() for part in self._evaluate([tf.convert_to_tensor(v) for v in variables], images))
        correct = classes == self._sets[images][1].numpy()
        return Reading(classes, float(correct.mean()), float(losses.astype(np.float64).mean()))

    @tf.function
    def _evaluate(self, weights: list[tf.Tensor], which: str) -> tuple[tf.Tensor, tf.Tensor]:
        inputs, truth = self._sets[which]
        _, classes, losses = evaluated(self.model, weights, inputs, truth)
        return classes, losses

    def learning_rate(self, step: int) -> float:
        """The rate at a step."""
        return float(optim.learning_rate(self.recipe, tf.constant(step)))
