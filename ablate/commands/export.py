"""`ablate export`: a trained network as one file that runs without ablate, compared with the training's own."""

import json
from collections.abc import Sequence

from ablate import terminal
from ablate.commands.arguments import Parser, a_path, add_config_dir
from ablate.deploy import exporting
from ablate.deploy.find import HELP, find
from ablate.deploy.formats import FORMATS
from ablate.deploy.trained import EMA, RAW, Trained
from ablate.errors import AblateError

_DESCRIPTION = """\
Export a trained network: one file (a SavedModel is a folder) that runs without ablate and without custom code, with the
input `inputs`, the output `predictions`, and any batch size. It is loaded in a fresh process and compared with the
training's own network over all test images; one that differs is not written. A model card beside it says what it is and
how to use it in Python and C++. Trainings in bfloat16 are exported in float32.
"""

_EXAMPLES = """\
examples:
  ablate export lrn/baseline/0 --format onnx
  ablate export 3fe1 --format litert --softmax     probabilities in place of logits
  ablate export lrn/baseline/0 --format frozen --weights raw --preprocessing outside
                                                   the network alone, as in the tutorial
  ablate export 3fe1 --format saved_model --out served/1
"""


def run(arguments: Sequence[str]) -> int:
    """Exports what the command line names; returns the exit status 0.

    Raises:
        AblateError: it names no training, or one that cannot be exported so, or the export differs from the training.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser()
    given = parser.parse_intermixed_args(arguments)
    if given.format is None:
        parser.error(f"--format is missing. Choose from {', '.join(FORMATS.names())}.")
    form = FORMATS.find(given.format)
    trained = find(given.run, given.overrides, given.config_dir)
    if not isinstance(trained, Trained):
        raise AblateError(f"{given.run} is a model file, and only trainings are exported. Name a run, as in lrn/augment=off/0.")
    step = int(trained.checkpoint(given.step).stem)
    options = exporting.Options(form, step, given.weights or trained.weights, given.preprocessing, given.softmax)
    folder = given.out or exporting.place_of(trained, step, options)
    exporting.check(form, folder)
    about = exporting.export(trained, folder, options)
    if given.json:
        print(json.dumps({"folder": str(folder), **about}, allow_nan=False))
    else:
        for line in exporting.shown(about, folder):
            terminal.tell(line)
    return 0


def _parser() -> Parser:
    parser = Parser(prog="ablate export", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("run", metavar="RUN", help=HELP)
    parser.add_argument("--format", metavar="NAME", help=", ".join(FORMATS.names()))
    parser.add_argument("--out", type=a_path, metavar="DIR", help="where to write; must not exist (default: in exports/)")
    parser.add_argument("--weights", choices=(RAW, EMA), help="raw or ema (default: those of the run)")
    parser.add_argument("--step", type=int, metavar="STEP", help="of the checkpoint (default: that of the run)")
    parser.add_argument(
        "--preprocessing",
        choices=(exporting.INSIDE, exporting.OUTSIDE),
        default=exporting.INSIDE,
        help="whether the model crops and standardizes images itself (default: inside)",
    )
    parser.add_argument("--softmax", action="store_true", help="probabilities in place of logits")
    parser.add_argument("--json", action="store_true", help="print one JSON object, what export.json holds")
    add_config_dir(parser)
    parser.add_argument("overrides", nargs="*", metavar="data=NAME", help="the data set, where it is not known from the run")
    return parser
