"""`ablate export`: a trained network as one file that runs without ablate, compared with the training's own."""

import argparse
import json
from collections.abc import Sequence

from ablate import terminal
from ablate.commands import run_options
from ablate.commands.arguments import Once, Parser, a_path
from ablate.deploy import exporting
from ablate.deploy.formats import FORMATS
from ablate.deploy.trained import Trained
from ablate.errors import AblateError

_DESCRIPTION = """\
Export a trained network: one file (a SavedModel is a folder) that runs without ablate and without custom code, with the
input `inputs`, the output `predictions`, and any batch size. It is loaded in a fresh process and compared with the
training's own network over all test images; one that differs is not written. A model card beside it says what it is and
how to use it in Python and C++. Trainings in bfloat16 are exported in float32.
"""

_EXAMPLES = """\
examples:
  ablate export lrn/baseline/0 --format onnx                  one ONNX file
  ablate export 3fe1 --format litert --softmax                probabilities
  ablate export 3fe1 --format frozen --preprocessing outside  network only
  ablate export 3fe1 --format saved_model --out served/1      for serving
"""


def run(arguments: Sequence[str]) -> int:
    """Exports what the command line names; returns the exit status 0.

    Raises:
        AblateError: it names no training, or one that cannot be exported so, or the export differs from the training.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    if options.format is None:
        parser.error(f"--format is missing. Choose from {', '.join(FORMATS.names())}.")
    form = FORMATS.find(options.format)
    trained = _trained(options, parser)
    step = int(trained.checkpoint(options.step).stem)
    folder = options.out or run_options.out_folder("export", f"{trained.word}-{form.name}")
    exporting.check(form, folder)
    asked = exporting.Options(form, step, options.weights or trained.weights, options.preprocessing, options.softmax)
    about = exporting.export(trained, folder, asked)
    if options.json:
        print(json.dumps({"folder": str(folder), **about}, allow_nan=False))
    else:
        for line in exporting.shown(about, folder):
            terminal.tell(line)
    return 0


def _trained(options: argparse.Namespace, parser: Parser) -> Trained:
    """The training that the command line names.

    Raises:
        AblateError: it names none, several, or a model file. SystemExit: there is no word.
    """
    found = run_options.runs(options, parser)
    if len(found) > 1:
        raise AblateError(f"ablate export takes one RUN, got {' '.join(one.word for one in found)}. Give a command for each.")
    if not isinstance(found[0], Trained):
        raise AblateError(
            f"{found[0].word} is a model file, and only trainings are exported. Name one, as in lrn/augment=off/0."
        )
    return found[0]


def _parser() -> Parser:
    parser = Parser(prog="ablate export", description=_DESCRIPTION, epilog=_EXAMPLES)
    run_options.add_run(parser)
    parser.add_argument("--format", metavar="NAME", action=Once, help=", ".join(FORMATS.names()))
    parser.add_argument("--out", type=a_path, metavar="DIR", action=Once, help="a new folder (default: export/RUN-FORMAT)")
    parser.add_argument(
        "--preprocessing",
        choices=(exporting.INSIDE, exporting.OUTSIDE),
        default=exporting.INSIDE,
        help="whether the model crops and standardizes images itself (default: inside)",
    )
    parser.add_argument("--softmax", action="store_true", help="probabilities in place of logits")
    parser.add_argument("--json", action="store_true", help="print one JSON object: what export.json holds, and the folder")
    return parser
