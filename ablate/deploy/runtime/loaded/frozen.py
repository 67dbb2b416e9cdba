"""Frozen graphs, as TensorFlow 1 programs wrote them: `.pb` files, with weights as constants."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import INPUT, OUTPUT, Preparation
from ablate.deploy.runtime import graphs
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, Loaded, reading
from ablate.errors import AblateError, shown
from ablate.system.safe_files import read_regular


def load(model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH) -> Loaded:
    """Read, check and import a graph.

    Raises:
        AblateError: it is none, does more than compute, is too large, or takes no such images.
    """
    word = model.word
    graph = graphs.parsed(read_regular(model.path, MOST_BYTES), word)
    given, wanted = (
        (name or usual).removesuffix(":0") for name, usual in ((preparation.input, INPUT), (preparation.output, OUTPUT))
    )
    part = graphs.between(graph, given, wanted, word)
    entry = next(node for node in graph.node if node.name == given)
    declared, kind = _declared(entry), _kind(entry, word)
    preparation.check_kind(np.dtype(kind.as_numpy_dtype), word)
    size = preparation.size_of(declared, image, word)
    batch = declared[0] or batch
    with reading(word, "frozen graph"):
        with tf.Graph().as_default() as imported:
            inputs = tf.compat.v1.placeholder(kind, (batch, *size, image[2]), name="images")
            (outputs,) = tf.graph_util.import_graph_def(
                part, input_map={f"{given}:0": inputs}, return_elements=[f"{wanted}:0"], name="model"
            )
        graphs.check_sizes(imported, word)
        if outputs.shape.rank != 2 or outputs.shape[0] != batch:
            raise AblateError(f"{word}: {wanted} has the shape {outputs.shape}, not one row an image. Name another: --output.")
        session = tf.compat.v1.Session(graph=imported)

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        with reading(word, "frozen graph"):
            found: NDArray[Any] = session.run(outputs, {inputs: images.astype(kind.as_numpy_dtype, copy=False)})
            return found

    return Loaded(size, batch, compute)


def _declared(node: Any) -> tuple[int | None, ...]:
    """The shape that an input declares: (batch, height, width, channels), None where it is open."""
    if "shape" not in node.attr or node.attr["shape"].shape.unknown_rank:
        return (None, None, None, None)
    return tuple(each.size if each.size > 0 else None for each in node.attr["shape"].shape.dim)


def _kind(node: Any, word: str) -> tf.DType:
    """The type of an input's values; float32 where it says none."""
    kind = node.attr["dtype"].type if "dtype" in node.attr else tf.float32.as_datatype_enum
    if kind not in graphs.TYPES:
        raise AblateError(f"{word}: {shown(node.name)} takes no numbers. Name another: --input.")
    return tf.as_dtype(kind)
