"""Which images a step sees: a shuffle of the training images each epoch, running on across epoch ends."""

import tensorflow as tf

from ablate.training import randomness


def indices(seed: int, first: tf.Tensor, count: tf.Tensor, images: int, batch_size: int) -> tf.Tensor:
    """Indices of the images of the steps first + 1 … first + count, int32 (count, batch_size).

    Images do not repeat within an epoch. The batches of a step do not depend on how steps are grouped into calls.

    Args:
        first: steps done so far, int32 scalar.
        count: at least 1, int32 scalar.
        images: number of training images.
    """
    key = randomness.key(seed, "batches")
    first, count = tf.cast(first, tf.int64), tf.cast(count, tf.int64)
    start, stop = first * batch_size, (first + count) * batch_size
    first_epoch = start // images
    epochs = tf.range(first_epoch, (stop - 1) // images + 1)

    def shuffled(epoch: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(tf.range(images), randomness.at(key, epoch), alg="philox")

    order = tf.reshape(tf.map_fn(shuffled, epochs, fn_output_signature=tf.int32), [-1])
    offset = start - first_epoch * images
    return tf.reshape(order[offset : offset + stop - start], [-1, batch_size])
