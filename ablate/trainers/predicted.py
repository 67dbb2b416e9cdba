"""The classes that training code of the user's own predicts, one a test example, beside the true ones."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.errors import AblateError, shown
from ablate.messages import say
from ablate.store import Evaluated, keep_evaluated, read_evaluated
from ablate.store.sweep_check import ONE_VALUE
from ablate.system.safe_files import MOST_BYTES, reason_of

FILE = ".npy"
PREDICTIONS = "predictions"  # the word for an evaluation's, and the folder of their files in that of a training's own
MOST_CLASSES = 65_536  # as many as stored predictions tell apart
SHARE_APART = 0.0051  # between an accuracy in whole percent and that of the predictions

Classes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Labels:
    """The true classes of the test examples. classes: (examples,), from 0. digest: of them."""

    classes: Classes
    digest: str

    def predictions(self, given: Any, step: int, accuracy: float | None) -> Mapping[str, Classes]:
        """The predicted classes of an evaluation, by its one readout.

        Args:
            given: a whole number for each test example. accuracy: at that evaluation, from 0 to 1; None where it has none.

        Raises:
            AblateError: they are none, or another number, or belong to other examples than the labels.
        """
        of = f"predictions at step {step:,}"
        found = _classes(given, of, "iub" if self.classes.max() <= 1 else "iu")
        if len(found) != len(self.classes):
            raise AblateError(f"There are {len(found):,} {of}, but {len(self.classes):,} labels. Give one for each.")
        right = float((found == self.classes).mean())
        if accuracy is not None and abs(right - accuracy) > SHARE_APART:
            raise AblateError(
                f"The {of} match {right:.2%} of the labels, but accuracy is {accuracy:.2%}. Keep both in the order of the "
                "examples."
            )
        return {ONE_VALUE: found}

    def keep(self, store: Path, evaluation_set: str) -> None:
        """Have the store keep them for reports, unless it does; where it cannot be written, that is said."""
        names = tuple(map(str, range(int(self.classes.max()) + 1)))
        try:
            if read_evaluated(store, self.digest) is None:
                keep_evaluated(store, self.digest, Evaluated(self.classes, names, self.digest, evaluation_set))
        except AblateError as error:
            say(f"{error} Reports will leave out what needs the true classes.")


def labels(given: Any, key: str) -> Labels:
    """The true classes that a user gives: the path of a `.npy` file, or an array.

    Raises:
        AblateError: they are no whole numbers, one a test example.
    """
    if isinstance(given, str | Path):
        path = Path(given).expanduser()
        if path.suffix != FILE:
            raise AblateError(f"{key} must name a {FILE} file with the true classes, got {shown(str(given))}.")
        return _of_file(path, f"true classes of {key}={path}", _signature(path))
    return _labels(given, "labels")


@lru_cache(maxsize=4)
def _of_file(path: Path, of: str, signature: tuple[int, int]) -> Labels:
    """of: what messages call them. signature: what changes when the file does."""
    return _labels(load(path), of)


def _signature(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise AblateError(f"Cannot read {path}: {reason_of(error)}.") from None
    return stat.st_mtime_ns, stat.st_size


def _labels(given: Any, of: str) -> Labels:
    classes = _classes(given, of, "iub")
    return Labels(classes, hashlib.sha256(classes.astype("<i4").tobytes()).hexdigest())


def load(path: Path) -> NDArray[Any]:
    """The array of a `.npy` file.

    Raises:
        AblateError: there is no such file, it is too large, or it is none.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AblateError(f"{path} has more than {MOST_BYTES:,} bytes. Save whole numbers alone, one an example.")
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except OSError as error:
        raise AblateError(f"Cannot read {path}: {reason_of(error)}.") from None
    except (ValueError, EOFError, MemoryError):
        raise AblateError(f"{path} is not a {FILE} file of numbers. Write it with numpy.save.") from None
    return found


def _classes(given: Any, of: str, kinds: str) -> Classes:
    """Classes as given, checked. kinds: of the types that they may have, as NumPy names them; `b` of two classes alone."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError):
        raise AblateError(f"The {of} must be an array of whole numbers, got {shown(given)}.") from None
    if not isinstance(array, np.ndarray) or array.ndim != 1 or not len(array):
        shape = "×".join(map(str, np.shape(array))) or "one value"
        raise AblateError(f"The {of} must be one class per test example (1-D), got {shape}.")
    if array.dtype.kind not in kinds:
        raise AblateError(f"The {of} must be integer class numbers from 0, got {array.dtype}.")
    if int(array.min()) < 0 or int(array.max()) >= MOST_CLASSES:
        wrong = next(int(each) for each in array if not 0 <= each < MOST_CLASSES)
        raise AblateError(f"The {of} must be classes from 0 to {MOST_CLASSES - 1:,}, got {wrong}.")
    return array.astype(np.int32)
