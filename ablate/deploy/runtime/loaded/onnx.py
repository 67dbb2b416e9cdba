"""ONNX files, with everything in the file itself, of operations that only compute."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, MOST_VALUES, Loaded, reading
from ablate.errors import AblateError, shown
from ablate.system.safe_files import read_regular

_WHAT = "ONNX model"
# Nothing here keeps state, draws random numbers, branches, loops, or has a size that only its values tell.
_COMPUTE = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "ArgMax",
        "ArgMin",
        "AveragePool",
        "BatchNormalization",
        "Cast",
        "Ceil",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Conv",
        "ConvInteger",
        "ConvTranspose",
        "DepthToSpace",
        "DequantizeLinear",
        "Div",
        "Dropout",
        "DynamicQuantizeLinear",
        "Einsum",
        "Elu",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "Flatten",
        "Floor",
        "Gather",
        "Gelu",
        "Gemm",
        "GlobalAveragePool",
        "GlobalLpPool",
        "GlobalMaxPool",
        "Greater",
        "GreaterOrEqual",
        "GroupNormalization",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "InstanceNormalization",
        "LRN",
        "LayerNormalization",
        "LeakyRelu",
        "Less",
        "LessOrEqual",
        "Log",
        "LogSoftmax",
        "LpNormalization",
        "LpPool",
        "MatMul",
        "MatMulInteger",
        "Max",
        "MaxPool",
        "Mean",
        "MeanVarianceNormalization",
        "Min",
        "Mish",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "PRelu",
        "Pad",
        "Pow",
        "QLinearConv",
        "QLinearMatMul",
        "QuantizeLinear",
        "Reciprocal",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
        "Relu",
        "Reshape",
        "Resize",
        "Round",
        "Selu",
        "Shape",
        "Sigmoid",
        "Sign",
        "Size",
        "Slice",
        "Softmax",
        "Softplus",
        "Softsign",
        "SpaceToDepth",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Sum",
        "Tanh",
        "ThresholdedRelu",
        "Tile",
        "TopK",
        "Transpose",
        "Unsqueeze",
        "Upsample",
        "Where",
    ]
)


def load(
    model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH, threads: int = 0
) -> Loaded:
    """Read a file, check it, and give it to ONNX Runtime.

    Raises:
        AblateError: it is none, refers to other files, does more than compute, is too large, takes no such images, or ONNX
            Runtime is not installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError:
        raise AblateError(f"{model.word} needs ONNX Runtime. Install it: pip install 'ablate-tf[export]'.") from None
    word, content = model.word, read_regular(model.path, MOST_BYTES)
    with reading(word, _WHAT):
        parsed = onnx.load_from_string(content)
        _check(parsed, word)
        initial = {each.name for each in parsed.graph.initializer}
        inputs = [each for each in parsed.graph.input if each.name not in initial]
        if len(inputs) != 1 or len(parsed.graph.output) != 1:
            raise AblateError(f"{word} must have one input and one output.")
        given = inputs[0].type.tensor_type
        declared = tuple(side.dim_value if side.dim_value > 0 else None for side in given.shape.dim)
        size, batch = preparation.size_of(declared, image, word), declared[0] or batch
        kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(given.elem_type))
        preparation.check_kind(kind, word)
        _fix_shapes(parsed, inputs[0], (batch, *size, image[2]))
        _check_sizes(onnx.shape_inference.infer_shapes(parsed, strict_mode=True, data_prop=True).graph, word)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(parsed.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        with reading(word, _WHAT):
            found: NDArray[Any] = session.run(None, {inputs[0].name: images.astype(kind, copy=False)})[0]
            return found

    return Loaded(size, batch, compute)


def _messages(message: Any) -> Iterator[Any]:
    """A protocol buffer and all that lie within it: tensors in attributes, branches, and functions alike."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if isinstance(value, Sequence) else (value,):
                yield from _messages(each)


def _check(model: Any, word: str) -> None:
    """Refuse what would read other files, or do more than compute.

    Raises:
        AblateError: says what.
    """
    import onnx

    for message in _messages(model):
        if isinstance(message, onnx.SparseTensorProto):
            raise AblateError(f"{word} is refused: it has sparse weights.")
        if isinstance(message, onnx.TensorProto):
            if message.data_location == onnx.TensorProto.EXTERNAL or message.external_data:
                raise AblateError(f"{word} is refused: it reads its weights from other files.")
            _check_size(message.name or "a constant", message.dims, word)
    if model.functions:
        raise AblateError(f"{word} is refused: it has functions of its own, such as {shown(model.functions[0].name)}.")
    for node in model.graph.node:
        if node.op_type not in _COMPUTE or node.domain not in ("", "ai.onnx"):
            raise AblateError(
                f"{word} is refused: its node {shown(node.name or ' '.join(node.output))} is a {shown(node.op_type)[1:-1]}, "
                "which may do more than compute."
            )


def _fix_shapes(model: Any, given: Any, shape: tuple[int, ...]) -> None:
    """Give its input a shape without open sides, and drop what the file says of all others."""
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    sides = given.type.tensor_type.shape
    sides.ClearField("dim")
    for side in shape:
        sides.dim.add().dim_value = side


def _check_sizes(graph: Any, word: str) -> None:
    """Refuse a graph with a value that is too large, or whose size only a run would tell.

    Raises:
        AblateError: names the value.
    """
    shapes = {each.name: each.type.tensor_type for each in (*graph.value_info, *graph.output)}
    for node in graph.node:
        for name in filter(None, node.output):
            known = shapes.get(name)
            if known is None or not known.HasField("shape") or not all(side.HasField("dim_value") for side in known.shape.dim):
                raise AblateError(f"{word} is refused: the size of {shown(name)} is not known beforehand.")
            _check_size(name, [side.dim_value for side in known.shape.dim], word)


def _check_size(name: str, shape: Sequence[int], word: str) -> None:
    values = math.prod(shape)
    if values > MOST_VALUES or min(shape, default=0) < 0:
        raise AblateError(f"{word} is refused: {shown(name)} has {values:,} values. Allowed are at most {MOST_VALUES:,}.")
