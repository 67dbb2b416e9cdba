"""ONNX: one `.onnx` file for ONNX Runtime and many other programs."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ablate.deploy.format import Format

_CPP = """\
#include <onnxruntime_cxx_api.h>

Ort::Env env;
Ort::Session session(env, "model.onnx", Ort::SessionOptions());

std::vector<float> images(batch * $height * $width * $channels);  // fill them
const int64_t shape[] = {batch, $height, $width, $channels};
auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
auto input = Ort::Value::CreateTensor<float>(memory, images.data(), images.size(), shape, 4);
const char *inputs[] = {"inputs"}, *outputs[] = {"predictions"};
auto found = session.Run(Ort::RunOptions(), inputs, &input, 1, outputs, 1);
const float* predictions = found[0].GetTensorData<float>();  // (batch, $classes)
"""


def write(model: Any, path: Path) -> None:
    """As Keras exports it, through tf2onnx."""
    model(np.zeros((1, *model.inputs[0].shape[1:]), np.float32))  # Keras exports so only what was called once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of NumPy, on what Keras asks it for tf2onnx
        model.export(path, format="onnx", verbose=False)


FORMAT = Format(
    name="onnx",
    title="an ONNX file",
    file="model.onnx",
    write=write,
    load='import onnxruntime\n\nsession = onnxruntime.InferenceSession("model.onnx")',
    predict='session.run(["predictions"], {"inputs": images})[0]',
    install="pip install onnxruntime",
    modules=("onnx", "onnxruntime", "tf2onnx"),
    cpp=_CPP,
)
