"""TensorFlow's SavedModel, a folder, as Keras exports it."""

from pathlib import Path
from typing import Any

from ablate.deploy.format import Format

_CPP = """\
#include <tensorflow/cc/saved_model/loader.h>

tensorflow::SavedModelBundle bundle;
TF_CHECK_OK(tensorflow::LoadSavedModel({}, {}, "model", {"serve"}, &bundle));
const auto& signature = bundle.meta_graph_def.signature_def().at("serving_default");

tensorflow::Tensor images(tensorflow::DT_FLOAT, {batch, $height, $width, $channels});
float* values = images.flat<float>().data();  // fill them
std::vector<tensorflow::Tensor> predictions;  // predictions[0]: (batch, $classes)
TF_CHECK_OK(bundle.session->Run({{signature.inputs().begin()->second.name(), images}},
                                {signature.outputs().at("predictions").name()}, {}, &predictions));
"""


def write(model: Any, path: Path) -> None:
    """With the signature `serving_default`."""
    model.export(path, format="tf_saved_model", verbose=False)


FORMAT = Format(
    name="saved_model",
    title="a TensorFlow SavedModel",
    file="model",
    write=write,
    load=(
        "import tensorflow as tf\n\n"
        'model = tf.saved_model.load("model")  # keep it: it owns the weights\n'
        'run = model.signatures["serving_default"]'
    ),
    predict='run(inputs=tf.constant(images))["predictions"].numpy()',
    install="pip install tensorflow",
    cpp=_CPP,
)
