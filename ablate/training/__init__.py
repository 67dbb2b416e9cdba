"""Training in TensorFlow. Knows nothing of Hydra, sweeps or readouts.

Importing anything from here imports TensorFlow, without its start-up chatter.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _quiet() -> Iterator[None]:
    """Within it this process's standard error leads nowhere: TensorFlow's C++ logs there before it can be told not to.

    Python errors are not affected. Setting TF_CPP_MIN_LOG_LEVEL shows the messages.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with _quiet():
    import tensorflow as _tensorflow  # noqa: F401
