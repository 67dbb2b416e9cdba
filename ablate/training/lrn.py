"""Local response normalization across channels, written for speed.

y = x * s ** -beta with s = bias + alpha * (sum of x ** 2 over the channels at most `depth_radius` away), Krizhevsky et al.
2012, section 3.3, in the scaling of `tf.nn.lrn` (alpha is not divided by the window). The sum is a product with a band
matrix, and so is its transpose in the gradient, which is why it is several times faster on a CPU than `tf.nn.lrn`.
"""

import numpy as np
import tensorflow as tf


def local_response_normalization(x: tf.Tensor, depth_radius: int, bias: float, alpha: float, beta: float) -> tf.Tensor:
    """The normalized activations, same shape and type as `x`; computed in float32.

    Args:
        x: float32 or bfloat16, (..., channels), any number of channels.
        depth_radius: neighbors on each side, at least 0.
        bias: above 0.
        alpha, beta: as in the formula above.

    Its gradient with p = s ** -beta is dy * p - 2 alpha beta x * band(dy * y / s).
    """
    channels = x.shape[-1]
    distance = np.abs(np.arange(channels)[:, None] - np.arange(channels)[None, :])
    band = (distance <= depth_radius).astype(np.float32)  # (channels, channels), symmetric

    @tf.custom_gradient
    def normalize(x: tf.Tensor) -> tuple[tf.Tensor, object]:
        rows = tf.reshape(tf.cast(x, tf.float32), [-1, channels])
        squares = tf.matmul(tf.square(rows), tf.constant(alpha * band))
        s = tf.nn.bias_add(squares, tf.fill([channels], bias))
        power = _negative_power(s, beta)
        y = rows * power

        def gradient(dy: tf.Tensor) -> tf.Tensor:
            dy = tf.reshape(tf.cast(dy, tf.float32), [-1, channels])
            spread = tf.matmul(dy * (y / s), tf.constant(2 * alpha * beta * band))
            return tf.cast(tf.reshape(dy * power - rows * spread, tf.shape(x)), x.dtype)

        return tf.cast(tf.reshape(y, tf.shape(x)), x.dtype), gradient

    return normalize(x)


def _negative_power(s: tf.Tensor, beta: float) -> tf.Tensor:
    """S ** -beta; the usual betas by square roots, which are several times faster than `tf.pow`."""
    if beta == 0.5:
        return tf.math.rsqrt(s)
    if beta == 0.75:
        root = tf.math.rsqrt(s)
        return root * tf.sqrt(root)
    return tf.pow(s, -beta)
