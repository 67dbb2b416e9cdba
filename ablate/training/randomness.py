"""Everything random is a pure function of (seed, step, purpose)."""

import hashlib

import tensorflow as tf


def key(seed: int, purpose: str) -> tf.Tensor:
    """The key of a purpose ("batches", "flip", "conv1/kernel" …), int32 (2,), for TensorFlow's stateless random ops."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    words = [int.from_bytes(digest[start : start + 4], "little", signed=True) for start in (0, 4)]
    return tf.constant(words, tf.int32)


def at(key: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """The key of a step, epoch or other number within a purpose, int32 (2,).

    Philox scrambles neighboring keys, so an exclusive or with the number is enough to tell them apart.
    """
    return tf.stack([key[0], tf.bitwise.bitwise_xor(key[1], tf.cast(number, tf.int32))])


def uniform(key: tf.Tensor, shape: list[int], low: float, high: float) -> tf.Tensor:
    """Float32 from [low, high), the same on every device."""
    return tf.random.stateless_uniform(shape, key, low, high, alg="philox")


def integers(key: tf.Tensor, shape: list[int], below: int) -> tf.Tensor:
    """Int32 from [0, below), the same on every device."""
    return tf.random.stateless_uniform(shape, key, 0, below, tf.int32, alg="philox")
