"""A frozen TensorFlow graph: one `.pb` file with the nodes `inputs` and `predictions`, its weights constants in it."""

from pathlib import Path
from typing import Any

from ablate.deploy.format import Format

_CPP = """\
#include <tensorflow/core/platform/env.h>
#include <tensorflow/core/public/session.h>

tensorflow::GraphDef graph;
TF_CHECK_OK(tensorflow::ReadBinaryProto(tensorflow::Env::Default(), "model.pb", &graph));
std::unique_ptr<tensorflow::Session> session(tensorflow::NewSession({}));
TF_CHECK_OK(session->Create(graph));

tensorflow::Tensor images(tensorflow::DT_FLOAT, {batch, $height, $width, $channels});
float* values = images.flat<float>().data();  // fill them
std::vector<tensorflow::Tensor> predictions;  // predictions[0]: (batch, $classes)
TF_CHECK_OK(session->Run({{"inputs", images}}, {"predictions"}, {}, &predictions));
"""


def write(model: Any, path: Path) -> None:
    """With variables turned into constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def predict(inputs: Any) -> Any:
        return tf.identity(model(inputs, training=False)["predictions"], name="predictions")

    signature = [tf.TensorSpec(model.inputs[0].shape, tf.float32, name="inputs")]
    frozen = convert_variables_to_constants_v2(tf.function(predict, input_signature=signature).get_concrete_function())
    path.write_bytes(frozen.graph.as_graph_def().SerializeToString())


FORMAT = Format(
    name="frozen",
    title="a frozen TensorFlow graph",
    file="model.pb",
    write=write,
    load=(
        "import tensorflow as tf\n\n"
        'with open("model.pb", "rb") as file:\n'
        "    graph = tf.compat.v1.GraphDef.FromString(file.read())\n"
        'imported = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])\n'
        'run = imported.prune("inputs:0", "predictions:0")'
    ),
    predict="run(tf.constant(images)).numpy()",
    install="pip install tensorflow",
    cpp=_CPP,
)
