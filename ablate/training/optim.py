"""Learning rates and optimizers, as functions of the step and of explicit slots."""

import math
from collections.abc import Sequence

import tensorflow as tf

from ablate.config.recipe import Recipe


def learning_rate(recipe: Recipe, step: tf.Tensor) -> tf.Tensor:
    """The rate of the update that leads from `step` to `step + 1`, float32 scalar."""
    base = tf.constant(recipe.optimizer.lr, tf.float32)
    schedule = recipe.schedule
    if schedule.kind == "staircase":
        steps_per_stair = max(1, int(schedule.every_epochs * (recipe.shape.train_images / recipe.batch_size)))
        return base * tf.pow(tf.constant(schedule.factor, tf.float32), tf.cast(step // steps_per_stair, tf.float32))
    if schedule.kind == "cosine":
        done = tf.minimum(tf.cast(step, tf.float32) / recipe.steps, 1.0)
        fraction = schedule.final_fraction
        return base * (fraction + (1 - fraction) * 0.5 * (1 + tf.cos(math.pi * done)))
    return base


def slot_names(recipe: Recipe) -> tuple[str, ...]:
    """The optimizer's state: for each name one variable a weight, of its shape, 0 at the start."""
    return {"sgd": (), "momentum": ("velocity",), "adam": ("mean", "square")}[recipe.optimizer.kind]


def update(
    recipe: Recipe,
    weights: Sequence[tf.Variable],
    gradients: Sequence[tf.Tensor],
    slots: dict[str, list[tf.Variable]],
    lr: tf.Tensor,
    step: tf.Tensor,
) -> None:
    """One step of the optimizer. `step` counts the updates done so far, int32 scalar.

    Reference: Polyak 1964 (momentum, as in Keras: v = momentum v - lr g, w = w + v); Kingma and Ba 2015, algorithm 1.
    """
    optimizer = recipe.optimizer
    if optimizer.kind == "sgd":
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(lr * gradient)
    elif optimizer.kind == "momentum":
        for weight, gradient, velocity in zip(weights, gradients, slots["velocity"], strict=True):
            velocity.assign(optimizer.momentum * velocity - lr * gradient)
            weight.assign_add(velocity)
    else:
        count = tf.cast(step + 1, tf.float32)
        for weight, gradient, mean, square in zip(weights, gradients, slots["mean"], slots["square"], strict=True):
            mean.assign_add((gradient - mean) * (1 - optimizer.beta_1))
            square.assign_add((tf.square(gradient) - square) * (1 - optimizer.beta_2))
            unbiased = mean / (1 - tf.pow(optimizer.beta_1, count))
            scale = tf.sqrt(square / (1 - tf.pow(optimizer.beta_2, count))) + optimizer.epsilon
            weight.assign_sub(lr * unbiased / scale)
