"""Model files of others: evaluated to the image, or refused before anything of them runs."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from foreign_files import archive, layer, refused

from ablate import data
from ablate.deploy.model_files import FROZEN, KERAS, LITERT
from ablate.deploy.preparation import NONE, SCALE, STANDARDIZE, Preparation, probabilities_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
CLASSES = 10


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    """Of a linear classifier of 24 by 24 crops."""
    return np.random.default_rng(0).normal(0, 0.02, (24 * 24 * 3, CLASSES)).astype(np.float32)


def expected(weights: np.ndarray, preparation: Preparation) -> np.ndarray:
    """The classes that the linear classifier gives the test digits."""
    images = data.load({"name": "digits"}).evaluation.images
    return (preparation.prepared(images, (24, 24)).reshape(len(images), -1) @ weights).argmax(axis=1)


def frozen(
    path: Path,
    weights: np.ndarray,
    batch: int | None = None,
    inputs: str = "inputs",
    outputs: str = "predictions",
    softmax: bool = True,
) -> None:
    """A graph as a program of TensorFlow 1 froze it."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (batch, 24, 24, 3), name=inputs)
        flat = tf.reshape(images, [tf.shape(images)[0], -1])
        logits = tf.matmul(flat, tf.constant(weights))
        (tf.nn.softmax if softmax else tf.identity)(logits, name=outputs)
    path.write_bytes(graph.as_graph_def().SerializeToString())


@pytest.mark.parametrize(
    ("preprocess", "batch", "softmax"), [(STANDARDIZE, None, True), (SCALE, 7, False), (NONE, None, False)]
)
def test_a_frozen_graph_has_its_known_accuracy(says, here, weights, preprocess, batch, softmax):
    frozen(Path("model.pb"), weights, batch, softmax=softmax)
    [found] = says("evaluate", "model.pb", "data=digits", "--preprocess", preprocess)
    labels = data.load({"name": "digits"}).evaluation.labels
    right = int((expected(weights, Preparation(preprocess=preprocess)) == labels).sum())
    assert round(found["accuracy"] * 360) == right
    assert found["images"] == 360


def test_nodes_of_other_names_are_named(prints, says, here, weights):
    frozen(Path("named.pb"), weights, inputs="x", outputs="y")
    assert "named.pb has no node 'inputs'. It may be x. Name it with --input." in prints(
        "evaluate", "named.pb", "data=digits", status=1
    )
    [found] = says(
        "evaluate", "named.pb", "data=digits", "--input", "x", "--output", "y:0", "--input-size", "24", "--crop", "center"
    )
    assert found["images"] == 360


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, where it saves
@pytest.mark.parametrize("kind", ["keras", "saved_model", "tflite"])
def test_files_of_keras_and_litert_are_evaluated_alike(says, here, weights, kind):
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((24, 24, 3)), keras.layers.Flatten(), keras.layers.Dense(CLASSES, use_bias=False)])
    model.layers[-1].set_weights([weights])
    if kind == "keras":
        model.save("linear.keras")
        path = "linear.keras"
    elif kind == "saved_model":
        model.export("linear", verbose=False)
        path = "linear"
    else:
        pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
        Path("linear.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
        path = "linear.tflite"
    [found] = says("evaluate", path, "data=digits")
    labels = data.load({"name": "digits"}).evaluation.labels
    assert round(found["accuracy"] * 360) == int((expected(weights, Preparation()) == labels).sum())


def hostile_graphs() -> dict[str, Callable[[], None]]:
    """What graphs do that are not run: each builds the nodes `inputs` and `predictions` in the current graph."""
    import tensorflow as tf
    from tensorflow.python.ops import gen_io_ops

    v1 = tf.compat.v1

    def images():
        return v1.placeholder(tf.float32, (None, 24, 24, 3), name="inputs")

    def after(operation, inputs):
        with tf.control_dependencies([operation]):
            tf.identity(tf.reduce_mean(inputs, [1, 2]), name="predictions")

    def writes():
        inputs = images()
        after(gen_io_ops.write_file("written", "by a graph"), inputs)

    def reads():
        inputs = images()
        size = tf.cast(tf.strings.length(gen_io_ops.read_file("/etc/hostname")), tf.float32)
        tf.identity(tf.reduce_mean(inputs, [1, 2]) + size, name="predictions")

    def saves():
        inputs = images()
        after(v1.raw_ops.SaveV2(prefix="saved", tensor_names=["x"], shape_and_slices=[""], tensors=[tf.constant(1.0)]), inputs)

    def python():
        tf.identity(v1.py_func(lambda x: x, [images()], tf.float32), name="predictions")

    def prints_out():
        after(v1.raw_ops.PrintV2(input="hello"), images())

    def loops():
        found = v1.while_loop(lambda x: tf.constant(True), lambda x: x + 1, [tf.constant(0.0)])
        tf.identity(tf.reduce_mean(images(), [1, 2]) + found, name="predictions")

    def fills():
        tf.identity(tf.reduce_mean(images(), [1, 2]) + tf.reduce_sum(tf.fill([1 << 30, 1 << 10], 1.0)), name="predictions")

    def pads():
        tf.identity(tf.reduce_mean(tf.pad(images(), [[0, 0], [0, 1 << 20], [0, 1 << 20], [0, 0]]), [1, 2]), name="predictions")

    def variable():
        tf.identity(tf.reduce_mean(images(), [1, 2]) + v1.get_variable("v", (3,), use_resource=True), name="predictions")

    def calls():
        @tf.function
        def write(x):
            gen_io_ops.write_file("written", "by a function")
            return x

        tf.identity(write(images()), name="predictions")

    def random():
        tf.identity(tf.random.uniform([1 << 20]) + tf.reduce_mean(images()), name="predictions")

    return {
        each.__name__: each for each in (writes, reads, saves, python, prints_out, loops, fills, pads, variable, calls, random)
    }


@pytest.mark.parametrize(
    "name", ["writes", "reads", "saves", "python", "prints_out", "loops", "fills", "pads", "variable", "calls", "random"]
)
def test_a_hostile_graph_is_refused_and_nothing_of_it_runs(tmp_path, monkeypatch, name):
    import tensorflow as tf

    monkeypatch.chdir(tmp_path)
    with tf.Graph().as_default() as graph:
        hostile_graphs()[name]()
    Path("hostile.pb").write_bytes(graph.as_graph_def().SerializeToString())
    assert refused("hostile.pb", FROZEN).startswith("hostile.pb is refused: ")
    assert [path.name for path in Path().iterdir()] == ["hostile.pb"]


def test_a_constant_that_declares_more_than_it_has_is_refused(tmp_path, monkeypatch, weights):
    from tensorflow.core.framework import graph_pb2

    monkeypatch.chdir(tmp_path)
    frozen(Path("large.pb"), weights)
    graph = graph_pb2.GraphDef.FromString(Path("large.pb").read_bytes())
    constant = max(
        (node for node in graph.node if node.op == "Const"), key=lambda node: len(node.attr["value"].tensor.tensor_content)
    )
    for side in constant.attr["value"].tensor.tensor_shape.dim:
        side.size = 1 << 20
    Path("large.pb").write_bytes(graph.SerializeToString())
    assert "is too large" in refused("large.pb", FROZEN)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", FROZEN),
        (b"no graph at all", FROZEN),
        (b"\x00" * 100, FROZEN),
        (b"", KERAS),
        (b"PK\x03\x04 cut", KERAS),
        (b"no zip", KERAS),
        (b"", LITERT),
        (b"1234TFL3 and no more", LITERT),
        (b"\xff" * 64, LITERT),
    ],
)
def test_a_file_that_is_no_model_gets_one_line(tmp_path, monkeypatch, content, kind):
    monkeypatch.chdir(tmp_path)
    Path("model").write_bytes(content)
    assert refused("model", kind).startswith("model is not a ")


def external() -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        lambda: archive(layer("Lambda", function="import os")),
        lambda: archive(layer("system", "os", command="touch written")),
        lambda: archive(layer("Sequential", "keras", layers=[layer("TFSMLayer", filepath="/tmp/evil")])),
        lambda: archive(layer("Sequential", "keras", layers=[layer("StringLookup", vocabulary="/etc/passwd")])),
        lambda: archive(layer("Dense", "keras.layers", units=10**9)),
        lambda: archive(layer("run_script", "keras.src.utils.model_utils")),
        lambda: archive(layer("Dense", units=10) | {"registered_name": "evil>Dense"}),
        lambda: archive(layer("Sequential", "keras", layers=[]), assets=b"a file"),
        lambda: archive(layer("Sequential", "keras", layers=[]), weights=external()),
    ],
)
def test_a_hostile_keras_file_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    Path("hostile.keras").write_bytes(content())
    assert refused("hostile.keras", KERAS).startswith("hostile.keras is refused: ")
    assert [path.name for path in Path().iterdir()] == ["hostile.keras"]


def test_a_saved_model_whose_function_writes_files_is_refused(tmp_path, monkeypatch):
    import tensorflow as tf
    from tensorflow.python.ops import gen_io_ops

    from ablate.deploy.model_files import SAVED_MODEL

    class Hostile(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 24, 24, 3], tf.float32, name="inputs")])
        def serve(self, inputs):
            gen_io_ops.write_file("written", "by a SavedModel")
            return {"predictions": tf.reduce_mean(inputs, [1, 2])}

    monkeypatch.chdir(tmp_path)
    module = Hostile()
    tf.saved_model.save(module, "hostile", signatures=module.serve)
    assert "which may do more than compute" in refused("hostile", SAVED_MODEL)
    assert [path.name for path in Path().iterdir()] == ["hostile"]


def test_outputs_are_taken_for_probabilities_only_where_they_are():
    given = np.array([[0.2, 0.8], [0.5, 0.5]], np.float32)
    assert np.allclose(probabilities_of(given), given)
    assert np.allclose(probabilities_of(np.array([[0.0, 0.0], [2.0, 0.0]])), [[0.5, 0.5], [0.8808, 0.1192]], atol=1e-4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.pb"], "model.pb does not say what its images are. Add the data set, as in data=digits."),
        (["model.pb", "data=digits", "--step", "10"], "--step is for trainings, and model.pb is a model file. Leave it out."),
        (["model.pb", "data=digits", "--weights", "raw"], "--weights is for trainings"),
        (["model.pb", "data=digits", "--follow"], "--follow is for trainings"),
        (["model.pb", "data=digits", "--once"], "--once is for trainings"),
        (["model.pb", "data=digits", "--input-size", "20"], "model.pb takes 24×24 pixels, got --input-size 20. Leave it out."),
        (["model.pb", "data=digits", "--output", "prediction"], "has no node 'prediction'. Did you mean 'predictions'?"),
        (["model.pb", "data=digits", "--split", "validation"], "held out no validation images. Choose from train, test."),
        (["modell.pb", "data=digits"], "There is no model file 'modell.pb'. Did you mean 'model.pb'?"),
    ],
)
def test_what_a_model_file_cannot_be_asked_gets_one_line(prints, here, weights, words, message):
    frozen(Path("model.pb"), weights)
    printed = prints("evaluate", *words, status=1)
    assert message in printed
    assert len(printed.splitlines()) == 1


def test_images_are_classified_with_a_model_file(says, here, weights):
    from PIL import Image

    frozen(Path("model.pb"), weights)
    image = data.load({"name": "digits"}).evaluation.images[3]
    Image.fromarray(image).save("three.png")
    [found] = says("predict", "model.pb", "three.png", "data=digits")
    assert int(found["class"]) == expected(weights, Preparation())[3]
