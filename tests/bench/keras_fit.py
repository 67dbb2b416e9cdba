"""The rival of the throughput benchmark: the tutorial's recipe in plain Keras, as a careful user writes it.

tf.data with per-image tf.image ops (the crop first, so that the rest has fewer pixels to do), a parallel map
that need not keep the order, batching and prefetching; Keras layers, `tf.nn.lrn`, SGD with `use_ema`, L2 on
the hidden dense layers; compiled and fitted, with no metric but the loss.
`echo 10 | python keras_fit.py --threads 2` measures for 10 seconds; `python keras_fit.py --threads 2 --steps 100`
trains and evaluates CIFAR-10 from ABLATE_DATA once, and prints the accuracy.
"""

import argparse
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from window import Windows

from ablate import data
from ablate.config import loading

SHUFFLED = 10_000  # images in the shuffle buffer


def dataset(images: np.ndarray, labels: np.ndarray, batch_size: int, augment: bool) -> tf.data.Dataset:
    """Distorted and standardized batches, for ever."""

    def distort(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if augment:
            image = tf.image.random_crop(image, (24, 24, 3))
            image = tf.image.random_flip_left_right(image)
            image = tf.cast(image, tf.float32)
            image = tf.image.random_brightness(image, 63)
            image = tf.image.random_contrast(image, 0.2, 1.8)
        return tf.image.per_image_standardization(image), label

    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(SHUFFLED).repeat()
    data = data.map(distort, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False)
    return data.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def model(size: int) -> keras.Model:
    """The tutorial's network with the default weight decay and initial weights."""
    layers = keras.layers

    def decay(weights: int) -> keras.regularizers.Regularizer:
        return keras.regularizers.L2(0.5 * 500 / weights)

    def lrn() -> keras.layers.Layer:
        return layers.Lambda(lambda x: tf.nn.lrn(x, 4, 1.0, 0.001 / 9, 0.75))

    flat = (size // 4) ** 2 * 64
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Conv2D(64, 5, padding="same", activation="relu", kernel_initializer="glorot_normal"),
            layers.MaxPooling2D(3, 2, "same"),
            lrn(),
            layers.Conv2D(64, 5, padding="same", activation="relu", kernel_initializer="glorot_normal"),
            lrn(),
            layers.MaxPooling2D(3, 2, "same"),
            layers.Flatten(),
            layers.Dense(384, "relu", kernel_initializer="glorot_normal", kernel_regularizer=decay(flat * 384)),
            layers.Dense(192, "relu", kernel_initializer="glorot_normal", kernel_regularizer=decay(384 * 192)),
            layers.Dense(10, kernel_initializer="glorot_normal"),
        ]
    )


def whole_run(steps: int, batch_size: int, augment: bool, averages: bool) -> float:
    """Train and evaluate on CIFAR-10, with raw or averaged weights; the accuracy on the test images."""
    cifar10 = data.load(loading.resolve(loading.compose(["data=cifar10"])).data)
    size = 24 if augment else 32
    network = model(size)
    optimizer = keras.optimizers.SGD(0.1, use_ema=averages, ema_momentum=0.9999)
    network.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    train = dataset(cifar10.train.images, cifar10.train.labels, batch_size, augment)
    network.fit(train, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    if averages:
        optimizer.finalize_variable_values(network.trainable_variables)
    edge = (32 - size) // 2
    images = cifar10.evaluation.images[:, edge : edge + size, edge : edge + size]
    test = tf.data.Dataset.from_tensor_slices((images, cifar10.evaluation.labels)).batch(1000)
    test = test.map(lambda image, label: (tf.image.per_image_standardization(image), label)).prefetch(2)
    return float(network.evaluate(test, verbose=0)[1])


class Measured(keras.callbacks.Callback):
    """Counts examples, at a few microseconds a batch; on a CPU a batch is done when its call returns."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size
        self.windows = Windows()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.windows.did(self.batch_size)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--augment", choices=("on", "off"), default="on")
    parser.add_argument("--steps", type=int, help="train so long and evaluate, instead of measuring throughput")
    parser.add_argument("--ema", choices=("on", "off"), default="on")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    keras.utils.set_random_seed(0)
    if arguments.steps:
        print(whole_run(arguments.steps, arguments.batch_size, arguments.augment == "on", arguments.ema == "on"))
        return
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (50_000, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, 10, 50_000, dtype=np.int32)
    augment = arguments.augment == "on"
    network = model(24 if augment else 32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9999), loss)
    data = dataset(images, labels, arguments.batch_size, augment)
    network.fit(data, steps_per_epoch=10**9, shuffle=False, verbose=0, callbacks=[Measured(arguments.batch_size)])


if __name__ == "__main__":
    main()
