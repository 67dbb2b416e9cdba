"""Keras files (`.keras`) of Keras's own layers: no code in them, and none of others is imported for them."""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from numpy.typing import NDArray

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import OUTPUT, Preparation
from ablate.deploy.runtime import graphs
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, MOST_VALUES, Loaded, reading
from ablate.errors import AblateError, shown
from ablate.system.safe_files import read_regular

_WHAT = "Keras model"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MOST_CONFIG_BYTES = 8 << 20
_MODELS = ("Functional", "Sequential")
_LAYERS = frozenset(
    [
        "Activation",
        "ActivityRegularization",
        "Add",
        "Average",
        "AveragePooling2D",
        "BatchNormalization",
        "Concatenate",
        "Conv2D",
        "Cropping2D",
        "Dense",
        "DepthwiseConv2D",
        "Dropout",
        "ELU",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling2D",
        "GroupNormalization",
        "Identity",
        "InputLayer",
        "LayerNormalization",
        "LeakyReLU",
        "MaxPooling2D",
        "Maximum",
        "Minimum",
        "Multiply",
        "Normalization",
        "PReLU",
        "Permute",
        "ReLU",
        "Rescaling",
        "Reshape",
        "SeparableConv2D",
        "Softmax",
        "SpatialDropout2D",
        "Subtract",
        "UnitNormalization",
        "ZeroPadding2D",
    ]
)
_MODULES = (  # every class in them is Keras's own, and computes
    *("keras.initializers", "keras.regularizers", "keras.constraints", "keras.activations", "keras.dtype_policies"),
    *("keras.src.ops.numpy", "keras.src.ops.nn", "keras.src.ops.math"),
)
_VALUES = ("__keras_tensor__", "__numpy__", "__tensor__")  # what Keras calls values that it writes as classes


def load(model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH) -> Loaded:
    """Check a file, then load it in Keras's safe mode.

    Raises:
        AblateError: it is none, has layers of others or code, is too large, or takes no such images.
    """
    word, content = model.word, read_regular(model.path, MOST_BYTES)
    _check(content, word)
    with reading(word, _WHAT):
        with _planned(content) as plan:
            if len(plan.inputs) != 1:
                raise AblateError(f"{word} must have one input, got {len(plan.inputs)}.")
            declared, kind = tuple(plan.inputs[0].shape), np.dtype(plan.inputs[0].dtype)
            size, batch = preparation.size_of(declared, image, word), declared[0] or batch
            preparation.check_kind(kind, word)
            _check_sizes(plan, (batch, *size, image[2]), kind, word)
        with TemporaryDirectory() as folder:  # what was checked, whatever became of the file
            path = Path(folder) / "model.keras"
            path.write_bytes(content)
            restored = keras.saving.load_model(path, compile=False, safe_mode=True)

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        with reading(word, _WHAT):
            return _output(restored(images.astype(kind, copy=False), training=False), preparation.output, word)

    return Loaded(size, batch, compute)


@contextmanager
def _planned(content: bytes) -> Iterator[Any]:
    """The model of a file with the shapes of its weights, but without any: within it nothing is allocated."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read(_CONFIG)) | {"compile_config": None}
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield keras.saving.deserialize_keras_object(config, safe_mode=True)
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])  # or the next scope to end would allocate them


def _check_sizes(plan: Any, shape: tuple[int, ...], kind: np.dtype[Any], word: str) -> None:
    """Refuse a model whose weights, or what a layer makes of a batch, are too large.

    Raises:
        AblateError: names them.
    """
    total = sum(math.prod(weight.shape) for weight in plan.weights)
    if total > MOST_VALUES:
        raise AblateError(f"{word} is refused: it has {total:,} weights. Allowed are at most {MOST_VALUES:,}.")

    def run(images: Any) -> Any:
        for layer in plan.layers:
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()
        return plan(images, training=False)

    graphs.check_sizes(tf.function(run).get_concrete_function(tf.TensorSpec(shape, kind)).graph, word)


def _output(found: Any, wanted: str | None, word: str) -> NDArray[Any]:
    if isinstance(found, dict):
        name = wanted or OUTPUT
        if name not in found:
            raise AblateError(f"{word} has no output {shown(name)}. Choose from {', '.join(found)}: --output.")
        found = found[name]
    if isinstance(found, list | tuple):
        raise AblateError(f"{word} must have one output, got {len(found)}.")
    return np.asarray(found)


def _check(content: bytes, word: str) -> None:
    """Refuse what would do more than compute, or take more memory than is allowed.

    Raises:
        AblateError: says what.
    """
    with reading(word, _WHAT), zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        others = [name for name in entries if name not in (_CONFIG, _METADATA, _WEIGHTS)]
        if others:
            raise AblateError(f"{word} is refused: it has a file of its own, {shown(others[0])}.")
        if len(entries) < len(archive.infolist()) or not {_CONFIG, _WEIGHTS} <= entries.keys():
            raise AblateError(f"{word} is not a valid Keras model.")
        if entries[_CONFIG].file_size > _MOST_CONFIG_BYTES or entries[_WEIGHTS].file_size > MOST_BYTES:
            raise AblateError(f"{word} is too large: a model must have at most {MOST_BYTES:,} bytes.")
        config = json.loads(archive.read(_CONFIG))
        largest = _check_weights(archive.read(_WEIGHTS), word)
        for node in _nodes(config):
            _check_class(node, word)
            _check_size(node, largest, word)


def _nodes(content: Any) -> Iterator[dict[str, Any]]:
    """All objects in the config."""
    waiting = [content]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _check_class(node: dict[str, Any], word: str) -> None:
    name, module = node.get("class_name"), node.get("module")
    if name is None and module is None:
        return
    own = (module == "keras.layers" and name in _LAYERS) or (module in _MODULES and isinstance(name, str))
    own = own or (name in _MODELS and str(module) in ("keras", "keras.models", f"keras.src.models.{str(name).lower()}"))
    own = own or (name in ("DTypePolicy", "FloatDTypePolicy") and module == "keras") or (name in _VALUES and module is None)
    registered = node.get("registered_name")
    if not own or not (registered is None or registered == name):
        raise AblateError(f"{word} is refused: {shown(name)[:60]} of {shown(module)[:60]} is not an allowed Keras layer.")


def _check_size(node: dict[str, Any], largest: int, word: str) -> None:
    """No layer makes more values of its own than the file has weights for."""
    for key in ("units", "filters"):
        if isinstance(node.get(key), int) and node[key] > largest:
            raise AblateError(f"{word} is refused: a layer with {node[key]:,} {key} has no weights in it.")


def _check_weights(content: bytes, word: str) -> int:
    """The largest side of an array of weights.

    Raises:
        AblateError: the file leads to others, or holds more than it has.
    """
    largest, total = 1, 0
    with h5py.File(io.BytesIO(content), "r") as file:
        waiting: list[Any] = [file]
        seen = 0
        while waiting:
            group = waiting.pop()
            for name in group:
                seen += 1
                if seen > 100_000 or not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise AblateError(f"{word} is refused: its weights lead to other files.")
                item = group[name]
                if isinstance(item, h5py.Group):
                    waiting.append(item)
                    continue
                if item.external or item.is_virtual or item.dtype.kind not in "fiub":
                    raise AblateError(f"{word} is refused: its weights lead to other files, or are no numbers.")
                total += item.size
                largest = max(largest, *item.shape, 1) if item.size else largest
    if total > MOST_VALUES:
        raise AblateError(f"{word} is refused: it has {total:,} weights. Allowed are at most {MOST_VALUES:,}.")
    return largest
