"""SavedModels of TensorFlow 2, as Keras exports them: the signature `serving_default`, where its functions only compute."""

import math
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from ablate.deploy.model_files import GRAPH, ModelFile
from ablate.deploy.preparation import OUTPUT, Preparation
from ablate.deploy.runtime import graphs
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, MOST_VALUES, Loaded, reading
from ablate.errors import AblateError, one_of, shown
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
    with TemporaryDirectory() as folder:  # what is checked is what is loaded
        _copy(model.path, Path(folder), word)
        _check(Path(folder), word)
        with reading(word, _WHAT):
            restored = tf.saved_model.load(folder)
    with reading(word, _WHAT):
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
        kind = inputs[given].dtype
        preparation.check_kind(np.dtype(kind.as_numpy_dtype), word)
        run = tf.function(lambda images: signature(**{given: images})[wanted])
        _check_sizes(run.get_concrete_function(tf.TensorSpec((batch, *size, image[2]), kind)), word)

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        assert restored is not None  # it owns the variables
        with reading(word, _WHAT):
            found: NDArray[Any] = run(tf.constant(images, kind)).numpy()
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


def _copy(source: Path, folder: Path, word: str) -> None:
    """Copy the files of a SavedModel to an empty folder.

    Raises:
        AblateError: one is no regular file, or they are too large.
    """
    left = MOST_BYTES
    for path in sorted(source.rglob("*")):
        target = folder / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
            continue
        if (kind := kind_of(path)) is not None:
            raise AblateError(f"{word} is refused: {path.name}: {kind}.")
        left -= target.write_bytes(read_regular(path, MOST_BYTES))
        if left < 0:
            raise AblateError(f"{word} is too large: a model must have at most {MOST_BYTES:,} bytes.")


def _check_sizes(function: Any, word: str) -> None:
    """Refuse a function that makes something too large of its inputs; its calls of others are written out for that.

    Raises:
        AblateError: names the node.
    """
    written_out = convert_variables_to_constants_v2(function).graph
    graphs.check(written_out.as_graph_def().node, word, graphs.COMPUTE)
    graphs.check_sizes(written_out, word)


def _check(folder: Path, word: str) -> None:
    """Refuse what would do more than compute once it is loaded or called.

    Raises:
        AblateError: says what.
    """
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
    _refuse_recursion(meta.graph_def.library.function, word)
    variables = (node.variable for node in meta.object_graph_def.nodes if node.WhichOneof("kind") == "variable")
    total = sum(math.prod(max(side.size, 0) for side in one.shape.dim) for one in variables)
    if total > MOST_VALUES:
        raise AblateError(f"{word} is refused: it has {total:,} weights. Allowed are at most {MOST_VALUES:,}.")


def _refuse_recursion(functions: Any, word: str) -> None:
    calls = {one.signature.name: {name for node in one.node_def for name in _called(node)} for one in functions}
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        raise AblateError(f"{word} is refused: its function {shown(error.args[1][0])} calls itself.") from None


def _refuse_savers(nodes: Any, savers: set[str], word: str) -> None:
    for node in nodes:
        if savers & set(_called(node)):
            raise AblateError(f"{word} is refused: its node {node.name!r} reads or writes files.")


def _called(node: Any) -> Iterator[str]:
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (each.name for each in value.list.func)
