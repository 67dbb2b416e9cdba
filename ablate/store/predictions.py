"""The predicted classes of an evaluation, as a file has them."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.system import npz
from ablate.system.safe_files import MOST_BYTES


def pack_predictions(predictions: Mapping[str, NDArray[np.integer]]) -> bytes:
    """An npz file of predicted classes, (images,), by readout."""
    largest = max(int(classes.max()) for classes in predictions.values())
    kind = np.uint8 if largest < 256 else np.uint16
    arrays: dict[str, Any] = {name: classes.astype(kind) for name, classes in predictions.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack_predictions(content: bytes) -> dict[str, NDArray[np.integer]]:
    """Predicted classes, (images,), by readout.

    Raises:
        DAMAGE: one of these, where the bytes are not such a file.
    """
    arrays = npz.arrays_of(io.BytesIO(content), MOST_BYTES)
    if any(array.ndim != 1 or array.dtype.kind != "u" for array in arrays.values()):
        raise ValueError("not predicted classes")
    return arrays
