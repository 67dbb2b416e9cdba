"""A `.keras` file of standard layers and operations, which Keras loads in safe mode."""

from pathlib import Path
from typing import Any

from ablate.deploy.format import Format


def write(model: Any, path: Path) -> None:
    """As Keras saves it."""
    model.save(path)


FORMAT = Format(
    name="keras",
    title="a Keras file",
    file="model.keras",
    write=write,
    load='import keras\n\nmodel = keras.saving.load_model("model.keras")',
    predict='model.predict(images, verbose=0)["predictions"]',
    install="pip install tensorflow",
    no_cpp="Keras files are read in Python alone. For C++, export with `--format saved_model`, `litert` or `onnx`.",
)
