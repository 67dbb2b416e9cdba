"""Moving averages of the weights, tracked in every training."""

from collections.abc import Sequence

import tensorflow as tf

from ablate.config.recipe import Average


def track(averages: Sequence[tf.Variable], weights: Sequence[tf.Variable], average: Average, step: tf.Tensor) -> None:
    """Move each average towards its weight by 1 - min(decay, (1 + step) / (warmup + step)).

    `step` counts the updates done before this one, int32 scalar.
    Reference: `tf.train.ExponentialMovingAverage` with num_updates; Polyak and Juditsky 1992.
    """
    step = tf.cast(step, tf.float32)
    rate = 1 - tf.minimum(average.decay, (1 + step) / (average.warmup + step))
    for mean, weight in zip(averages, weights, strict=True):
        mean.assign_sub(rate * (mean - weight))
