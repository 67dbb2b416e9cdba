"""Local response normalization with its gradient against `tf.nn.lrn`: the median ratio of their times."""

import argparse
import time
from collections.abc import Callable
from statistics import median

from ablate.training import device  # first, since it keeps TensorFlow's chatter away

# isort: split
import tensorflow as tf

from ablate.training.lrn import local_response_normalization

SHAPE = (128, 12, 12, 64)
TUTORIAL = (4, 1.0, 0.001 / 9, 0.75)  # depth radius, bias, alpha, beta
REPEATS = 20  # calls in a timing


def timed(function: Callable[..., tf.Tensor]) -> Callable[[tf.Tensor], float]:
    """Seconds that forward and gradient take, measured over some repeats."""

    @tf.function
    def forward_and_gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x, *TUTORIAL)
        return tape.gradient(y, x, output_gradients=x)

    def seconds(x: tf.Tensor) -> float:
        start = time.perf_counter()
        for _ in range(REPEATS):
            forward_and_gradient(x)
        return time.perf_counter() - start

    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    device.configure(threads=1)
    x = tf.random.stateless_normal(SHAPE, (0, 0))
    ours, theirs = timed(local_response_normalization), timed(tf.nn.lrn)
    ours(x), theirs(x)
    print(median(theirs(x) / ours(x) for _ in range(arguments.pairs)))


if __name__ == "__main__":
    main()
