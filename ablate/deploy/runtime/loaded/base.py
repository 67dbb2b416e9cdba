"""What all model files become, once they are loaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablate.errors import AblateError

BATCH = 100  # images, where the model leaves it open
MOST_BYTES = 1 << 30  # of a model file
MOST_VALUES = 1 << 28  # of one tensor, constants and batches of activations alike


@dataclass(frozen=True)
class Loaded:
    """A model that computes. size: (height, width) of its inputs. batch: images that it takes at once, always so many.

    compute: from prepared images, float32 (batch, height, width, channels), to its outputs, (batch, classes).
    """

    size: tuple[int, int]
    batch: int
    compute: Callable[[NDArray[np.float32]], NDArray[np.floating]]


@contextmanager
def reading(word: str, what: str) -> Iterator[None]:
    """Within it whatever a library raises is one line: that a file is no such model, or cannot be run.

    Raises:
        AblateError: in place of any other exception.
    """
    try:
        yield
    except (AblateError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise AblateError(f"{word} is not a valid {what}, or cannot be run on these images.") from error
