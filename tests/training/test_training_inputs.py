"""Batches and distortions: what the same seed shares between arms."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import composed

from ablate.config import loading
from ablate.config.recipe import Augment
from ablate.training import batches, randomness
from ablate.training.augment import CropSource, standardize


def indices(seed: int, first: int, count: int, images: int, batch: int) -> np.ndarray:
    return batches.indices(seed, tf.constant(first), tf.constant(count), images, batch).numpy()


@settings(max_examples=25)
@given(
    images=st.integers(3, 60),
    batch=st.integers(1, 20),
    first=st.integers(0, 30),
    counts=st.lists(st.integers(1, 7), min_size=1, max_size=4),
)
def test_batches_do_not_depend_on_how_steps_are_grouped(images: int, batch: int, first: int, counts: list[int]) -> None:
    whole = indices(3, first, sum(counts), images, batch)
    starts = [first + sum(counts[:number]) for number in range(len(counts))]
    parts = [indices(3, start, count, images, batch) for start, count in zip(starts, counts, strict=True)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


@settings(max_examples=25)
@given(images=st.integers(2, 60), batch=st.integers(1, 20), seed=st.integers(0, 2**31 - 1))
def test_every_image_once_an_epoch(images: int, batch: int, seed: int) -> None:
    steps = -(-3 * images // batch)
    order = indices(seed, 0, steps, images, batch).ravel()
    epochs = [order[start : start + images] for start in (0, images, 2 * images)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(images))
    if images > 12:
        assert not np.array_equal(epochs[0], epochs[1])
        assert not np.array_equal(epochs[0], indices(seed ^ 1, 0, steps, images, batch).ravel()[:images])


def photographs() -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8))


def level(name: str) -> Augment:
    return loading.resolve(composed([f"augment={name}"])).augment


def distorted(name: str, step: int = 5, seed: int = 1, **changes: object) -> np.ndarray:
    size = (32, 32) if name == "off" else (24, 24)
    augment = level(name).model_copy(update=changes)
    chosen = tf.range(20)
    return CropSource(photographs(), size).distorted(chosen, augment, seed, tf.constant(step)).numpy()


def test_standardizes_as_tensorflow_does() -> None:
    images = tf.concat([tf.cast(photographs(), tf.float32), tf.fill([1, 32, 32, 3], 7.0)], 0)
    np.testing.assert_allclose(standardize(images), tf.image.per_image_standardization(images), rtol=1e-4, atol=1e-5)


def test_off_and_center_are_the_images_themselves() -> None:
    images = tf.cast(photographs(), tf.float32)
    np.testing.assert_allclose(distorted("off"), standardize(images), atol=1e-5)
    np.testing.assert_allclose(distorted("center"), standardize(images[:, 4:28, 4:28]), atol=1e-5)


def test_flip_mirrors_about_half_and_nothing_else() -> None:
    center, flip = distorted("center"), distorted("flip")
    mirrored = [np.allclose(one[:, ::-1], other, atol=1e-5) for one, other in zip(center, flip, strict=True)]
    same = [np.allclose(one, other, atol=1e-5) for one, other in zip(center, flip, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 3 < sum(mirrored) < 17


def test_crops_are_windows_of_the_image_at_all_places() -> None:
    images = tf.cast(photographs(), tf.float32).numpy()
    places = set()
    for step in range(12):
        for image, crop in zip(images, distorted("crop", step=step), strict=True):
            windows = np.lib.stride_tricks.sliding_window_view(image, (24, 24), (0, 1))  # (9, 9, 3, 24, 24)
            every = standardize(windows.transpose(0, 1, 3, 4, 2).reshape(81, 24, 24, 3))
            [found] = np.flatnonzero(np.isclose(every, crop, atol=1e-4).all(axis=(1, 2, 3)))
            places.add(divmod(int(found), 9))
    assert {top for top, _ in places} == {left for _, left in places} == set(range(9))


def test_photometric_is_the_tutorials_brightness_then_contrast() -> None:
    step, seed = tf.constant(5), 1
    images = tf.cast(photographs()[:, 4:28, 4:28], tf.float32)
    deltas = randomness.uniform(randomness.at(randomness.key(seed, "brightness"), step), [20, 1, 1, 1], -63, 63).numpy().ravel()
    factors = randomness.uniform(randomness.at(randomness.key(seed, "contrast"), step), [20, 1, 1, 1], 0.2, 1.8).numpy().ravel()
    expected = [
        tf.image.adjust_contrast(tf.image.adjust_brightness(image, delta), factor)
        for image, delta, factor in zip(images, deltas, factors, strict=True)
    ]
    np.testing.assert_allclose(distorted("photometric"), standardize(tf.stack(expected)), rtol=1e-3, atol=1e-3)


def test_arms_share_the_draws_of_the_distortions_they_share() -> None:
    np.testing.assert_array_equal(distorted("crop"), distorted("on", flip=False, brightness=0, contrast=(1.0, 1.0)))
    np.testing.assert_array_equal(distorted("flip"), distorted("on", crop="center", brightness=0, contrast=(1.0, 1.0)))
    np.testing.assert_array_equal(distorted("photometric"), distorted("on", crop="center", flip=False))


def test_draws_differ_by_step_and_seed() -> None:
    assert not np.array_equal(distorted("crop"), distorted("crop", step=6))
    assert not np.array_equal(distorted("crop"), distorted("crop", seed=2))


def test_draws_are_spread_over_steps_and_purposes() -> None:
    steps = tf.range(2000)

    @tf.function  # as a training draws; a call for each would take seconds
    def drawn(key: tf.Tensor) -> tf.Tensor:
        def draw(step: tf.Tensor) -> tf.Tensor:
            return randomness.uniform(randomness.at(key, step), [1], 0, 1)[0]

        return tf.map_fn(draw, steps, fn_output_signature=tf.float32)

    for purpose in ("flip", "brightness"):
        draws = drawn(randomness.key(0, purpose)).numpy()
        assert draws.mean() == pytest.approx(0.5, abs=0.03)
        assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 0.08
