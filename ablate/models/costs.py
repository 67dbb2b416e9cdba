"""Parameters and operations of a model, counted from its layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, prod
from typing import Any

from ablate.errors import AblateError
from ablate.models.layers import WORDS, Conv, Dense, Dropout, Fire, Gap, Logits, Lrn, Model, Pool
from ablate.models.spec import named, parse

Shape = tuple[int, ...]
LARGEST = 2**63 - 1  # a count that frames hold


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs for one image.

    Examples:
        A hidden dense layer from 4 values to 3 costs (2 · 4 + 1) · 3 operations, and its ReLU 2 · 3.

        >>> from ablate.models import Dense, Logits, layer_costs
        >>> layer_costs((Dense(units=3), Logits(classes=10)), (2, 2, 1))[0]
        LayerCost(name='fc1', kind='fc', output_shape=(3,), parameters=15, operations=33)
    """

    name: str  # its role; the inner convolutions of a fire are fire1/squeeze, fire1/expand1, fire1/expand3
    kind: str  # its word in the YAML
    output_shape: Shape  # (height, width, channels) or (values,), without the batch
    parameters: int  # weights and biases
    operations: int  # for one image, counted as `layer_costs` says


def layer_costs(model: Model, input_shape: tuple[int, int, int]) -> list[LayerCost]:
    """One row a layer, in order. A fire only concatenates; the rows of its inner convolutions come before it.

    Operations are counted as the code behind the published accuracies does, so that the numbers can be
    compared. With C input channels and a W x H output, a K×K convolution to F channels costs
    (1 + 2 C K K) F W H; a dense layer from D to N values (2 D + 1) N; a ReLU 2 for each value; an lrn of
    radius R (4 + 2 R R) for each value, 36 at radius 4. Pooling, averaging, concatenation and dropout (idle
    after training) count nothing.

    Args:
        model: as `parse` returns it.
        input_shape: (height, width, channels) of one image, each at least 1.

    Reference: github.com/dacorvo/tensorsandbox, cifar10/models/model.py.

    Examples:
        >>> from ablate.models import Conv, Logits, Pool, layer_costs
        >>> model = (Conv(kernel=3, filters=4), Pool(size=2, stride=2), Logits(classes=10))
        >>> for row in layer_costs(model, (8, 8, 3)):
        ...     print(row.name, row.output_shape, row.parameters)
        conv1 (8, 8, 4) 112
        pool1 (4, 4, 4) 0
        classifier (10,) 650
    """
    rows: list[LayerCost] = []
    shape: Shape = input_shape
    for role, layer in named(model):
        parameters = operations = 0
        match layer:
            case Conv():
                row = _conv(role, layer, shape)
                shape, parameters, operations = row.output_shape, row.parameters, row.operations
            case Fire():
                squeeze, *expands = layer.inner()
                rows.append(_conv(f"{role}/{squeeze[0]}", squeeze[1], shape))
                squeezed = rows[-1].output_shape
                rows += [_conv(f"{role}/{name}", conv, squeezed) for name, conv in expands]
                shape = (*shape[:2], layer.expand1 + layer.expand3)
            case Dense(units=outputs) | Logits(classes=outputs):
                inputs = prod(shape)
                shape = (outputs,)
                parameters = (inputs + 1) * outputs
                operations = (2 * inputs + 1) * outputs
                if isinstance(layer, Dense):
                    operations += 2 * outputs
            case Lrn(depth_radius=radius):
                operations = (4 + 2 * radius * radius) * prod(shape)
            case Pool(stride=stride):
                height, width, channels = shape
                shape = (ceil(height / stride), ceil(width / stride), channels)
            case Gap():
                shape = shape[-1:]
            case Dropout():
                pass
        rows.append(LayerCost(role, WORDS[type(layer)], shape, parameters, operations))
    return rows


def totals(model: Model, input_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Parameters and operations of the whole model for one image of (height, width, channels).

    Examples:
        From 12 values to 10: (12 + 1) · 10 parameters and (2 · 12 + 1) · 10 operations.

        >>> from ablate.models import Logits, totals
        >>> totals((Logits(classes=10),), (2, 2, 3))
        (130, 250)
    """
    rows = layer_costs(model, input_shape)
    return sum(row.parameters for row in rows), sum(row.operations for row in rows)


def of_training(content: Mapping[str, Any]) -> dict[str, int]:
    """Parameters and operations of a training's network; empty where no version of this program wrote its content so.

    Args:
        content: of its config.yaml.
    """
    try:
        height, width, channels = content["input"]["size"]
        counts = totals(parse(content["model"], content["data"]["classes"]), (height, width, channels))
    except (AblateError, KeyError, TypeError, ValueError):
        return {}
    return dict(zip(("parameters", "operations"), counts, strict=True)) if max(counts) <= LARGEST else {}


def _conv(name: str, conv: Conv, shape: Shape) -> LayerCost:
    height, width, channels = shape
    window = channels * conv.kernel * conv.kernel
    values = height * width * conv.filters
    return LayerCost(
        name=name,
        kind=WORDS[Conv],
        output_shape=(height, width, conv.filters),
        parameters=(window + 1) * conv.filters,
        operations=(1 + 2 * window) * values + 2 * values,
    )
