"""Images as the model sees them: cropped, distorted, standardized; vectorized over the batch, inside the graph."""

import math

import tensorflow as tf

from ablate.config.recipe import Augment
from ablate.training import randomness


class CropSource:
    """Images held in memory, from which crops are gathered pixel by pixel.

    Args:
        images: uint8, (n, height, width, channels), on the device.
        size: (height, width) of the crop.
    """

    def __init__(self, images: tf.Tensor, size: tuple[int, int]) -> None:
        _, self.height, self.width, self.channels = images.shape
        self.size = size
        self.room = (self.height - size[0], self.width - size[1])
        self.pixels = tf.reshape(images, [-1, self.channels])

    def crop(self, indices: tf.Tensor, top: tf.Tensor, left: tf.Tensor, mirrored: tf.Tensor) -> tf.Tensor:
        """The crops as float32, (batch, *size, channels), 0 to 255.

        Args:
            indices, top, left: int32 (batch,). mirrored: bool (batch,).
        """
        height, width = self.size
        rows = top[:, None] + tf.range(height)  # (batch, height)
        columns = tf.where(mirrored[:, None], tf.range(width)[::-1], tf.range(width)) + left[:, None]
        first = (indices[:, None] * self.height + rows) * self.width  # (batch, height)
        return tf.cast(tf.gather(self.pixels, first[:, :, None] + columns[:, None, :]), tf.float32)

    def center(self, indices: tf.Tensor) -> tf.Tensor:
        """The central crops, standardized: what evaluation sees. Float32 (batch, *size, channels)."""
        zeros = tf.zeros_like(indices)
        top, left = zeros + self.room[0] // 2, zeros + self.room[1] // 2
        return standardize(self.crop(indices, top, left, tf.cast(zeros, tf.bool)))

    def distorted(self, indices: tf.Tensor, augment: Augment, seed: int, step: tf.Tensor) -> tf.Tensor:
        """The images of a training batch, standardized. Float32 (batch, *size, channels).

        The distortions and their order are those of the TensorFlow CIFAR-10 tutorial. Each is drawn for its own purpose,
        so that two arms which share a distortion share its draws.
        """
        batch = indices.shape[0]

        def draw(purpose: str) -> tf.Tensor:
            return randomness.at(randomness.key(seed, purpose), step)

        top, left = (tf.fill([batch], room // 2) for room in self.room)
        if augment.crop == "random":
            top = randomness.integers(draw("crop/top"), [batch], self.room[0] + 1)
            left = randomness.integers(draw("crop/left"), [batch], self.room[1] + 1)
        mirrored = tf.fill([batch], False)
        if augment.flip:
            mirrored = randomness.uniform(draw("flip"), [batch], 0, 1) < 0.5
        images = self.crop(indices, top, left, mirrored)
        if augment.brightness > 0:
            images += randomness.uniform(draw("brightness"), [batch, 1, 1, 1], -augment.brightness, augment.brightness)
        low, high = augment.contrast
        if (low, high) != (1.0, 1.0):
            mean = tf.reduce_mean(images, [1, 2], keepdims=True)
            images = (images - mean) * randomness.uniform(draw("contrast"), [batch, 1, 1, 1], low, high) + mean
        return standardize(images)


def standardize(images: tf.Tensor) -> tf.Tensor:
    """Each image less its mean, over its standard deviation, which counts as 1 / sqrt(values) where it is smaller.

    Float32 (batch, height, width, channels), in and out. Reference: `tf.image.per_image_standardization`.
    """
    centered = images - tf.reduce_mean(images, [1, 2, 3], keepdims=True)
    stddev = tf.sqrt(tf.reduce_mean(tf.square(centered), [1, 2, 3], keepdims=True))
    return centered / tf.maximum(stddev, 1 / math.sqrt(math.prod(images.shape[1:])))
