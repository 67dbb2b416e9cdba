"""The fixed, class-balanced order of a training set, whose last images are the validation set.

The order must never change: a validation accuracy would change with it. So it comes from a hash of each
image's index, not from a library's random generator, and depends on no seed.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.errors import AblateError, one_of, shown

SETS = ("test", "validation")  # that can be evaluated on


def index_hash(count: int) -> NDArray[np.uint64]:
    """A hash of each index from 0 to count - 1: (count,), all different.

    The finaliser of SplitMix64, on multiples of its increment. Reference: Steele, Lea and Flood, "Fast
    splittable pseudorandom number generators", OOPSLA 2014.
    """
    bits = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def class_ranks(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """Each image's place, from 0, among the images of its class, shuffled by `index_hash`: (n,)."""
    by_class = np.lexsort((index_hash(len(labels)), labels))
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(labels), np.intp)
    ranks[by_class] = np.arange(len(labels)) - starts[labels[by_class]]
    return ranks


def balanced_order(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """All indices, (n,), so arranged that the last N hold each class in proportion to its size, for any N.

    Where classes are of equal size, their counts among the last N differ by at most 1. Otherwise each image
    is placed as Sainte-Laguë's method places seats, at (rank + 1/2) / class size. One image of a class comes
    first of all, so that no class leaves the training images before all have only one left.
    """
    ranks = class_ranks(labels)
    sizes = np.bincount(labels)[labels]
    place = (2 * ranks + 1) / (2 * sizes)  # 0 to 1; the smaller, the nearer to the end
    place[ranks == sizes - 1] = 1
    return np.lexsort((labels, place))[::-1]


def hold_out(labels: NDArray[np.int32], validation: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of training images, in their original order, and of validation images: (n - N,) and (N,).

    The validation images of N are the last ones of those of N + 1.

    Examples:
        Two images of four, one of each class.

        >>> import numpy as np
        >>> from ablate.data.split import hold_out
        >>> labels = np.array([0, 0, 1, 1], np.int32)
        >>> kept, held_out = hold_out(labels, 2)
        >>> labels[kept], labels[held_out]
        (array([0, 1], dtype=int32), array([1, 0], dtype=int32))
    """
    order = balanced_order(labels)
    cut = len(labels) - validation
    return np.sort(order[:cut]), order[cut:]


def default_validation(train_images: int) -> int:
    """How many images a search holds out: 5,000, or a fifth of fewer than 25,000 training images.

    Examples:
        >>> from ablate.data import default_validation
        >>> default_validation(50_000), default_validation(1_437)
        (5000, 287)
    """
    return 5_000 if train_images >= 25_000 else train_images // 5


def check(config: Mapping[str, Any], train_images: int, classes: int) -> tuple[int, str]:
    """`validation` and `eval_on` of a data config, refused where the training images cannot give them."""
    validation, eval_on = config.get("validation", 0), config.get("eval_on", "test")
    limit = train_images - classes  # every class keeps an image to learn from
    if isinstance(validation, bool) or not isinstance(validation, int) or not 0 <= validation <= limit:
        raise AblateError(
            f"data.validation must be a whole number of images from 0 to {limit:,} (of {train_images:,}, and each of {classes} "
            f"classes keeps one), got {shown(validation)}."
        )
    if eval_on not in SETS:
        raise AblateError(one_of("data.eval_on", eval_on, SETS))
    if eval_on == "validation" and validation == 0:
        raise AblateError(
            "data.eval_on=validation needs held-out images, got data.validation=0. "
            f"Set data.validation={max(1, default_validation(train_images))}, or data.eval_on=test."
        )
    return validation, eval_on
