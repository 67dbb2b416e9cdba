"""What the evaluation images of a data set really show, kept in the store, so that a report needs no data.

    runs/.labels/<digest of the data>.npz      see `Evaluated`

The digest is over all that a training sees, training and evaluation images with their classes, so no two evaluation sets share
a file. It stands in config.yaml of each trajectory.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablate.store.files import reading, write_atomically
from ablate.store.seals import DAMAGE, pack_arrays, unpack_arrays

LABELS = ".labels"  # in the store


@dataclass(frozen=True)
class Evaluated:
    """The images that trainings on a data set are evaluated on.

    labels: their true classes, (images,), 0 to classes - 1. class_names: one a class. images: a digest of the images with their
    classes, the same for the same images in the same order. evaluation_set: test or validation.
    """

    labels: NDArray[np.int32]
    class_names: tuple[str, ...]
    images: str
    evaluation_set: str


def labels_file(store: Path, data_digest: str) -> Path:
    """Where they lie."""
    return store / LABELS / f"{data_digest}.npz"


def keep_evaluated(store: Path, data_digest: str, evaluated: Evaluated) -> None:
    """Write them.

    Raises:
        AblateError: the store cannot be written.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        "labels": evaluated.labels.astype(np.int32),
        "class_names": np.asarray(evaluated.class_names, dtype=np.str_),
        "images": np.asarray(evaluated.images),
        "evaluation_set": np.asarray(evaluated.evaluation_set),
    }
    write_atomically(labels_file(store, data_digest), pack_arrays(arrays))


def read_evaluated(store: Path, data_digest: str) -> Evaluated | None:
    """What was kept for a data set; None where there is nothing or it is damaged.

    Raises:
        AblateError: it is there and cannot be read.
    """
    try:
        return read_file(labels_file(store, data_digest))
    except (FileNotFoundError, NotADirectoryError, *DAMAGE):
        return None


def read_file(path: Path) -> Evaluated:
    """One file of them.

    Raises:
        DAMAGE: one of these, where the bytes are not those that were written.
        FileNotFoundError: there is none.
        AblateError: it is there and cannot be read.
    """
    with reading(path):
        arrays = unpack_arrays(path)
    names = tuple(str(name) for name in arrays["class_names"].tolist())
    return Evaluated(arrays["labels"].astype(np.int32), names, str(arrays["images"]), str(arrays["evaluation_set"]))
