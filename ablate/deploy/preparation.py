"""How images become what a model file takes, and what its outputs mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.errors import AblateError, one_of

STANDARDIZE, SCALE, NONE = "standardize", "scale", "none"
PREPROCESS = (STANDARDIZE, SCALE, NONE)
CROPS = ("center",)
INPUT, OUTPUT = "inputs", "predictions"  # nodes of a frozen graph
_SUM = 1e-3  # from 1, of probabilities that were rounded


@dataclass(frozen=True)
class Preparation:
    """How images are prepared. input_size: side of the central crop in pixels; None for what the model says, else whole images.

    preprocess: standardize (each image less its mean, over its standard deviation), scale (to 0 to 1), or none (0 to 255).
    input, output: names of the model's input and output; None for the usual ones.
    """

    input_size: int | None = None
    preprocess: str = STANDARDIZE
    input: str | None = None
    output: str | None = None

    def size_of(self, declared: tuple[int | None, ...], image: tuple[int, int, int], word: str) -> tuple[int, int]:
        """(height, width) of what a model takes.

        Args:
            declared: the shape of its input, with None for what it leaves open. image: of the data set's images.

        Raises:
            AblateError: it takes no such images.
        """
        if len(declared) != 4 or declared[3] not in (None, image[2]):
            shape = "×".join("?" if size is None else str(size) for size in declared[1:]) or "a single value"
            raise AblateError(
                f"{word} takes inputs of {shape}, not images of {'×'.join(map(str, image))}. Give another data=NAME."
            )
        height, width = (open_or or self.input_size or whole for open_or, whole in zip(declared[1:3], image[:2], strict=True))
        if self.input_size is not None and (height, width) != (self.input_size, self.input_size):
            raise AblateError(f"{word} takes {height}×{width} pixels, got --input-size {self.input_size}. Leave it out.")
        if height > image[0] or width > image[1]:
            raise AblateError(f"{word} takes {height}×{width} pixels, more than the {image[0]}×{image[1]} of the images.")
        return height, width

    def check_kind(self, kind: np.dtype[Any], word: str) -> None:
        """Refuse a model of other inputs than numbers, or of integers, unless images are left as they are.

        Raises:
            AblateError: says what it takes.
        """
        if kind.kind not in "fiu" and kind.name != "bfloat16":
            raise AblateError(f"{word} takes inputs that are no images of numbers.")
        if kind.kind in "iu" and (self.preprocess != NONE or np.iinfo(kind).max < 255):
            hint = "add --preprocess none" if np.iinfo(kind).max >= 255 else "they do not hold 0 to 255"
            raise AblateError(f"{word} takes {kind} inputs: {hint}.")

    def prepared(self, images: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
        """The central crops of images, (n, height, width, channels), prepared."""
        top, left = ((whole - part) // 2 for whole, part in zip(images.shape[1:3], size, strict=True))
        crops = images[:, top : top + size[0], left : left + size[1]].astype(np.float32)
        if self.preprocess == SCALE:
            return crops / np.float32(255)
        if self.preprocess == NONE:
            return crops
        crops -= crops.mean(axis=(1, 2, 3), keepdims=True)
        deviations = crops.std(axis=(1, 2, 3), keepdims=True)
        return np.asarray(crops / np.maximum(deviations, np.float32(crops[0].size ** -0.5)))


def of_export(about: Mapping[str, Any]) -> Preparation:
    """As an exported model's `export.json` says."""
    if about.get("preprocessing") not in ("inside", "outside"):
        raise AblateError(one_of("preprocessing in export.json", about.get("preprocessing"), ("inside", "outside")))
    return Preparation(preprocess=NONE if about["preprocessing"] == "inside" else STANDARDIZE)


def probabilities_of(outputs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Outputs as probabilities, (n, classes): as they are where all are from 0 to 1 and each image's sum to 1, else softmax."""
    from ablate.deploy.scores import softmax

    exact = outputs.astype(np.float64)
    within = bool((exact >= -_SUM).all() and (np.abs(exact.sum(axis=1) - 1) <= _SUM).all())
    return np.clip(exact, 0, 1) if within else softmax(outputs)
