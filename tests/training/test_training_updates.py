"""Optimizers, schedules, decay and averages against Keras, TensorFlow and the formulas."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate import data
from ablate.config.recipe import Recipe
from ablate.training import average, decay, optim
from ablate.training.network import Network

KERAS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.001, epsilon=1e-8),
}


@pytest.mark.parametrize("name", sorted(KERAS))
def test_optimizer_equals_kerass(name: str, tiny: Callable[..., Recipe]) -> None:
    recipe = tiny(f"optimizer={name}")
    start = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    ours, theirs = tf.Variable(start), keras.Variable(start)
    slots = {slot: [tf.Variable(tf.zeros_like(ours))] for slot in optim.slot_names(recipe)}
    rival = KERAS[name]()
    for step in range(20):
        gradient = tf.constant(np.random.default_rng(step).normal(size=(4, 3)).astype(np.float32))
        lr = optim.learning_rate(recipe, tf.constant(step))
        optim.update(recipe, [ours], [gradient], slots, lr, tf.constant(step))
        rival.apply([gradient], [theirs])
    assert np.abs(ours.numpy() - start).max() > 0.01
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=2e-4, atol=2e-6)


def test_schedules(tiny: Callable[..., Recipe]) -> None:
    def rates(*overrides: str) -> list[float]:
        recipe = tiny(*overrides)
        return [float(optim.learning_rate(recipe, tf.constant(step))) for step in range(0, 31, 5)]

    assert rates() == pytest.approx([0.1] * 7)
    # 200 images in batches of 16: 12.5 steps an epoch, so an epoch's stair is 12 whole steps
    assert rates("schedule=tutorial", "schedule.every_epochs=1") == pytest.approx(
        [0.1 * 0.1 ** (step // 12) for step in range(0, 31, 5)]
    )
    assert rates("schedule=cosine") == pytest.approx(
        [0.05 * (1 + np.cos(np.pi * step / 30)) for step in range(0, 31, 5)], abs=1e-8
    )


def test_averages_follow_the_published_warm_up(tiny: Callable[..., Recipe]) -> None:
    weight, mean = tf.Variable([2.0]), tf.Variable([5.0])
    expected, how = 5.0, tiny("ema_decay=0.8").average
    for step in range(100):
        weight.assign([float(step % 7)])
        average.track([mean], [weight], how, tf.constant(step))
        rate = min(0.8, (1 + step) / (10 + step))
        expected = rate * expected + (1 - rate) * (step % 7)
        assert mean.numpy()[0] == pytest.approx(expected, rel=1e-5)


def network(recipe: Recipe) -> Network:
    return Network(recipe, data.load(recipe.data))


def test_which_weights_decay_and_how_fast(tiny: Callable[..., Recipe]) -> None:
    def rates(level: str) -> dict[str, float]:
        made = network(tiny(f"weight_decay={level}"))
        return {name: rate for name, rate in zip(made.names, made.decay_rates, strict=True) if rate}

    size = 6 * 6 * 8 * 16
    assert rates("scaled") == {"fc1/kernel": 500 / size}
    assert rates("tutorial") == {"fc1/kernel": 0.004}
    assert rates("off") == {}
    assert set(rates("decoupled")) == {
        f"{layer}/kernel" for layer in ("conv1", "fire1_squeeze", "fire1_expand1", "fire1_expand3", "fc1", "classifier")
    }


@pytest.mark.parametrize(("level", "factor"), [("scaled", 1.0), ("tutorial", 1.0), ("decoupled", 1.0)])
def test_decay_is_exactly_what_one_update_differs_by(level: str, factor: float, tiny: Callable[..., Recipe]) -> None:
    bare, decayed = network(tiny("weight_decay=off")), network(tiny(f"weight_decay={level}"))
    before = {name: weight.numpy() for name, weight in zip(bare.names, bare.weights, strict=True)}
    bare.advance(0, 1)
    decayed.advance(0, 1)
    for name, rate, one, other in zip(decayed.names, decayed.decay_rates, bare.weights, decayed.weights, strict=True):
        expected = one.numpy() - 0.1 * rate * before[name] * factor
        np.testing.assert_allclose(other.numpy(), expected, rtol=1e-5, atol=1e-7)
        if rate:
            assert not np.array_equal(one.numpy(), other.numpy())


def test_l2_is_the_gradient_of_half_the_squared_sum() -> None:
    weight = tf.Variable([[1.0, -2.0], [0.5, 3.0]])
    with tf.GradientTape() as tape:
        loss = 0.3 * tf.nn.l2_loss(weight)
    [added] = decay.add_l2([tf.zeros_like(weight)], [weight], [0.3])
    np.testing.assert_allclose(added, tape.gradient(loss, weight))


def test_one_step_equals_a_plain_keras_step(tiny: Callable[..., Recipe]) -> None:
    """The whole update of a model without dropout, against autodiff and Keras's optimizer on Keras's own layers."""
    recipe = tiny("model=tuto", "weight_decay=tutorial", "augment=off", "lrn=off")
    ours = network(recipe)
    layers = keras.layers
    rival = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(3, 2, "same"),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(3, 2, "same"),
            layers.Flatten(),
            layers.Dense(384, "relu", kernel_regularizer=keras.regularizers.L2(0.002)),
            layers.Dense(192, "relu", kernel_regularizer=keras.regularizers.L2(0.002)),
            layers.Dense(4),
        ]
    )
    rival.set_weights([weight.numpy() for weight in ours.weights])
    dataset = data.load(recipe.data)
    from ablate.training import batches

    chosen = batches.indices(0, tf.constant(0), tf.constant(1), 200, 16).numpy()[0]
    images = tf.image.per_image_standardization(tf.cast(dataset.train.images[chosen], tf.float32))
    labels = dataset.train.labels[chosen]
    with tf.GradientTape() as tape:
        entropy = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, rival(images, training=True)))
        loss = entropy + tf.add_n(rival.losses)
    gradients = tape.gradient(loss, rival.trainable_weights)
    keras.optimizers.SGD(0.1).apply(gradients, rival.trainable_weights)
    assert ours.advance(0, 1)[0] == pytest.approx(float(entropy), rel=1e-5)
    for name, our, their in zip(ours.names, ours.weights, rival.get_weights(), strict=True):
        np.testing.assert_allclose(our.numpy(), their, rtol=1e-3, atol=2e-5, err_msg=name)
