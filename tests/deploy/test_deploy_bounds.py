"""Model files of others that read, compute, or take more than they may: refused before anything of them runs."""

import io
from pathlib import Path

import numpy as np
import pytest
from foreign_files import CLASSES, SHAPE, archive, layer, refused

from ablate.deploy.model_files import FROZEN, KERAS, LITERT, ONNX, SAVED_MODEL, ModelFile
from ablate.deploy.preparation import NONE, Preparation

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    """An empty folder as the current one."""
    monkeypatch.chdir(tmp_path)


def ran(name: str, kind: str, preparation: Preparation | None = None) -> np.ndarray:
    """The probabilities of a black image."""
    from ablate.deploy.runtime.foreign import ForeignModel

    model = ForeignModel(ModelFile(name, Path(name), kind), preparation or Preparation(), SHAPE, CLASSES)
    return model(np.zeros((1, *SHAPE), np.uint8))


def onnx_file(*nodes, weights=(), inputs=1) -> None:
    """The mean of each channel, `m`, then nodes that lead from it and the weights `W` to `predictions`: `model.onnx`."""
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    helper = onnx.helper
    whole = [] if inputs == 1 else [helper.make_node("Cast", ["inputs"], ["x"], to=1)]
    mean = helper.make_node("ReduceMean", ["inputs" if inputs == 1 else "x"], ["m"], axes=[1, 2], keepdims=0)
    graph = helper.make_graph(
        [*whole, mean, *nodes],
        "graph",
        [helper.make_tensor_value_info("inputs", inputs, ["N", *SHAPE])],
        [helper.make_tensor_value_info("predictions", 1, ["N", CLASSES])],
        [onnx.numpy_helper.from_array(np.ones((3, CLASSES), np.float32), "W"), *weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    Path("model.onnx").write_bytes(model.SerializeToString())


def elsewhere(name: str = ""):
    """A tensor whose values lie in another file."""
    import onnx

    np.arange(30, dtype=np.float32).tofile("other.bin")
    tensor = onnx.TensorProto(name=name, data_type=1, dims=[3, CLASSES], data_location=onnx.TensorProto.EXTERNAL)
    for key, value in (("location", "other.bin"), ("offset", "0"), ("length", "120")):
        tensor.external_data.add(key=key, value=value)
    return tensor


def onnx_constant():
    from onnx import helper

    return [
        helper.make_node("Constant", [], ["E"], value=elsewhere()),
        helper.make_node("MatMul", ["m", "E"], ["predictions"]),
    ], []


def onnx_branch():
    from onnx import helper, numpy_helper

    branches = {}
    for name, weights, own in (("then_branch", "E", [elsewhere("E")]), ("else_branch", "W", [])):
        node = helper.make_node("MatMul", ["m", weights], [name])
        branches[name] = helper.make_graph([node], name, [], [helper.make_tensor_value_info(name, 1, ["N", 10])], own)
    return [helper.make_node("If", ["C"], ["predictions"], **branches)], [numpy_helper.from_array(np.array(True), "C")]


def onnx_random():
    from onnx import helper

    return [
        helper.make_node("MatMul", ["m", "W"], ["q"]),
        helper.make_node("RandomNormalLike", ["q"], ["n"], name="noise"),
        helper.make_node("Add", ["q", "n"], ["predictions"]),
    ], []


def onnx_large():
    from onnx import helper, numpy_helper

    return [
        helper.make_node("MatMul", ["m", "W"], ["q"]),
        helper.make_node("ConstantOfShape", ["size"], ["big"]),
        helper.make_node("ReduceMax", ["big"], ["most"], keepdims=0),
        helper.make_node("Add", ["q", "most"], ["predictions"]),
    ], [numpy_helper.from_array(np.array([300_000_000]), "size")]


def onnx_unknown():
    from onnx import helper, numpy_helper

    return [
        helper.make_node("MatMul", ["m", "W"], ["q"]),
        helper.make_node("ReduceMax", ["q"], ["top"], keepdims=0),
        helper.make_node("Cast", ["top"], ["many"], to=7),
        helper.make_node("Unsqueeze", ["many", "zero"], ["size"]),
        helper.make_node("Expand", ["top", "size"], ["wide"]),
        helper.make_node("ReduceMax", ["wide"], ["most"], keepdims=0),
        helper.make_node("Add", ["q", "most"], ["predictions"]),
    ], [numpy_helper.from_array(np.array([0]), "zero")]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (onnx_constant, "it reads its weights from other files"),
        (onnx_branch, "it reads its weights from other files"),
        (onnx_random, "its node 'noise' is a RandomNormalLike, which may do more than compute"),
        (onnx_large, "'big' has 300,000,000 values. Allowed are at most 268,435,456"),
        (onnx_unknown, "the size of 'wide' is not known beforehand"),
    ],
)
def test_an_onnx_file_that_does_more_than_compute_is_refused(parts, message):
    pytest.importorskip("onnx", reason="ONNX is not installed")
    nodes, weights = parts()
    onnx_file(*nodes, weights=weights)
    assert refused("model.onnx", ONNX) == f"model.onnx is refused: {message}."


def test_an_onnx_file_of_integer_images_takes_them_as_they_are():
    helper = pytest.importorskip("onnx", reason="ONNX is not installed").helper
    onnx_file(helper.make_node("MatMul", ["m", "W"], ["predictions"]), inputs=2)
    assert refused("model.onnx", ONNX) == "model.onnx takes uint8 inputs: add --preprocess none."
    assert np.allclose(ran("model.onnx", ONNX, Preparation(preprocess=NONE)), 1 / CLASSES)


def litert_file(compute) -> None:
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    module = tf.Module()
    module.run = tf.function(compute, input_signature=[tf.TensorSpec([1, *SHAPE], tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module)
    Path("model.tflite").write_bytes(converter.convert())


@pytest.mark.parametrize("operator", ["RANDOM_STANDARD_NORMAL", "WHILE"])
def test_a_litert_file_that_does_more_than_compute_is_refused(operator):
    import tensorflow as tf

    def compute(images):
        found = tf.reduce_mean(images, [1, 2]) @ tf.ones([3, CLASSES])
        if operator == "WHILE":
            return tf.while_loop(lambda i, _: i < 1000, lambda i, x: (i + 1, x * 1.0001), [tf.constant(0), found])[1]
        return found + tf.random.normal([1, CLASSES])

    litert_file(compute)
    expected = f"model.tflite is refused: it has the operator {operator}, which may do more than compute."
    assert refused("model.tflite", LITERT) == expected


@pytest.mark.parametrize(
    ("known", "message"), [(True, "272,250,000 values"), (False, "operator PAD makes is not known beforehand")]
)
def test_a_litert_file_with_too_large_a_value_is_refused(known, message):
    import tensorflow as tf

    def compute(images):
        more = 16500 - 32 if known else tf.cast(tf.reduce_max(images), tf.int32)
        large = tf.pad(images[..., :1], [[0, 0], [0, more], [0, more], [0, 0]])
        return tf.reduce_max(large, [1, 2]) @ tf.ones([1, CLASSES])

    litert_file(compute)
    assert message in refused("model.tflite", LITERT)


def sequential(*layers, **weights) -> bytes:
    """A .keras file."""
    given = layer("InputLayer", batch_shape=[None, *SHAPE], name="inputs")
    return archive(layer("Sequential", "keras", name="model", layers=[given, *layers]), **weights)


def nothing_wide() -> bytes:
    """Weights of no values, of which one side is long."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("layers/dense/vars/0", shape=(0, 1 << 40), dtype="f4")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            lambda: sequential(layer("Conv2D", filters=8, kernel_size=[6000, 6000], padding="same")),
            "it has 864,000,008 weights",
        ),
        (
            lambda: sequential(layer("Flatten"), layer("Dense", units=300_000), weights=nothing_wide()),
            "a layer with 300,000 units has no weights in it",
        ),
        (
            lambda: sequential(layer("ZeroPadding2D", padding=[[0, 968], [0, 868]]), layer("GlobalMaxPooling2D")),
            "Pad' would have 270,000,000 values. Allowed are at most 268,435,456",
        ),
        (
            lambda: sequential(layer("ZeroPadding2D", padding=[[0, 20000], [0, 20000]]), layer("PReLU")),
            "weights. Allowed are at most",
        ),
    ],
)
def test_a_small_keras_file_that_takes_much_memory_is_refused(content, message):
    Path("model.keras").write_bytes(content())
    said = refused("model.keras", KERAS)
    assert said.startswith("model.keras is refused: ")
    assert message in said


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, where it saves
def test_a_keras_file_of_any_ending_and_normalized_is_loaded():
    import keras

    normalized = keras.layers.Normalization()
    model = keras.Sequential(
        [keras.Input(SHAPE), normalized, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(CLASSES)]
    )
    normalized.adapt(np.random.default_rng(0).normal(size=(8, *SHAPE)))
    model.save("model.keras")
    Path("model.keras").rename("model.KERAS")
    black = Preparation().prepared(np.zeros((1, *SHAPE), np.uint8), SHAPE[:2])
    logits = np.asarray(model(black, training=False))
    assert np.allclose(ran("model.KERAS", KERAS), np.exp(logits) / np.exp(logits).sum(), atol=1e-6)


def saved_model(serve, kind="float32") -> None:
    import tensorflow as tf

    module = tf.Module()
    module.serve = tf.function(serve, input_signature=[tf.TensorSpec([None, *SHAPE], kind, name="inputs")])
    tf.saved_model.save(module, "model", signatures=module.serve)


def test_a_saved_model_that_makes_large_values_is_refused():
    import tensorflow as tf

    saved_model(
        lambda x: {"predictions": tf.reduce_max(tf.pad(x, [[0, 0], [0, 968], [0, 868], [0, 0]]), [1, 2]) @ tf.ones([3, 10])}
    )
    assert "Pad' would have 270,000,000 values. Allowed are at most 268,435,456." in refused("model", SAVED_MODEL)


def test_a_saved_model_that_calls_itself_is_refused():
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model(lambda x: {"predictions": tf.reduce_max(x, [1, 2]) @ tf.ones([3, CLASSES])})
    saved = saved_model_pb2.SavedModel.FromString(Path("model/saved_model.pb").read_bytes())
    for function in saved.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if "signature_wrapper" in function.signature.name and "f" in node.attr:
                node.attr["f"].func.name = function.signature.name
    Path("model/saved_model.pb").write_bytes(saved.SerializeToString())
    assert refused("model", SAVED_MODEL).endswith("calls itself.")


def test_a_saved_model_of_integer_images_takes_them_as_they_are():
    import tensorflow as tf

    saved_model(
        lambda x: {"predictions": tf.reduce_max(tf.math.erfc(tf.cast(x, tf.float32)), [1, 2]) @ tf.ones([3, CLASSES])}, "uint8"
    )
    assert refused("model", SAVED_MODEL) == "model takes uint8 inputs: add --preprocess none."
    assert np.allclose(ran("model", SAVED_MODEL, Preparation(preprocess=NONE)), 1 / CLASSES)


def frozen(kind: str, constants: int | None = None) -> None:
    """A graph of images of a type. constants: the number of the type that its constants are said to have."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(kind, (None, *SHAPE), name="inputs")
        tf.identity(tf.reduce_mean(tf.cast(images, tf.float32), [1, 2]) @ tf.ones([3, CLASSES]), name="predictions")
    made = graph.as_graph_def()
    for node in made.node:
        if node.op == "Const" and constants is not None:
            node.attr["value"].tensor.dtype = constants
    Path("model.pb").write_bytes(made.SerializeToString())


@pytest.mark.parametrize("number", [0, 999])
def test_a_constant_of_no_known_type_is_refused(number):
    frozen("float32", number)
    assert "holds no numbers" in refused("model.pb", FROZEN)


def test_a_frozen_graph_of_integer_images_takes_them_as_they_are():
    frozen("uint8")
    assert refused("model.pb", FROZEN) == "model.pb takes uint8 inputs: add --preprocess none."
    assert np.allclose(ran("model.pb", FROZEN, Preparation(preprocess=NONE)), 1 / CLASSES)
