"""LiteRT, which was TensorFlow Lite: one `.tflite` file for phones and small devices."""

from pathlib import Path
from typing import Any

from ablate.deploy.format import Format

_CPP = """\
#include <tensorflow/lite/interpreter_builder.h>
#include <tensorflow/lite/kernels/register.h>
#include <tensorflow/lite/model_builder.h>

auto model = tflite::FlatBufferModel::BuildFromFile("model.tflite");
tflite::ops::builtin::BuiltinOpResolver resolver;
std::unique_ptr<tflite::Interpreter> interpreter;
tflite::InterpreterBuilder(*model, resolver)(&interpreter);
interpreter->ResizeInputTensor(interpreter->inputs()[0], {batch, $height, $width, $channels});
interpreter->AllocateTensors();

float* images = interpreter->typed_input_tensor<float>(0);  // fill them
interpreter->Invoke();
const float* predictions = interpreter->typed_output_tensor<float>(0);  // (batch, $classes)
"""


def write(model: Any, path: Path) -> None:
    """With LiteRT's own operations alone, so that its plain runtime runs it."""
    import tensorflow as tf

    model.export(path, format="litert", verbose=False, target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]})


FORMAT = Format(
    name="litert",
    title="a LiteRT (TensorFlow Lite) file",
    file="model.tflite",
    write=write,
    load=(
        "from ai_edge_litert.interpreter import Interpreter\n\n"
        'interpreter = Interpreter("model.tflite")\n'
        "run = interpreter.get_signature_runner()"
    ),
    predict='run(inputs=images)["predictions"]',
    install="pip install ai-edge-litert",
    modules=("ai_edge_litert",),
    cpp=_CPP,
)
