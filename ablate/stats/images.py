"""What the test images say beyond the accuracies: other images, single networks, classes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ablate.confidence import CONFIDENCE
from ablate.stats.intervals import Floats, crossed, crossed_half, equivalence_level, student

Correct = Mapping[int, Mapping[int, NDArray[np.bool_]]]
Shares = Mapping[int, Mapping[int, NDArray[np.float64] | NDArray[np.bool_]]]

_NEW_IMAGES = {
    "n": "int64",
    "images": "Int64",
    "points_new": "float64",
    "sd_seed": "float64",
    "sd_img": "float64",
    "low_new": "float64",
    "high_new": "float64",
    "equivalence_low_new": "float64",
    "equivalence_high_new": "float64",
}
_NETWORKS = {"arm": "int64", "against": "int64", "seed": "int64", "only_arm": "int64", "only_against": "int64", "p": "float64"}
_CLASSES = {
    "arm": "int64",
    "against": "int64",
    "class": "int64",
    "name": "str",
    "n": "int64",
    "points": "float64",
    "low": "float64",
    "high": "float64",
}


def new_images(shares: Shares, weights: pd.DataFrame, level: float) -> pd.DataFrame:
    """Each comparison as an estimate for new seeds and new images; see `crossed`.

    Args:
        shares: for each arm and seed, in which share of its evaluations each image was classified rightly, shape (images,), 0
            to 1; of one evaluation, whether it was. What varies over seeds and images is then a mean over evaluations, to
            which the model of `crossed` applies as well as to a single one.
        weights: how much each arm (column) counts in each comparison (row): 1 and -1 for a difference of two.
        level: that of the family interval.

    Returns:
        One row a comparison, with the index of `weights`, in points.

        n: the seeds of which all its arms are known.
        images: how many; missing without a seed.
        points_new: the mean.
        sd_seed, sd_img: the deviation of it that is due to the seeds and to the images, √V_seed and √V_img.
        low_new, high_new: the interval; NaN as in `crossed`.
        equivalence_low_new, equivalence_high_new: the same at `equivalence_level`.

    Examples:
        Of 4 images, the arm gets 2 more right than the baseline with seed 0, and 1 more with seed 1: 37.5 points on average.

        >>> import numpy as np
        >>> import pandas as pd
        >>> from ablate.stats import new_images
        >>> arms = np.array([[[0, 0, 0, 0], [0, 0, 0, 0]], [[1, 0, 1, 0], [0, 0, 1, 0]]], dtype=bool)  # (arm, seed, image)
        >>> correct = {number: dict(enumerate(seeds)) for number, seeds in enumerate(arms)}
        >>> weights = pd.DataFrame([[-1, 1]], columns=[0, 1])  # arm 1 minus arm 0
        >>> new_images(correct, weights, level=0.95)[["n", "images", "points_new", "sd_seed", "sd_img"]].round(2)
           n  images  points_new  sd_seed  sd_img
        0  2       4        37.5     12.5   20.41
    """
    rows = []
    for row in weights.to_numpy(dtype=np.float64):
        used = {int(arm): weight for arm, weight in zip(weights.columns, row, strict=True) if weight}
        seeds = _common(shares, used)
        if not seeds:
            rows.append((0, None, *[math.nan] * 7))
            continue
        # (seeds, images)
        table = sum(weight * np.stack([shares[arm][seed] for seed in seeds]) for arm, weight in used.items())
        g, of_seeds, of_images, low, high = crossed(table, level)
        half = crossed_half(len(seeds), of_seeds, of_images, equivalence_level(level))
        found = (g, np.sqrt(of_seeds), np.sqrt(of_images), low, high, g - half, g + half)
        points = (100 * float(x) for x in found)
        rows.append((*np.shape(table), *points))
    return pd.DataFrame(rows, columns=list(_NEW_IMAGES), index=weights.index).astype(_NEW_IMAGES)


def networks(correct: Correct, pairs: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Two trained networks on the same images, for each pair of arms and seed: McNemar's test, exact (binomial) and two-sided.

    It says whether these two networks differ, not whether the arms do: trained again, both would be others.

    Returns:
        One row a pair and seed that both arms have.

        arm, against, seed: whose networks they are.
        only_arm, only_against: the number of images that only one of them classified correctly.
        p: of the test.

    Examples:
        Five images were classified correctly only by arm 1's network, none only by arm 0's: p = 2 / 2^5.

        >>> import numpy as np
        >>> from ablate.stats import networks
        >>> correct = {0: {0: np.array([True] + 5 * [False])}, 1: {0: np.array(6 * [True])}}
        >>> networks(correct, [(1, 0)])
           arm  against  seed  only_arm  only_against       p
        0    1        0     0         5             0  0.0625
    """
    rows = []
    for arm, other in pairs:
        for seed in _common(correct, (arm, other)):
            first, second = correct[arm][seed], correct[other][seed]
            only_arm, only_against = int((first & ~second).sum()), int((second & ~first).sum())
            p = min(1.0, 2 * special.bdtr(min(only_arm, only_against), only_arm + only_against, 0.5))
            rows.append((arm, other, seed, only_arm, only_against, p))
    return pd.DataFrame(rows, columns=list(_NETWORKS)).astype(_NETWORKS)


def classes(
    shares: Shares, labels: NDArray[np.integer], names: Sequence[str], pairs: Sequence[tuple[int, int]]
) -> pd.DataFrame:
    """The difference of two arms on the images of each class, paired by seed.

    The intervals are pointwise: of many classes some exclude 0 by chance, so they are no verdicts.

    Args:
        shares: as for `new_images`.
        labels: the true classes, 0 to len(names) - 1, shape (images,).

    Returns:
        One row a pair and class that has images.

        arm, against: the pair.
        class, name: of the images.
        n: the seeds.
        points: the mean difference.
        low, high: the plain 95% interval; see `student`.

    Examples:
        >>> import numpy as np
        >>> from ablate.stats import classes
        >>> correct = {0: {0: np.array([True, True, False, False])}, 1: {0: np.array([True, True, True, False])}}
        >>> labels = np.array([0, 0, 1, 1])
        >>> classes(correct, labels, ["cat", "dog"], [(1, 0)])[["class", "name", "n", "points"]]
           class name  n  points
        0      0  cat  1     0.0
        1      1  dog  1    50.0
    """
    counts = np.bincount(labels, minlength=len(names))
    accuracies: dict[tuple[int, int], Floats] = {}  # by arm and seed: in % for each class that has images
    present = np.flatnonzero(counts)
    for arm, seeds in shares.items():
        for seed, right in seeds.items():
            rights = np.bincount(labels, weights=right, minlength=len(names))
            accuracies[arm, seed] = 100 * rights[present] / counts[present]
    rows: list[tuple[object, ...]] = []
    for arm, other in pairs:
        differences = [accuracies[arm, seed] - accuracies[other, seed] for seed in _common(shares, (arm, other))]
        if not differences:
            continue
        points, low, high = student(np.stack(differences, axis=-1), CONFIDENCE)
        for place, number in enumerate(present):
            rows.append((arm, other, number, names[int(number)], len(differences), points[place], low[place], high[place]))
    return pd.DataFrame(rows, columns=list(_CLASSES)).astype(_CLASSES)


def _common(shares: Shares, arms: Sequence[int] | Mapping[int, float]) -> list[int]:
    """The seeds that all these arms have, in order."""
    return sorted(set.intersection(*(set(shares.get(arm, {})) for arm in arms)))
