"""What a data set is once it is in memory, and the digest that identifies it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Split:
    """Images with their labels.

    images: uint8, (n, height, width, channels), 0 to 255.
    labels: int32, (n,), 0 to classes - 1.

    Examples:
        >>> import numpy as np
        >>> from ablate.data import Split
        >>> split = Split(np.zeros((3, 8, 8, 1), np.uint8), np.array([0, 1, 2], np.int32))
        >>> split.take(np.array([2, 0])).labels
        array([2, 0], dtype=int32)
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]

    def take(self, indices: NDArray[np.intp]) -> "Split":
        """The images at `indices`, (m,), in that order."""
        return Split(self.images[indices], self.labels[indices])

    @property
    def digest(self) -> str:
        """SHA-256, as 64 hex digits, of images and labels: the same for the same images in the same order."""
        return _digest_of(("split", self))


@dataclass(frozen=True)
class Shape:
    """What a model needs to know, without decoding anything.

    height, width: in pixels.
    channels: 1 for gray, 3 for RGB.
    classes: how many.
    train_images: without the held-out ones.
    eval_images: by `eval_on`, the test or the held-out ones.

    Examples:
        >>> from ablate.data import shape
        >>> shape({"name": "digits", "validation": 100, "eval_on": "validation"})
        Shape(height=32, width=32, channels=3, classes=10, train_images=1337, eval_images=100)
    """

    height: int
    width: int
    channels: int
    classes: int
    train_images: int
    eval_images: int


@dataclass(frozen=True)
class Decoded:
    """A data set as its source gives it, before validation images are held out.

    train, test: all images of each.
    class_names: one a class.
    from_cache: the arrays come from an earlier decoding and were checked, so its digest still holds.

    Examples:
        >>> import numpy as np
        >>> from ablate.data import Decoded, Split
        >>> day_and_night = Split(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1], np.int32))
        >>> Decoded(day_and_night, day_and_night, ("day", "night")).from_cache
        False
    """

    train: Split
    test: Split
    class_names: tuple[str, ...]
    from_cache: bool = False


@dataclass(frozen=True)
class OwnKey:
    """A config key that only one data set has.

    name: as on the command line, without the `data.` before it.
    unit: of its value; empty where it has none.
    changes: whether another value may give other arrays.

    Examples:
        >>> from ablate.data import SETS
        >>> SETS.find("arrays").keys  # data.path of data=arrays
        (OwnKey(name='path', unit='', changes=True),)
    """

    name: str
    unit: str = ""
    changes: bool = True


@dataclass(frozen=True)
class Source:
    """Where the arrays of a data set come from. Each function takes the plain dict of the config group `data`.

    shape: sizes with all training images and the test images, without decoding anything.
    identity: what changes when the arrays may.
    read: the arrays.
    title: what a paper calls it; empty for a user's own images.
    license: of the images, as a model card has it; empty where it is not known.
    keys: of its level, besides `name`, `validation` and `eval_on`, which all have.
    opened: whether `shape` opens the same file as `read`; if so, it is not called before `read`.
    usual: `steps` and `eval_every`, where a command gives neither; empty for those of conf/config.yaml.

    Examples:
        >>> import numpy as np
        >>> from ablate.data import Decoded, Shape, Source, Split
        >>> black = Split(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1], np.int32))
        >>> source = Source(
        ...     shape=lambda config: Shape(height=8, width=8, channels=1, classes=2, train_images=2, eval_images=2),
        ...     identity=lambda config: ["black", 1],
        ...     read=lambda config: Decoded(black, black, ("day", "night")),
        ... )
        >>> source.read({}).class_names
        ('day', 'night')
    """

    shape: Callable[[Mapping[str, Any]], Shape]
    identity: Callable[[Mapping[str, Any]], list[object]]
    read: Callable[[Mapping[str, Any]], Decoded]
    title: str = ""
    keys: tuple[OwnKey, ...] = ()
    opened: bool = False
    usual: Mapping[str, int] = field(default_factory=dict)
    license: str = ""


@dataclass(frozen=True)
class Dataset:
    """What a training and its evaluations see.

    name: of its source.
    train: without the held-out images.
    evaluation: the test images, or the held-out ones.
    class_names: one a class.
    digest: see `digest_of`.

    Examples:
        >>> from ablate.data import load
        >>> digits = load({"name": "digits"})
        >>> digits.name, len(digits.train.labels), len(digits.evaluation.labels), digits.class_names[:3]
        ('digits', 1437, 360, ('0', '1', '2'))
    """

    name: str
    train: Split
    evaluation: Split
    class_names: tuple[str, ...]
    digest: str


def digest_of(train: Split, evaluation: Split) -> str:
    """SHA-256, as 64 hex digits, of everything a training sees: each array's role, type, shape and bytes.

    The same pixels give the same digest wherever they came from.
    """
    return _digest_of(("train", train), ("evaluation", evaluation))


def _digest_of(*parts: tuple[str, Split]) -> str:
    digest = hashlib.sha256()
    for role, split in parts:
        for name, array, dtype in (("images", split.images, "|u1"), ("labels", split.labels, "<i4")):
            digest.update(f"{role} {name} {dtype} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array, dtype=dtype).data)
    return digest.hexdigest()
