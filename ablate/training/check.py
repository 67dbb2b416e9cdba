"""Whether a network that Keras built is the one in the layer list."""

from collections.abc import Iterator
from math import prod

import keras

from ablate.errors import AblateError
from ablate.models.costs import LayerCost, layer_costs
from ablate.models.spec import Model

_KEPT_FLOAT32 = ("gap", "logits", "images")  # whatever the type of activations and products
_OUR_OWN = ("images", "logits")


def check(network: keras.Model, model: Model, input_shape: tuple[int, int, int], compute: str) -> None:
    """Compare parameters, output shapes, data format and dtypes of every layer with the layer list.

    Args:
        network: built from `model` for images of (height, width, channels).
        compute: float32 or bfloat16, the type of activations and products; weights are float32 all the same.

    Raises:
        AblateError: names the first layer that differs, what it is, and what the list says.
    """
    wanted = {_name(row): row for row in layer_costs(model, input_shape)}
    there = {layer.name: layer for layer in network.layers}
    flattened = [name for name in there if name.endswith("_flatten") and name.removesuffix("_flatten") in wanted]
    for name in dict.fromkeys([*_OUR_OWN, *wanted, *there]):
        if name not in there:
            raise _differs(f"it has no layer {name}")
        if name not in (*wanted, *_OUR_OWN, *flattened):
            raise _differs(f"it has a layer {name} that is not in the list")
        for what, found, expected in _facts(there[name], wanted.get(name), input_shape, compute):
            if found != expected:
                raise _differs(f"{what} of {name} is {found}, not {expected}")
    if len(network.weights) != sum(len(there[name].weights) for name in wanted):
        raise _differs("it has weights that belong to no layer of the list")


def _differs(what: str) -> AblateError:
    return AblateError(
        f"The network that Keras built is not the one in the layer list: {what}. Something outside the config changes what "
        "Keras builds."
    )


def _name(row: LayerCost) -> str:
    """The Keras layer of a row: that of a fire is its concatenation."""
    return f"{row.name}_concat" if row.kind == "fire" else row.name.replace("/", "_")


def _facts(
    layer: keras.Layer, row: LayerCost | None, input_shape: tuple[int, int, int], compute: str
) -> Iterator[tuple[str, object, object]]:
    """(what, as it is, as it should be), in the order in which a reader wants to know."""
    dtype = "float32" if layer.name in _KEPT_FLOAT32 else compute
    shape = input_shape if layer.name == "images" else row.output_shape if row else None
    yield "the data format", getattr(layer, "data_format", "channels_last"), "channels_last"
    if shape is not None:
        yield "the output shape", tuple(layer.output.shape[1:]), shape
    yield "the number of parameters", sum(prod(weight.shape) for weight in layer.weights), row.parameters if row else 0
    for weight in layer.weights:
        yield f"the type of the {weight.name}", str(weight.dtype), "float32"
    if not isinstance(layer, keras.layers.InputLayer):  # which computes nothing
        yield "the type of the computation", layer.compute_dtype, dtype
    yield "the type of the output", str(layer.output.dtype), dtype
