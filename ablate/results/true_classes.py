"""The true classes of the images that runs are evaluated on, as the store keeps them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablate.errors import AblateError
from ablate.results.trained import Trained
from ablate.store import Evaluated, read_evaluated


def evaluated(trained: Sequence[Trained]) -> tuple[list[Evaluated], list[str]]:
    """(what trainings were evaluated on, once a set of images; the stores that do not have all of it)."""
    places = {(one.store, one.data_digest) for one in trained if one.data_digest is not None}
    found: dict[str, Evaluated] = {}
    lacking = set()
    for store, digest in sorted(places):
        try:
            kept = read_evaluated(store, digest)
        except AblateError:  # it is no file, or may not be read
            kept = None
        if kept is None:
            lacking.add(str(store))
        else:
            found.setdefault(kept.images, kept)
    return list(found.values()), sorted(lacking)


def true_classes(trained: Sequence[Trained]) -> tuple[NDArray[np.int32] | None, list[str], list[str]]:
    """(the true classes of the evaluation images, the names of the classes, what a reader should be told).

    They are known only where all trainings were evaluated on the same images, and none of these is unknown.
    """
    found, lacking = evaluated(trained)
    if lacking:
        stores = ", ".join(f"{store}/" for store in lacking)
        return (
            None,
            [],
            [
                f"The true classes of the evaluation images are missing from {stores}, so intervals for new images and "
                "per-class differences are left out; rerun the sweep's command to add them"
            ],
        )
    if len(found) > 1:
        return (
            None,
            [],
            [
                "The runs were not all evaluated on the same images, so intervals for new images and per-class differences "
                "are left out"
            ],
        )
    return (found[0].labels, list(found[0].class_names), []) if found else (None, [], [])
