"""LiteRT files (`.tflite`), with LiteRT's own operations alone: none of TensorFlow's, which could touch files."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.runtime.loaded.base import BATCH, MOST_BYTES, MOST_VALUES, Loaded, reading
from ablate.errors import AblateError
from ablate.system.safe_files import read_regular

_WHAT = "LiteRT model"
# Nothing here keeps state, draws random numbers, branches, or loops.
_COMPUTE = frozenset(
    [
        "ABS",
        "ADD",
        "ADD_N",
        "ARG_MAX",
        "ARG_MIN",
        "AVERAGE_POOL_2D",
        "BATCH_MATMUL",
        "CAST",
        "CEIL",
        "CONCATENATION",
        "CONV_2D",
        "DEPTH_TO_SPACE",
        "DEPTHWISE_CONV_2D",
        "DEQUANTIZE",
        "DIV",
        "ELU",
        "EQUAL",
        "EXP",
        "EXPAND_DIMS",
        "FLOOR",
        "FLOOR_DIV",
        "FULLY_CONNECTED",
        "GATHER",
        "GELU",
        "GREATER",
        "GREATER_EQUAL",
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "LEAKY_RELU",
        "LESS",
        "LESS_EQUAL",
        "LOCAL_RESPONSE_NORMALIZATION",
        "LOG",
        "LOGISTIC",
        "LOG_SOFTMAX",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MIRROR_PAD",
        "MUL",
        "NEG",
        "PACK",
        "PAD",
        "PADV2",
        "POW",
        "PRELU",
        "QUANTIZE",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "REDUCE_PROD",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RESHAPE",
        "ROUND",
        "RSQRT",
        "SELECT_V2",
        "SHAPE",
        "SLICE",
        "SOFTMAX",
        "SPACE_TO_DEPTH",
        "SPLIT",
        "SPLIT_V",
        "SQRT",
        "SQUARE",
        "SQUARED_DIFFERENCE",
        "SQUEEZE",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TOPK_V2",
        "TRANSPOSE",
        "TRANSPOSE_CONV",
        "UNPACK",
    ]
)
_AS_LARGE = frozenset(
    [
        "RESHAPE",
        "SQUEEZE",
        "EXPAND_DIMS",
        "RELU",
        "RELU6",
        "ELU",
        "GELU",
        "LOGISTIC",
        "TANH",
        "SOFTMAX",
        "LOG_SOFTMAX",
        "QUANTIZE",
        "DEQUANTIZE",
    ]
)
_BROADCAST = frozenset(["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM"])


def load(
    model: ModelFile, preparation: Preparation, image: tuple[int, int, int], batch: int = BATCH, threads: int = 0
) -> Loaded:
    """Read a file and plan its tensors.

    Raises:
        AblateError: it is none, has operations of others, is too large, takes no such images, or LiteRT is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
        from ai_edge_litert.schema_py_generated import ModelT
    except ImportError:
        raise AblateError(f"{model.word} needs LiteRT. Install it: pip install 'ablate-tf[export]'.") from None
    word, content = model.word, read_regular(model.path, MOST_BYTES)
    if content[4:8] != b"TFL3":
        raise AblateError(f"{word} is not a {_WHAT}.")
    with reading(word, _WHAT):
        parsed = ModelT.InitFromPackedBuf(content)
        _check(parsed, word)
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
        _check_sizes(parsed, interpreter, word)

    def compute(images: NDArray[np.float32]) -> NDArray[Any]:
        with reading(word, _WHAT):
            interpreter.set_tensor(inputs[0]["index"], images)
            interpreter.invoke()
            found: NDArray[Any] = interpreter.get_tensor(outputs[0]["index"])
            return found

    return Loaded(size, batch, compute)


def _name_of(parsed: Any, index: int) -> str:
    """Of an operator, as LiteRT's schema has it."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    code = parsed.operatorCodes[index]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)  # the latter is of older files
    return next((name for name, value in vars(BuiltinOperator).items() if value == number), f"operator {number}")


def _check(parsed: Any, word: str) -> None:
    """Refuse operators that do more than compute.

    Raises:
        AblateError: names the first of them.
    """
    for index in range(len(parsed.operatorCodes or ())):
        name = _name_of(parsed, index)
        if name not in _COMPUTE:
            raise AblateError(f"{word} is refused: it has the operator {name}, which may do more than compute.")
    if len(parsed.subgraphs or ()) != 1:
        raise AblateError(f"{word} is refused: it must have one graph.")


def _check_sizes(parsed: Any, interpreter: Any, word: str) -> None:
    """Refuse what is too large, or whose size cannot be bounded before it runs.

    Raises:
        AblateError: names it.
    """
    most: dict[int, int] = {}  # values of each tensor
    for tensor in interpreter.get_tensor_details():
        most[tensor["index"]] = math.prod(map(int, tensor["shape"]))
    for operator in parsed.subgraphs[0].operators or ():
        name, inputs = _name_of(parsed, operator.opcodeIndex), [most[int(each)] for each in operator.inputs if each >= 0]
        for index in map(int, operator.outputs):
            if not _is_planned(interpreter, index):
                most[index] = _bound(name, inputs, interpreter, operator, word)
    for index, values in most.items():
        if values > MOST_VALUES:
            raise AblateError(
                f"{word} is refused: its tensor {index} would have {values:,} values. Allowed are at most {MOST_VALUES:,}."
            )


def _is_planned(interpreter: Any, index: int) -> bool:
    """Whether the size of a tensor is settled before it runs."""
    try:
        interpreter.tensor(index)()
    except ValueError:
        return False
    return True


def _bound(name: str, inputs: list[int], interpreter: Any, operator: Any, word: str) -> int:
    """The most values that the output of an operator may have, where its size depends on the batch.

    inputs: the most values of each.
    """
    if name in _AS_LARGE:
        return inputs[0]
    if name in _BROADCAST:
        return math.prod(inputs)
    if name == "FULLY_CONNECTED":
        units, width = interpreter.tensor(int(operator.inputs[1]))().shape
        return inputs[0] // max(width, 1) * int(units)
    raise AblateError(f"{word} is refused: the size of what its operator {name} makes is not known beforehand.")
