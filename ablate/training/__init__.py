"""Training in TensorFlow. Knows nothing of Hydra, sweeps or readouts.

Importing anything from here imports TensorFlow, without its start-up chatter, and Keras on it, whatever its settings say.
"""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from ablate.errors import AblateError
from ablate.system import environment


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


@contextmanager
def _keras_on_tensorflow() -> Iterator[None]:
    """Within it Keras can be imported: on TensorFlow, and with a clear word where its settings stop it.

    Raises:
        AblateError: it does not start with them.
    """
    wanted = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        yield
    except Exception as error:
        if not any(
            frame.filename.endswith("/keras/src/backend/config.py") for frame in traceback.extract_tb(error.__traceback__)
        ):
            raise  # it is not about settings
        settings = [f"{name}={os.environ[name]}" for name in _KERAS_VARIABLES if name in os.environ]
        file = environment.keras_file()
        settings += [str(file)] if not settings or environment.unusual_keras(file) is not None else []
        raise AblateError(f"Keras does not start with its settings. Correct or remove {' and '.join(settings)}.") from error
    finally:
        if wanted is None:
            del os.environ["KERAS_BACKEND"]
        else:
            os.environ["KERAS_BACKEND"] = wanted


_KERAS_VARIABLES = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED")  # that stop it where they are wrong

with _quiet(), _keras_on_tensorflow():
    import keras as _keras  # noqa: F401  first: TensorFlow imports it, too, and hides what is wrong with it
    import tensorflow as _tensorflow  # noqa: F401
