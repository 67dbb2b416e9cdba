"""The rival of the throughput benchmark: the tutorial's model, recipe and data in plain Keras, written as a careful user would.

tf.data with per-image tf.image ops, a parallel map, batching and prefetching; Keras layers, `tf.nn.lrn`, SGD with `use_ema`
(its default momentum 0.99), L2 on the hidden dense layers, compiled and fitted. Prints one JSON line.
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf


def dataset(images: np.ndarray, labels: np.ndarray, batch_size: int, augment: bool) -> tf.data.Dataset:
    """Distorted and standardised batches, for ever."""

    def distort(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.cast(image, tf.float32)
        if augment:
            image = tf.image.random_crop(image, (24, 24, 3))
            image = tf.image.random_flip_left_right(image)
            image = tf.image.random_brightness(image, 63)
            image = tf.image.random_contrast(image, 0.2, 1.8)
        return tf.image.per_image_standardization(image), label

    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).repeat()
    return data.map(distort, tf.data.AUTOTUNE).batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


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


class StepTimes(keras.callbacks.Callback):
    """When each batch ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.ends.append(time.perf_counter())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--augment", choices=("on", "off"), default="on")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (50_000, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, 10, 50_000, dtype=np.int32)
    augment = arguments.augment == "on"
    network = model(24 if augment else 32)
    network.compile(
        keras.optimizers.SGD(0.1, use_ema=True), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    times = StepTimes()
    data = dataset(images, labels, arguments.batch_size, augment)
    network.fit(data, steps_per_epoch=arguments.warmup + arguments.steps, verbose=0, callbacks=[times])
    seconds = times.ends[-1] - times.ends[arguments.warmup - 1]
    steps = len(times.ends) - arguments.warmup
    print(json.dumps({"examples_per_second": steps * arguments.batch_size / seconds, "steps": steps}))


if __name__ == "__main__":
    main()
