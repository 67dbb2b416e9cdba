"""What the evaluation images of a data set really show, kept in the store, so that a report needs no data.

    runs/.labels/<digest of the data>.npz      see `Evaluated`

The digest is over all that a training sees, training and evaluation images with their classes, so no two evaluation sets share
a file. It stands in config.yaml of each trajectory. Of training code of the user's own it is over the true classes alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.store.checksums import DAMAGE, pack_arrays, unpack_arrays
from ablate.store.files import write_atomically

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


def data_digest(config: Mapping[str, Any]) -> str | None:
    """That of what the trainings of a config are evaluated on; None where that is not known, or has no true classes.

    Args:
        config: the content of config.yaml.
    """
    found = config.get("labels") if "trainer" in config else config.get("data", {}).get("digest")
    return None if found is None else str(found)


def labels_file(store: Path, data_digest: str) -> Path:
    """Where they lie.

    Raises:
        ValueError: it is no digest.
    """
    if not re.fullmatch("[0-9a-zA-Z_-]{1,64}", data_digest):
        raise ValueError("not a digest")
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
    write_atomically(labels_file(store, data_digest), pack_arrays(arrays), below=store)


def read_evaluated(store: Path, data_digest: str) -> Evaluated | None:
    """What was kept for a data set; None where there is nothing or it is damaged.

    Raises:
        AblateError: it is there and cannot be read.
    """
    try:
        return read_file(labels_file(store, data_digest), store)
    except (FileNotFoundError, NotADirectoryError, *DAMAGE):
        return None


def read_file(path: Path, store: Path) -> Evaluated:
    """One file of them.

    Raises:
        DAMAGE: one of these, where the bytes are not those that were written.
        FileNotFoundError: there is none.
        AblateError: it is there and cannot be read.
    """
    arrays = unpack_arrays(path, below=store)
    labels, names = arrays["labels"], arrays["class_names"]
    if labels.ndim != 1 or labels.dtype.kind != "i" or names.ndim != 1 or names.dtype.kind != "U" or not len(labels):
        raise ValueError("not labels with the names of their classes")
    if int(labels.min()) < 0 or int(labels.max()) >= len(names):
        raise ValueError("a label has no class")
    texts = [arrays[name] for name in ("images", "evaluation_set")]
    if any(text.ndim or text.dtype.kind != "U" for text in texts):
        raise ValueError("not the names of a set of images")
    return Evaluated(labels.astype(np.int32), tuple(map(str, names.tolist())), str(texts[0]), str(texts[1]))
