"""A trained network as a Keras model of standard layers and operations, which loads where ablate is not installed."""

from typing import Any

import ablate.training  # noqa: F401  TensorFlow without its start-up chatter

# isort: split
import keras
import numpy as np
from keras import layers, ops

from ablate.errors import AblateError
from ablate.models.layers import WORDS
from ablate.models.spec import Conv, Dense, Dropout, Fire, Gap, Logits, Lrn, Model, Pool, named
from ablate.training.state import settled

INPUTS, PREDICTIONS = "inputs", "predictions"
_LAST = {"data_format": "channels_last", "dtype": "float32"}


@settled()
def portable(
    network: keras.Model, model: Model, image_shape: tuple[int, int, int], *, preprocessing: bool, softmax: bool
) -> keras.Model:
    """The same network, in float32.

    Args:
        network: as `ablate.training.build` builds it, with its weights.
        model: its layers.
        image_shape: (height, width, channels) of the images of its data set.
        preprocessing: whether cropping and standardizing is part of the model, which then takes whole images, 0 to 255.
        softmax: whether it gives probabilities in place of logits.

    Returns:
        A model from `inputs`, float32 (batch, height, width, channels), to `{"predictions": float32 (batch, classes)}`.

    Raises:
        AblateError: a layer that is none of Keras's.
    """
    made = keras.Input(image_shape if preprocessing else network.input_shape[1:], name=INPUTS, dtype="float32")
    x = _preprocessed(made, network.input_shape[1:3]) if preprocessing else made
    weights = {layer.name: layer.get_weights() for layer in network.layers}

    def weighted(x: Any, layer: keras.Layer) -> Any:
        x = layer(x)
        layer.set_weights(weights[layer.name])
        return x

    def convolved(x: Any, name: str, conv: Conv) -> Any:
        return weighted(x, layers.Conv2D(conv.filters, conv.kernel, padding="same", activation="relu", name=name, **_LAST))

    for name, layer in named(model):
        match layer:
            case Conv():
                x = convolved(x, name, layer)
            case Pool(size, stride):
                x = layers.MaxPooling2D(size, stride, padding="same", name=name, **_LAST)(x)
            case Lrn():
                x = _normalized(x, name, layer)
            case Dropout():
                pass
            case Fire():
                (squeeze, first), *sides = layer.inner()
                x = convolved(x, f"{name}_{squeeze}", first)
                x = layers.Concatenate(name=f"{name}_concat", dtype="float32")(
                    [convolved(x, f"{name}_{side}", conv) for side, conv in sides]
                )
            case Gap():
                x = layers.GlobalAveragePooling2D(name=name, **_LAST)(x)
            case Dense() | Logits():
                if len(x.shape) > 2:
                    x = layers.Flatten(name=f"{name}_flatten", **_LAST)(x)
                units, relu = (layer.units, "relu") if isinstance(layer, Dense) else (layer.classes, None)
                x = weighted(x, layers.Dense(units, activation=relu, name=name, dtype="float32"))
            case _:
                raise AblateError(f"Networks with the layer {WORDS[type(layer)]} cannot be exported: it is not a Keras layer.")
    outputs = layers.Activation("softmax" if softmax else "linear", name=PREDICTIONS, dtype="float32")(x)
    return keras.Model(made, {PREDICTIONS: outputs}, name="model")


def _preprocessed(images: Any, size: tuple[int, int]) -> Any:
    """What evaluation sees of images; see `ablate.training.augment.standardize`."""
    rooms = [whole - part for whole, part in zip(images.shape[1:3], size, strict=True)]
    cropping = tuple((room // 2, room - room // 2) for room in rooms)
    x = layers.Cropping2D(cropping, name="crop", **_LAST)(images) if any(rooms) else images
    centered = x - ops.mean(x, axis=(1, 2, 3), keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(centered), axis=(1, 2, 3), keepdims=True))
    return centered / ops.maximum(deviation, 1 / np.sqrt(np.prod(x.shape[1:])).item())


def _normalized(x: Any, name: str, lrn: Lrn) -> Any:
    """Local response normalization; see `ablate.training.lrn`. The sum over channels is a 1×1 convolution.

    So no format needs an operation of its own for it. Its band of weights has channels ** 2 values, which are no parameters.
    """
    channels = x.shape[-1]
    distance = np.abs(np.arange(channels)[:, None] - np.arange(channels)[None, :])
    window = layers.Conv2D(channels, 1, trainable=False, name=f"{name}_window", **_LAST)
    sums = window(ops.square(x))
    band = (lrn.alpha * (distance <= lrn.depth_radius)).astype(np.float32)
    window.set_weights([band[None, None], np.full(channels, lrn.bias, np.float32)])
    return layers.Multiply(name=name, dtype="float32")([x, ops.power(sums, -lrn.beta)])
