"""`ablate info`: the layers of a model, with output shapes, parameters, and FLOPs; with --build, checked in TensorFlow."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from ablate import terminal
from ablate.commands.arguments import Parser, add_config_dir
from ablate.config import loading, overrides
from ablate.config.recipe import Recipe
from ablate.models.costs import layer_costs, totals
from ablate.models.spec import Model
from ablate.system import environment
from ablate.trainers import libraries

_DESCRIPTION = """\
Print the layers of a model with output shapes, parameters, and FLOPs for one image.
Nothing is trained and no data is read. The image size is that of the augmentation: 24×24 with
augment=on, 32×32 with augment=off on CIFAR-10.
With --build the network is built in TensorFlow and compared with this list, as before the first step of every training:
parameters, output shapes, data format and dtypes.
"""

_EXAMPLES = """\
examples:
  ablate info model=alex4 augment=off     alex4 on whole images
  ablate info --json fc=gap lrn=off       one JSON object, for scripts
  ablate info --build model=squeeze1      is the network that TensorFlow builds here the one in the list?
"""


def run(arguments: Sequence[str]) -> int:
    """Prints what the composed model costs; returns the exit status 0.

    Args:
        arguments: the command line behind `ablate info`: `--json`, `--build` and Hydra overrides in any order.

    Raises:
        AblateError: for overrides that give no valid recipe, and for a network that is built otherwise than listed.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = Parser(prog="ablate info", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the table")
    parser.add_argument("--build", action="store_true", help="build the network in TensorFlow and compare it with the list")
    add_config_dir(parser)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for a training: model=alex4, fc=one ...")
    options = parser.parse_intermixed_args(arguments)

    overrides.read(options.overrides, options.config_dir, sweep=False, of_sweep="")
    cfg = loading.compose(options.overrides, options.config_dir)
    recipe = loading.resolve(cfg)
    description = {"model": loading.levels(cfg.hydra)["model"], **describe(recipe.model, recipe.input_shape)}
    built = _build(recipe) if options.build else None
    if options.json:
        print(json.dumps(description | ({"built": built} if built else {})))
    else:
        show(description, terminal.standard())
        if built:
            terminal.tell(
                f"Built in TensorFlow {built['tensorflow']} with Keras {built['keras']} and checked: {built['parameters']:,} "
                f"parameters and every layer as listed, {built['weights']} weights, {built['compute']} activations"
            )
    return 0


def _build(recipe: Recipe) -> dict[str, Any]:
    """What TensorFlow built, which is what the list says.

    Raises:
        AblateError: it is not, or something outside the config would change it.
    """
    environment.check()
    libraries.check()
    from ablate.training.build import built  # TensorFlow is imported here

    description: dict[str, Any] = built(recipe)
    return description


def describe(model: Model, input_shape: tuple[int, int, int]) -> dict[str, Any]:
    """What a model costs, as JSON-able content: `input` [h, w, c], `parameters`, `operations`, `layers`.

    A layer has the fields of `LayerCost`; the parameters and operations of all layers sum to the totals.
    """
    parameters, operations = totals(model, input_shape)
    layers = [asdict(row) | {"output_shape": list(row.output_shape)} for row in layer_costs(model, input_shape)]
    return {"input": list(input_shape), "parameters": parameters, "operations": operations, "layers": layers}


def show(description: dict[str, Any], console: Console) -> None:
    """Print the description as a table, with the totals in its last line."""
    layers = description["layers"]
    terminal.say(console, f"{description['model']}, input {_sides(description['input'])}")
    terminal.draw(
        console,
        [
            terminal.Column("layer", (*(layer["name"] for layer in layers), "total"), words=True, name=True),
            terminal.Column("kind", (*(layer["kind"] for layer in layers), ""), words=True),
            terminal.Column("output shape", (*(_sides(layer["output_shape"]) for layer in layers), "")),
            *(
                terminal.Column(heading, tuple(f"{one[what]:,}" for one in (*layers, description)))
                for what, heading in (("parameters", "parameters"), ("operations", "FLOPs"))
            ),
        ],
    )
    terminal.say(console, "FLOPs: of one image, forward, counted as the published code does (a multiply-add is 2)")


def _sides(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
