"""`ablate predict`: classify image files with a trained network or a model file."""

import csv
import io
import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablate import escaping, terminal
from ablate.commands import run_options
from ablate.commands.arguments import Parser
from ablate.deploy import find
from ablate.deploy.model_files import ModelFile
from ablate.deploy.trained import Trained
from ablate.errors import AblateError
from ablate.text import counted, percent

_DESCRIPTION = """\
Classify images (PNG, JPEG, or WebP of any size) with a trained network or a model file. Each is cropped and resized to the size
of the data set's images, then prepared as in evaluation. The five likeliest classes are shown with their probabilities.
A file that cannot be classified gets one line; the others are classified, and the exit status is 1.
"""

_EXAMPLES = """\
examples:
  ablate predict tour/augment=off/0 cat.jpg                one image
  ablate predict tour/augment=off/0 photos 'more/*.webp'   folder and pattern
  ablate predict 3f2a cat.jpg --json                       for scripts
"""

BEST = 5  # classes that are shown


@dataclass(frozen=True)
class _Prediction:
    """An image with the probabilities of all classes, (classes,)."""

    path: Path
    probabilities: NDArray[np.floating]
    names: Sequence[str]

    @property
    def best(self) -> list[tuple[str, float]]:
        """The likeliest classes with their probabilities, the likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:BEST]
        return [(self.names[number], float(self.probabilities[number])) for number in order]


def run(arguments: Sequence[str]) -> int:
    """Classifies the images that the command line names; returns 1 where one of them was refused, 0 otherwise.

    Raises:
        AblateError: RUN names nothing or has no checkpoint, or its outputs are no finite numbers.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    words, data = run_options.told_apart(options.words)
    if not words:
        parser.error("RUN is missing. Name one, as in lrn/augment=off/0.")
    found = find.find(words[0], data, options.config_dir, options.store)
    if len(words) == 1:
        parser.error("IMAGE is missing. Name an image, a folder of images, or a pattern.")
    from ablate.deploy import pictures

    paths, refused = pictures.files(words[1:])
    if isinstance(found, Trained):
        run_options.refuse_preparation(found, options)
        found.checkpoint(options.step)
    else:
        run_options.refuse_for_file(found, weights=options.weights, step=options.step)
        run_options.preparation_of(found, options)
    names, shape = found.dataset().class_names, found.image_shape
    images = []
    for path in paths:
        try:
            images.append((path, pictures.picture(path, shape)))
        except AblateError as error:
            refused.append(str(error))
    for line in refused:
        terminal.complain(f"ablate: {line}")
    predictions = _predicted(found, images, names, options) if images else []
    if options.json:
        for one in predictions:
            print(json.dumps(_json(one), allow_nan=False))
    elif options.csv:
        for line in _csv(predictions, names).splitlines():
            print(escaping.terminal(line))
    elif predictions:
        _show(predictions)
    return 1 if refused else 0


def _parser() -> Parser:
    parser = Parser(prog="ablate predict", description=_DESCRIPTION, epilog=_EXAMPLES)
    run_options.add_run(parser, "RUN IMAGE", "; IMAGE: a PNG, JPEG, or WebP file, a folder, or a pattern")
    parser.add_argument("--threads", type=run_options.a_count, metavar="N", help="CPU threads (default: all)")
    run_options.add_preparation(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print one JSON object an image, with all classes; from 0 to 1")
    how.add_argument("--csv", action="store_true", help="print CSV: a row an image, a column a class")
    return parser


def _predicted(
    found: Trained | ModelFile, images: Sequence[tuple[Path, NDArray[np.uint8]]], names: Sequence[str], options: Namespace
) -> list[_Prediction]:
    from ablate.deploy.runtime import restored
    from ablate.deploy.runtime.foreign import ForeignModel
    from ablate.deploy.scores import refuse_infinite, softmax

    restored.prepare(options.threads)
    pixels = np.stack([image for _, image in images])
    if isinstance(found, ModelFile):
        model = ForeignModel(found, run_options.preparation_of(found, options), found.image_shape, len(names))
        probabilities = model(pixels)
    else:
        logits = restored.Restored(found, options.step, options.weights)(pixels)
        refuse_infinite(logits, found.word)
        probabilities = softmax(logits)
    return [_Prediction(path, row, names) for (path, _), row in zip(images, probabilities, strict=True)]


def _json(one: _Prediction) -> dict[str, object]:
    order = np.argsort(-one.probabilities, kind="stable")
    return {
        "image": str(one.path),
        "class": one.best[0][0],
        "probabilities": {one.names[number]: float(one.probabilities[number]) for number in order},
    }


def _csv(predictions: Sequence[_Prediction], names: Sequence[str]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["image", "class", *map(escaping.cell, names)])
    for one in predictions:
        writer.writerow([escaping.cell(str(one.path)), escaping.cell(one.best[0][0]), *map(float, one.probabilities)])
    return stream.getvalue()


def _show(predictions: Sequence[_Prediction]) -> None:
    """A row an image, with its likeliest classes."""
    number = min(BEST, len(predictions[0].names))
    columns = [terminal.Column("image", tuple(str(one.path) for one in predictions), words=True, name=True)]
    for place in range(number):
        cells = tuple(f"{one.best[place][0]} {percent(one.best[place][1])}" for one in predictions)
        columns.append(
            terminal.Column(
                "class" if place == 0 else f"{place + 1}.", cells, words=True, spare=max(0, number - place) if place else 0
            )
        )
    console = terminal.standard()
    dropped = terminal.draw(console, columns)
    if dropped:
        terminal.say(console, terminal.left_out(dropped))
    if len(predictions) > 1:
        terminal.say(console, f"{counted(len(predictions), 'image')} classified")
