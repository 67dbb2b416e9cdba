import numpy as np
import pytest
import tensorflow as tf

from ablate.training.lrn import local_response_normalization

RADII = [(64, 4), (64, 0), (10, 4), (3, 7), (1, 2), (96, 5)]


def activations(channels: int, scale: float = 30.0) -> tuple[tf.Tensor, tf.Tensor]:
    generator = np.random.default_rng(channels)
    x = np.maximum(generator.normal(scale=scale, size=(2, 5, 4, channels)), 0).astype(np.float32)
    return tf.constant(x), tf.constant(generator.normal(size=x.shape).astype(np.float32))


def value_and_gradient(function: object, x: tf.Tensor, dy: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y, tape.gradient(y, x, tf.cast(dy, y.dtype))


@pytest.mark.parametrize(("channels", "radius"), RADII)
@pytest.mark.parametrize("beta", [0.5, 0.75, 1.3])
def test_equals_tensorflows(channels: int, radius: int, beta: float) -> None:
    x, dy = activations(channels)
    ours = value_and_gradient(lambda x: local_response_normalization(x, radius, 1.0, 0.001 / 9, beta), x, dy)
    theirs = value_and_gradient(lambda x: tf.nn.lrn(x, radius, 1.0, 0.001 / 9, beta), x, dy)
    for our, their in zip(ours, theirs, strict=True):
        scale = np.abs(their.numpy()).max()
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-5 * scale)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)


def test_normalizes_at_all() -> None:
    x, _ = activations(64)
    y = local_response_normalization(x, 4, 1.0, 0.001 / 9, 0.75).numpy()
    assert np.abs(y - x.numpy()).max() > 1


@pytest.mark.parametrize(("channels", "radius"), RADII)
def test_bfloat16_is_the_rounded_float32(channels: int, radius: int) -> None:
    x, dy = activations(channels)
    x, dy = tf.cast(x, tf.bfloat16), tf.cast(dy, tf.bfloat16)

    def lrn(x: tf.Tensor) -> tf.Tensor:
        return local_response_normalization(x, radius, 1.0, 0.001 / 9, 0.75)

    exact = value_and_gradient(lrn, tf.cast(x, tf.float32), tf.cast(dy, tf.float32))
    for half, full in zip(value_and_gradient(lrn, x, dy), exact, strict=True):
        assert half.dtype == tf.bfloat16
        rounded = tf.cast(full, tf.bfloat16)
        bits = [tf.cast(tf.bitcast(part, tf.int16), tf.int32).numpy() for part in (half, rounded)]
        ordered = [np.where(part < 0, -(part & 0x7FFF), part) for part in bits]
        assert np.abs(ordered[0] - ordered[1]).max() <= 2
