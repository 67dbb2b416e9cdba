"""SavedModels of TensorFlow 2, as Keras exports them: the signature `serving_default`, where its functions only compute."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from tensorflow.core.protobuf import saved_model_pb2

from ablate.deploy.model_files import GRAPH, ModelFile
from ablate.deploy.preparation import OUTPUT, Preparation
from ablate.deploy.runtime import graphs
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, Loaded, reading
from ablate.errors import AblateError, one_of
from ablate.system.safe_files import kind_of, read_regular

_WHAT = "SavedModel"
_SIGNATURE = "serving_default"
_SAVERS = ("__inference__traced_save_", "__inference__traced_restore_")  # what TensorFlow names its functions that touch files
_ALLOWED = graphs.COMPUTE | graphs.CALLS | graphs.VARIABLES
_KINDS = ("user_object", "function", "bare_concrete_function", "constant", "variable", "captured_tensor")


def load(model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH) -> Loaded:
    """Check a SavedModel, then load it.

    Raises:
        AblateError: it is none, does more than compute, is too large, or takes no such images.
    """
    word = model.word
    _check(model.path, word)
    with reading(word, _WHAT):
        restored = tf.saved_model.load(str(model.path))
        if _SIGNATURE not in restored.signatures:
            raise AblateError(f"{word} has no signature {_SIGNATURE}. Export it again.")
        signature = restored.signatures[_SIGNATURE]
        inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
        given = _named(preparation.input, list(inputs), "--input", word)
        wanted = _named(preparation.output, list(outputs), "--output", word, usual=OUTPUT)
        if len(inputs) != 1:
            raise AblateError(f"{word} must have one input, got {', '.join(inputs)}.")
        declared = (None,) * 4 if inputs[given].shape.rank is None else tuple(inputs[given].shape.as_list())
        size, batch = preparation.size_of(declared, image, word), declared[0] or batch

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        assert restored is not None  # it owns the variables
        with reading(word, _WHAT):
            found: NDArray[Any] = signature(**{given: tf.constant(images)})[wanted].numpy()
            return found

    return Loaded(size, batch, compute)


def _named(name: str | None, known: list[str], option: str, word: str, usual: str | None = None) -> str:
    if name is None:
        name = usual if usual in known else known[0] if len(known) == 1 else None
        if name is None:
            raise AblateError(f"{word} has several: {', '.join(known)}. Name one with {option}.")
    if name not in known:
        raise AblateError(f"{word}: {one_of(option, name, known)}")
    return name


def _check(folder: Path, word: str) -> None:
    """Refuse what would do more than compute once it is loaded or called.

    Raises:
        AblateError: says what.
    """
    files = [path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()]
    for path in files:
        if (kind := kind_of(path)) is not None:
            raise AblateError(f"{word} is refused: {path.name}: {kind}.")
    if sum(path.stat().st_size for path in files) > MOST_BYTES:
        raise AblateError(f"{word} is too large: a model must have at most {MOST_BYTES:,} bytes.")
    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(read_regular(folder / GRAPH, MOST_BYTES))
    except DecodeError:
        raise AblateError(f"{word} is not a SavedModel.") from None
    if len(saved.meta_graphs) != 1 or not saved.meta_graphs[0].object_graph_def.nodes:
        raise AblateError(f"{word} is not a SavedModel of TensorFlow 2. Freeze it into a .pb file, or export it again.")
    meta = saved.meta_graphs[0]
    if meta.asset_file_def or any(node.WhichOneof("kind") not in _KINDS for node in meta.object_graph_def.nodes):
        raise AblateError(f"{word} is refused: it has files or tables of its own.")
    savers = {one.signature.name for one in meta.graph_def.library.function if one.signature.name.startswith(_SAVERS)}
    for function in meta.graph_def.library.function:
        if function.signature.name not in savers:
            graphs.check(function.node_def, word, _ALLOWED)
            _refuse_savers(function.node_def, savers, word)
    concrete = {*meta.object_graph_def.concrete_functions}
    if concrete & savers:
        raise AblateError(f"{word} is refused: one of its functions reads or writes files.")
    for node in meta.object_graph_def.nodes:
        values = node.variable.shape.dim
        size = 1
        for side in values:
            size *= max(side.size, 0)
        if size > graphs.MOST_VALUES:
            raise AblateError(f"{word} is refused: its variable {node.variable.name!r} is too large.")


def _refuse_savers(nodes: Any, savers: set[str], word: str) -> None:
    for node in nodes:
        if savers & set(_called(node)):
            raise AblateError(f"{word} is refused: its node {node.name!r} reads or writes files.")


def _called(node: Any) -> Iterator[str]:
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (each.name for each in value.list.func)
