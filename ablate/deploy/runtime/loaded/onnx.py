"""ONNX files, with everything in the file itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, Loaded, reading
from ablate.errors import AblateError
from ablate.system.safe_files import read_regular

_WHAT = "ONNX model"


def load(
    model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH, threads: int = 0
) -> Loaded:
    """Read a file into ONNX Runtime, which has no operations that touch files.

    Raises:
        AblateError: it is none, refers to other files, takes no such images, or ONNX Runtime is not installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError:
        raise AblateError(f"{model.word} needs ONNX Runtime. Install it: pip install 'ablate-tf[export]'.") from None
    word, content = model.word, read_regular(model.path, MOST_BYTES)
    with reading(word, _WHAT):
        if any(onnx.external_data_helper.uses_external_data(each) for each in onnx.load_from_string(content).graph.initializer):
            raise AblateError(f"{word} is refused: it reads its weights from other files.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise AblateError(f"{word} must have one input and one output.")
        declared = tuple(side if isinstance(side, int) and side > 0 else None for side in inputs[0].shape)
        size, batch = preparation.size_of(declared, image, word), declared[0] or batch

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        with reading(word, _WHAT):
            found: NDArray[Any] = session.run(None, {inputs[0].name: images})[0]
            return found

    return Loaded(size, batch, compute)
