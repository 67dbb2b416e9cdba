"""Initial weights: functions of (seed, role, shape), so that arms share those of the layers they share."""

import math

import tensorflow as tf

from ablate.config.recipe import Init
from ablate.training import randomness

# Standard deviation of a standard normal cut at two standard deviations.
_CUT_STDDEV = 0.87962566103423978


def kernel(seed: int, name: str, shape: tuple[int, ...], role: str, init: Init) -> tf.Tensor:
    """The initial kernel of a convolution (height, width, in, out) or matrix of a dense layer (in, out), float32.

    Args:
        name: the layer's role in the model, as in "conv2"; with the seed and shape it fixes the draw.
        role: conv, dense or classifier.

    Reference: Glorot and Bengio 2010; He et al. 2015.
    """
    area = math.prod(shape[:-2])
    stddev = _stddev(getattr(init.stddev, role), area * shape[-2], area * shape[-1])
    key = randomness.key(seed, f"init/{name}/kernel")
    if init.distribution == "uniform":
        limit = stddev * math.sqrt(3)
        return randomness.uniform(key, list(shape), -limit, limit)
    if init.stddev_of == "result":
        stddev /= _CUT_STDDEV
    return tf.random.stateless_truncated_normal(shape, key, 0.0, stddev, alg="philox")


def bias(units: int, role: str, first_conv: bool, init: Init) -> tf.Tensor:
    """The initial bias, float32 (units,)."""
    hidden = init.bias.first_conv if first_conv else init.bias.hidden
    return tf.fill([units], init.bias.classifier if role == "classifier" else hidden)


def _stddev(spread: float | str, fan_in: int, fan_out: int) -> float:
    if spread == "glorot":
        return math.sqrt(2 / (fan_in + fan_out))
    if spread == "he":
        return math.sqrt(2 / fan_in)
    if spread == "inverse_fan_in":
        return 1 / fan_in
    return float(spread)
