"""Model files of others, and what is said of those that are not run."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.errors import AblateError

SHAPE, CLASSES = (32, 32, 3), 10


def refused(name: str, kind: str) -> str:
    """What is said of a file that is not run, in one line."""
    from ablate.deploy.runtime.foreign import ForeignModel

    with pytest.raises(AblateError) as error:
        ForeignModel(ModelFile(name, Path(name), kind), Preparation(), SHAPE, CLASSES)(np.zeros((1, *SHAPE), np.uint8))
    assert "\n" not in str(error.value)
    return str(error.value)


def archive(config: object, weights: bytes | None = None, **others: bytes) -> bytes:
    """A .keras file."""
    import h5py

    stream = io.BytesIO()
    if weights is None:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file["layers/dense/vars/0"] = np.zeros((1728, 10), np.float32)
        weights = buffer.getvalue()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("config.json", json.dumps(config))
        made.writestr("metadata.json", "{}")
        made.writestr("model.weights.h5", weights)
        for name, content in others.items():
            made.writestr(name, content)
    return stream.getvalue()


def layer(name: str, module: str = "keras.layers", /, **config: object) -> dict[str, object]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}
