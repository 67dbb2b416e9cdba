"""Which TensorFlow graphs of others are run: those that only compute, and no larger than is allowed."""

import math
from collections.abc import Collection, Iterator
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import graph_pb2

from ablate.deploy.runtime.loaded.base import MOST_VALUES
from ablate.errors import AblateError, did_you_mean, shown

MOST_NODES = 50_000

# What networks on images compute with. Nothing here reads or writes a file, opens a connection, runs Python, keeps state, draws
# random numbers, loops, or makes a tensor of a size that no input has.
COMPUTE = frozenset(
    [
        "Abs",
        "Add",
        "AddN",
        "AddV2",
        "ArgMax",
        "AvgPool",
        "BatchMatMulV2",
        "BiasAdd",
        "Cast",
        "Ceil",
        "Concat",
        "ConcatV2",
        "Const",
        "Conv2D",
        "DepthwiseConv2dNative",
        "Div",
        "Elu",
        "Equal",
        "Erf",
        "Erfc",
        "Exp",
        "ExpandDims",
        "Floor",
        "FloorDiv",
        "FusedBatchNorm",
        "FusedBatchNormV2",
        "FusedBatchNormV3",
        "Gather",
        "GatherV2",
        "Greater",
        "GreaterEqual",
        "Identity",
        "IdentityN",
        "L2Loss",
        "LRN",
        "LeakyRelu",
        "Less",
        "LessEqual",
        "Log",
        "Log1p",
        "LogSoftmax",
        "MatMul",
        "Max",
        "MaxPool",
        "Maximum",
        "Mean",
        "Min",
        "Minimum",
        "Mul",
        "Neg",
        "NoOp",
        "Pack",
        "Pad",
        "PadV2",
        "Placeholder",
        "PlaceholderWithDefault",
        "Pow",
        "Prod",
        "RealDiv",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Reshape",
        "Round",
        "Rsqrt",
        "Selu",
        "Shape",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Softplus",
        "Softsign",
        "Split",
        "SplitV",
        "Sqrt",
        "Square",
        "SquaredDifference",
        "Squeeze",
        "StopGradient",
        "StridedSlice",
        "Sub",
        "Sum",
        "Tanh",
        "TopKV2",
        "Transpose",
        "Unpack",
    ]
)
CALLS = frozenset(("PartitionedCall", "StatefulPartitionedCall"))
VARIABLES = frozenset(("ReadVariableOp", "VarHandleOp"))
TYPES = frozenset(  # as files write them
    each.as_datatype_enum
    for each in (
        *(tf.float16, tf.float32, tf.float64, tf.bfloat16),
        *(tf.bool, tf.uint8, tf.int8, tf.uint16, tf.int16, tf.int32, tf.int64),
    )
)


def parsed(content: bytes, word: str) -> graph_pb2.GraphDef:
    """The graph of a file.

    Raises:
        AblateError: it is none.
    """
    graph = graph_pb2.GraphDef()
    try:
        graph.ParseFromString(content)
    except DecodeError:
        raise AblateError(f"{word} is not a frozen TensorFlow graph.") from None
    if not graph.node:
        raise AblateError(f"{word} is not a frozen TensorFlow graph: it has no nodes.")
    return graph


def between(graph: graph_pb2.GraphDef, given: str, wanted: str, word: str) -> graph_pb2.GraphDef:
    """What of a graph leads from a node to another, checked; the first is not in it.

    Raises:
        AblateError: there is no such node, the one does not lead to the other, or what is between them is not run.
    """
    if len(graph.node) > MOST_NODES:
        raise AblateError(f"{word} has {len(graph.node):,} nodes. A graph must have at most {MOST_NODES:,}.")
    nodes = {node.name: node for node in graph.node}
    for name, option in ((given, "--input"), (wanted, "--output")):
        if name not in nodes:
            likely = [node.name for node in graph.node if node.op == "Placeholder"] if option == "--input" else list(nodes)[-3:]
            near = did_you_mean(name, nodes) or (f" It may be {', '.join(likely[:3])}." if likely else "")
            raise AblateError(f"{word} has no node {shown(name)}.{near} Name it with {option}.")
    if len(nodes) < len(graph.node):
        raise AblateError(f"{word} has two nodes of one name, so it cannot be read.")
    kept, waiting, met = set(), [wanted], False
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        if name == given:
            met = True
            continue
        if name not in nodes:
            raise AblateError(f"{word} is incomplete: node {shown(name)} is missing.")
        kept.add(name)
        waiting += [_node_of(each) for each in nodes[name].input]
    if not met:
        raise AblateError(f"In {word}, {shown(wanted)} does not depend on {shown(given)}. Name others with --input, --output.")
    part = graph_pb2.GraphDef(versions=graph.versions)
    for node in graph.node:
        if node.name in kept:
            part.node.add().CopyFrom(node)
            part.node[-1].device = ""
    check(part.node, word, COMPUTE)
    for node in part.node:
        if node.op == "Placeholder":
            raise AblateError(f"{word} needs a second input, {shown(node.name)}. Name an output that does not: --output NAME.")
    return part


def _node_of(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]


def check(nodes: Collection[Any], word: str, allowed: frozenset[str]) -> None:
    """Refuse nodes that do more than compute, and constants that are too large.

    Raises:
        AblateError: names the first of them.
    """
    for node in nodes:
        if node.op not in allowed:
            raise AblateError(
                f"{word} is refused: its node {shown(node.name)} is a {shown(node.op)[1:-1]}, which may do more than compute."
            )
    for node in nodes:
        for tensor in _constants(node):
            values = math.prod(size.size for size in tensor.tensor_shape.dim)
            if any(size.size < 0 for size in tensor.tensor_shape.dim) or values > MOST_VALUES:
                raise AblateError(
                    f"{word} is refused: its constant {shown(node.name)} is too large: at most {MOST_VALUES:,} values."
                )
            if tensor.dtype not in TYPES:
                raise AblateError(f"{word} is refused: its constant {shown(node.name)} holds no numbers.")


def _constants(node: Any) -> Iterator[Any]:
    for value in node.attr.values():
        if value.HasField("tensor"):
            yield value.tensor
        yield from value.list.tensor


def check_sizes(graph: tf.Graph, word: str) -> None:
    """Refuse a graph with a tensor that is too large, or whose size only a run would tell.

    Raises:
        AblateError: names the node.
    """
    for operation in graph.get_operations():
        for tensor in operation.outputs:
            values = tensor.shape.num_elements()
            if values is None:
                raise AblateError(f"{word} is refused: the size of {shown(operation.name)} is not known beforehand.")
            if values > MOST_VALUES:
                raise AblateError(
                    f"{word} is refused: {shown(operation.name)} would have {values:,} values. "
                    f"Allowed are at most {MOST_VALUES:,}."
                )
