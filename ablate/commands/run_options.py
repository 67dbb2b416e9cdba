"""The options of commands that take a RUN: which run, weights, step and data set."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from ablate.commands.arguments import Once, Parser, a_path, add_config_dir
from ablate.deploy import find
from ablate.deploy.data_sets import is_data
from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import CROPS, PREPROCESS, STANDARDIZE, Preparation, of_export
from ablate.deploy.trained import EMA, RAW, Trained
from ablate.errors import AblateError, shown

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def add_run(parser: Parser, words: str = "RUN", more: str = "") -> None:
    """RUN and the data set's overrides, and where they are looked for. words: what the command line names. more: of those."""
    parser.add_argument(
        "words", nargs="*", metavar=words, help=f"{find.HELP}; data=NAME for the data set of a model file{more}"
    )
    parser.add_argument("--weights", choices=(RAW, EMA), action=Once, help="raw or EMA weights (default: the run's; EMA)")
    parser.add_argument(
        "--step", type=int, metavar="N", action=Once, help="step of the checkpoint (default: the run's, or the newest)"
    )
    parser.add_argument(
        "--store", type=a_path, metavar="DIR", default=find.STORE, help="folder of trainings, for fingerprints (default: runs)"
    )
    add_config_dir(parser)


def add_preparation(parser: Parser) -> None:
    """How images are prepared for a model file of others."""
    group = parser.add_argument_group(
        "model files", "How to prepare images for a model file. An exported folder records this itself."
    )
    group.add_argument("--input", metavar="NAME", action=Once, help="the model's input (frozen graphs: inputs)")
    group.add_argument(
        "--output", metavar="NAME", action=Once, help="the model's output: logits or probabilities (default: predictions)"
    )
    group.add_argument(
        "--input-size", type=a_count, metavar="PIXELS", action=Once, help="side of the central crop (default: the model's)"
    )
    group.add_argument("--crop", choices=CROPS, action=Once, help="which part of an image it sees (default: center)")
    group.add_argument(
        "--preprocess",
        choices=PREPROCESS,
        metavar="HOW",
        action=Once,
        help="standardize, scale, or none (default: standardize)",
    )


def preparation_of(model: ModelFile, options: argparse.Namespace) -> Preparation:
    """How images are prepared for a model file.

    Raises:
        AblateError: an exported folder says it itself.
    """
    names = ("input", "output", "input_size", "crop", "preprocess")
    given = [name for name in names if getattr(options, name) is not None]
    if model.about:
        if given:
            raise AblateError(f"{model.word} records how to prepare its images. Leave out --{given[0].replace('_', '-')}.")
        return of_export(model.about)
    return Preparation(options.input_size, options.preprocess or STANDARDIZE, options.input, options.output)


def refuse_preparation(one: Trained, options: argparse.Namespace) -> None:
    """Refuse options of model files where there is none."""
    for name in ("input", "output", "input_size", "crop", "preprocess"):
        if getattr(options, name) is not None:
            raise AblateError(f"--{name.replace('_', '-')} is for model files, and {one.word} is a training. Leave it out.")


def runs(options: argparse.Namespace, parser: Parser) -> list[Trained | ModelFile]:
    """The runs that the words name.

    Raises:
        AblateError: a word names none. SystemExit: there is no word.
    """
    words, data = told_apart(options.words)
    if not words:
        parser.error("RUN is missing. Name one, as in lrn/augment=off/0.")
    found = [find.find(word, data, options.config_dir, options.store) for word in words]
    for one in found:
        if isinstance(one, ModelFile):
            refuse_for_file(one, weights=options.weights, step=options.step)
    return found


def told_apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(what names runs or files, the overrides of the data set)."""
    data = [word for word in words if is_data(word) and "=" in word]
    return [word for word in words if word not in data], data


def refuse_for_file(model: ModelFile, **options: object) -> None:
    """Refuse options that only trainings have."""
    for name, value in options.items():
        if value is not None and value is not False:
            raise AblateError(f"--{name} is for trainings, and {model.word} is a model file. Leave it out.")


def a_count(text: str) -> int:
    """The type of options that take a number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {shown(text)}.")
    return int(text)


def a_time(text: str) -> float:
    """The type of options that take a time: seconds, as in 300, 300s, 5m, and 1h."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if found is None or float(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"must be a time, as in 30s, 5m, or 1h, got {shown(text)}.")
    return float(found[1]) * _UNITS[found[2]]


def out_folder(command: str, word: str, asked: Sequence[str] = ()) -> Path:
    """Where a command writes what it makes of a run, where the user names no folder. asked: what else was, as in step90."""
    name = re.sub(r"[^\w=,.+-]+", "-", word).strip("-.")
    return Path(command) / "-".join([name or "run", *asked])
