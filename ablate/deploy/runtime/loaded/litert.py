"""LiteRT files (`.tflite`), with LiteRT's own operations alone: none of TensorFlow's, which could touch files."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.runtime.graphs import MOST_VALUES
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, Loaded, reading
from ablate.errors import AblateError
from ablate.system.safe_files import read_regular

_WHAT = "LiteRT model"


def load(
    model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH, threads: int = 0
) -> Loaded:
    """Read a file and plan its tensors.

    Raises:
        AblateError: it is none, has operations of others, is too large, takes no such images, or LiteRT is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError:
        raise AblateError(f"{model.word} needs LiteRT. Install it: pip install 'ablate-tf[export]'.") from None
    word, content = model.word, read_regular(model.path, MOST_BYTES)
    if content[4:8] != b"TFL3":
        raise AblateError(f"{word} is not a {_WHAT}.")
    with reading(word, _WHAT):
        interpreter = Interpreter(
            model_content=content,
            num_threads=threads or None,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1 or inputs[0]["dtype"] != np.float32 or outputs[0]["dtype"] != np.float32:
            raise AblateError(f"{word} must have one float input and one float output.")
        declared = tuple(int(side) if side > 0 else None for side in inputs[0]["shape_signature"])
        size, batch = preparation.size_of(declared, image, word), declared[0] or batch
        interpreter.resize_tensor_input(inputs[0]["index"], (batch, *size, image[2]))
        interpreter.allocate_tensors()
        if any(math.prod(map(int, tensor["shape"])) > MOST_VALUES for tensor in interpreter.get_tensor_details()):
            raise AblateError(f"{word} is refused: one of its tensors is too large.")

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        with reading(word, _WHAT):
            interpreter.set_tensor(inputs[0]["index"], images)
            interpreter.invoke()
            found: NDArray[Any] = interpreter.get_tensor(outputs[0]["index"])
            return found

    return Loaded(size, batch, compute)
