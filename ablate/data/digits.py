"""The handwritten digits that ship inside scikit-learn, brought to 32×32×3 and split once and for all."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from ablate.data import split
from ablate.data.dataset import Decoded, Shape, Source, Split

CLASSES = 10
IMAGES = 1_797
TEST_IMAGES = 360
BLOCK = 4  # 8×8 pixels become 32×32
LARGEST = 16  # of the values in the source


def shape(config: Mapping[str, Any]) -> Shape:
    """With all training images and the test images: always the same."""
    return Shape(8 * BLOCK, 8 * BLOCK, 3, CLASSES, IMAGES - TEST_IMAGES, TEST_IMAGES)


def identity(config: Mapping[str, Any]) -> list[object]:
    """What changes when the arrays may."""
    return ["digits", version("scikit-learn")]


def read(config: Mapping[str, Any]) -> Decoded:
    """The arrays; the test images are the first 36 of each class in the order of `split.class_ranks`."""
    from sklearn.datasets import load_digits  # takes about a second to import

    source = load_digits()
    labels = source.target.astype(np.int32)
    values = source.images.astype(np.int32)  # (n, 8, 8), 0 to 16
    pixels = ((values * 255 + LARGEST // 2) // LARGEST).astype(np.uint8)  # rounded, 0 to 255
    blocks = pixels.repeat(BLOCK, axis=1).repeat(BLOCK, axis=2)  # (n, 32, 32)
    images = np.repeat(blocks[..., np.newaxis], 3, axis=3)  # (n, 32, 32, 3)

    everything = Split(images, labels)
    is_test = split.class_ranks(labels) < TEST_IMAGES // CLASSES
    return Decoded(
        everything.take(np.flatnonzero(~is_test)),
        everything.take(np.flatnonzero(is_test)),
        tuple(str(digit) for digit in range(CLASSES)),
    )


# 11 epochs at the usual batch size, in which a recipe gets most of the way; 10,000 steps would be 890 epochs.
USUAL = {"steps": 120, "eval_every": 30}
SOURCE = Source(
    shape,
    identity,
    read,
    title="the handwritten digits of scikit-learn",
    usual=USUAL,
    license="CC BY 4.0 (Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository)",
)
