"""Weight decay: what it adds to a gradient, and what it takes off a weight."""

from collections.abc import Sequence

import tensorflow as tf

from ablate.config.recipe import WeightDecay
from ablate.training.build import ConvOrDense


def rates(layers: Sequence[ConvOrDense], decay: WeightDecay) -> list[float]:
    """The rate of each trainable variable, in the order kernel, bias of each layer; 0 where there is none.

    `layers` are the model's layers with weights. Biases never decay.
    """
    listed = []
    for layer in layers:
        decays = decay.kind != "none" and (decay.layers == "all" or layer.role == "dense")
        rate = decay.rate / (layer.kernel.shape.num_elements() if decay.per_weight else 1)
        listed += [rate if decays else 0.0, 0.0]
    return listed


def add_l2(gradients: Sequence[tf.Tensor], weights: Sequence[tf.Variable], rates: Sequence[float]) -> list[tf.Tensor]:
    """The gradients with those of rate times half the squared sum of the weights."""
    return [
        gradient + rate * weight if rate else gradient for gradient, weight, rate in zip(gradients, weights, rates, strict=True)
    ]


def penalty(weights: Sequence[tf.Variable], rates: Sequence[float]) -> tf.Tensor:
    """What L2 weight decay adds to the loss: half the squared sum of each weight times its rate; float32 scalar."""
    return tf.add_n(
        [tf.zeros([]), *(rate * tf.nn.l2_loss(weight) for weight, rate in zip(weights, rates, strict=True) if rate)]
    )


def shrink(weights: Sequence[tf.Variable], rates: Sequence[float], lr: tf.Tensor) -> None:
    """Decoupled decay: weights lose lr * rate of themselves. Reference: Loshchilov and Hutter 2019, algorithm 2."""
    for weight, rate in zip(weights, rates, strict=True):
        if rate:
            weight.assign_sub(lr * rate * weight)
