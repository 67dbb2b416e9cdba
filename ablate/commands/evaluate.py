"""`ablate evaluate`: how good a trained network or a model file is, on all images of a split."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ablate import terminal
from ablate.commands import evaluate_screen, run_options
from ablate.commands.arguments import Once, Parser, a_path
from ablate.deploy.evaluation import Evaluated
from ablate.deploy.model_files import ModelFile
from ablate.deploy.trained import SPLITS, Trained
from ablate.errors import AblateError
from ablate.messages import say

_DESCRIPTION = """\
Evaluate trained networks, or model files, on all images of a split: accuracy, top-5 accuracy, loss, expected calibration
error, accuracy by class, the confusion matrix, and the images that are most wrong.
At a step evaluated during training, the output says whether the accuracy matches exactly.
"""

_EXAMPLES = """\
examples:
  ablate evaluate tour/augment=off/0                      SWEEP/ARM/SEED
  ablate evaluate 3f2a --step 90 --weights raw            a fingerprint
  ablate evaluate tour/baseline/0 --follow --every 5m     during training
  ablate evaluate model.pb data=cifar10 --input-size 24   a frozen graph
"""


def run(arguments: Sequence[str]) -> int:
    """Evaluates what the command line names; returns the exit status 0.

    Raises:
        AblateError: a RUN names nothing, has no checkpoint, or cannot be read.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    if options.follow and options.once:
        parser.error("--follow cannot be combined with --once. Leave one of them out.")
    if options.every is not None and not options.follow:
        parser.error("--every works only with --follow.")
    found = run_options.runs(options, parser)
    if options.follow:
        return _follow(found, options, parser)
    for one in found:  # refused before TensorFlow is imported
        if isinstance(one, Trained):
            run_options.refuse_preparation(one, options)
            one.checkpoint(_step(one, options))
        else:
            run_options.refuse_for_file(one, once=options.once)
            run_options.preparation_of(one, options)
        one.dataset(options.split)
    folders = _folders(found, options)
    evaluations = []
    for one, folder in zip(found, folders, strict=True):
        evaluations.append(_evaluated(one, options))
        _written(evaluations[-1], folder)
        if options.json:
            print(json.dumps(evaluations[-1].to_json() | {"files": str(folder)}, allow_nan=False))
        elif len(found) == 1:
            evaluate_screen.show(evaluations[-1], folder, terminal.standard())
    if len(found) > 1 and not options.json:
        evaluate_screen.show_all(evaluations, terminal.standard())
    return 0


def _parser() -> Parser:
    parser = Parser(prog="ablate evaluate", description=_DESCRIPTION, epilog=_EXAMPLES)
    run_options.add_run(parser)
    parser.add_argument("--split", choices=SPLITS, action=Once, help="the images (default: what the run is evaluated on; test)")
    parser.add_argument("--examples", type=run_options.a_count, metavar="N", action=Once, help="only the first N images")
    parser.add_argument("--threads", type=run_options.a_count, metavar="N", action=Once, help="CPU threads (default: all)")
    parser.add_argument("--follow", action="store_true", help="evaluate checkpoints as they appear, until the training ends")
    parser.add_argument("--every", type=run_options.a_time, metavar="TIME", help="with --follow: minimum wait, as in 5m")
    parser.add_argument("--once", action="store_true", help="evaluate the newest checkpoint, even during training")
    run_options.add_preparation(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per run; accuracies are from 0 to 1")
    parser.add_argument("--out", type=a_path, metavar="DIR", action=Once, help="where files go (default: evaluate/RUN)")
    return parser


def _step(trained: Trained, options: argparse.Namespace) -> int | None:
    """The step that is meant; None for the run's."""
    if options.once:
        if options.step is not None:
            raise AblateError("--step cannot be combined with --once. Leave one of them out.")
        return max(trained.steps(), default=None)
    step: int | None = options.step
    return step


def _evaluated(one: Trained | ModelFile, options: argparse.Namespace) -> Evaluated:
    from ablate.deploy.runtime import restored
    from ablate.deploy.runtime.evaluate import evaluate, evaluate_file

    restored.prepare(options.threads)
    found: Evaluated
    if isinstance(one, ModelFile):
        found = evaluate_file(one, run_options.preparation_of(one, options), options.split, options.examples)
    else:
        network = restored.Restored(one, _step(one, options), options.weights)
        found = evaluate(network, options.split, options.examples)
    return found


def _folders(found: Sequence[Trained | ModelFile], options: argparse.Namespace) -> list[Path]:
    """Where the files of each go.

    Raises:
        AblateError: those of two would go to the same folder.
    """
    folders = [_folder(one, options, several=len(found) > 1) for one in found]
    for place, folder in enumerate(folders):
        if folder in folders[:place]:
            both = f"{found[folders.index(folder)].word} and {found[place].word}"
            raise AblateError(f"The files of {both} would both go to {folder}. Give a command for each, with --out.")
    return folders


def _folder(one: Trained | ModelFile, options: argparse.Namespace, several: bool = False) -> Path:
    default = run_options.out_folder("evaluate", one.word, _asked(options))
    if options.out is None:
        return default
    return Path(options.out) / default.name if several else Path(options.out)


def _asked(options: argparse.Namespace) -> list[str]:
    """What was asked besides the run, for the name of the folder."""
    asked = [each for each in (options.split, options.weights) if each is not None]
    asked += [f"{name}{getattr(options, name)}" for name in ("step", "examples") if getattr(options, name) is not None]
    return [*asked, "once"] if options.once else asked


def _written(evaluated: Evaluated, folder: Path) -> None:
    from ablate.deploy import written  # which draws figures

    written.write(evaluated, folder)


def _follow(found: Sequence[Trained | ModelFile], options: argparse.Namespace, parser: Parser) -> int:
    """Evaluates the checkpoints of one training as they appear; 0 when it has ended."""
    if len(found) != 1:
        parser.error("--follow takes one RUN.")
    one = found[0]
    if isinstance(one, ModelFile):
        run_options.refuse_for_file(one, follow=True)
    assert isinstance(one, Trained)
    if options.step is not None:
        parser.error("--step cannot be combined with --follow. Leave one of them out.")
    run_options.refuse_preparation(one, options)
    one.dataset(options.split)
    if one.trajectory.live() is None:
        one.checkpoint(max(one.steps(), default=None))  # nothing trains it, so there must be one
    from ablate.deploy.runtime import restored
    from ablate.deploy.runtime.follow import follow

    restored.prepare(options.threads)
    folder = _folder(one, options)
    if not one.steps():
        say(f"Waiting for the first checkpoint (step {one.content['eval_every']:,}).")
    for evaluated in follow(one, options.weights, options.split, options.examples, options.every, folder / "tensorboard"):
        _written(evaluated, folder)  # each time: it may be interrupted
        if options.json:
            print(json.dumps(evaluated.to_json() | {"files": str(folder)}, allow_nan=False), flush=True)
        else:
            terminal.tell(evaluate_screen.line(evaluated))
    say(f"{one.label}: its training has ended. Files in {folder}, summaries in {folder / 'tensorboard'}.")
    return 0
