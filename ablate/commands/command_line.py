"""What `python -m ablate` is given: Hydra's flags and overrides in any order, told apart and checked before Hydra sees them."""

import argparse
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from ablate.commands.arguments import Once, Parser, add_config_dir
from ablate.config import overrides, own, own_study
from ablate.errors import AblateError, UsageError
from ablate.store import SWEEP, sweep_file, sweep_names
from ablate.store.sweep import Sweep

REFUSED = {
    "--config-path": "Put your own configs in a folder: -cd DIR.",
    "--config-name": "Put your overrides in a study: study=NAME.",
    "--experimental-rerun": "Rerun the command to resume.",
}
STORAGE = "hydra.sweeper.storage"
WHATS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")  # that --info can show
ALONE = ("cfg", "info", "multirun", "run", "shell_completion", "help", "hydra_help")  # flags of which one says what to do


@dataclass(frozen=True)
class CommandLine:
    """A command line, read. flags: as Hydra takes them. overrides: in the order written."""

    flags: tuple[str, ...]
    overrides: tuple[str, ...]
    config_dir: str | None
    sweep: bool
    package: str | None  # of whose config --cfg shows a part
    composes: bool  # whether the overrides are composed to a config, as they are for all but help and completion


def read(words: Sequence[str], prog: str = "ablate") -> CommandLine:
    """Tell flags from overrides.

    Raises:
        UsageError: an unknown flag, or flags that do not go together.
    """
    parser = _parser(prog)
    options = parser.parse_intermixed_args(_with_what(words))
    for name, why in REFUSED.items():
        if getattr(options, name.strip("-").replace("-", "_")) is not None:
            raise UsageError(f"ablate takes no {name}. {why}")
    asked = [name for name in ALONE if getattr(options, name)]
    if len(asked) > 1:
        flags = [f"--{name.replace('_', '-')}" for name in asked]
        raise UsageError(f"{flags[0]} cannot be combined with {flags[1]}. Leave one of them out.")
    if options.resolve and not options.cfg:
        raise UsageError("--resolve works only with --cfg: --cfg job --resolve.")
    if options.package is not None and not options.cfg:
        raise UsageError("--package works only with --cfg: --cfg job --package augment.")
    flags = [f"--{name.replace('_', '-')}" for name in (*ALONE, "resolve") if getattr(options, name) is True]
    for name in ("cfg", "info", "package", "config_dir"):
        if getattr(options, name) is not None:
            flags += [f"--{name.replace('_', '-')}", getattr(options, name)]
    composes = not (options.shell_completion or options.hydra_help or options.help)
    return CommandLine(
        tuple(flags),
        tuple(own.for_hydra(own_study.words(options.overrides, options.config_dir))),
        options.config_dir,
        bool(options.multirun),
        options.package,
        composes,
    )


def of_sweep(line: CommandLine) -> CommandLine:
    """The command line with the command of a sweep or search in place of its name, as in `ablate -m lrn workers=2`.

    Raises:
        AblateError: it is a search whose storage has a password, which is kept nowhere, and the line gives none.
    """
    first = line.overrides[0] if line.overrides else ""
    if not line.sweep or "=" in first or first.startswith(("~", "+")):
        return line
    folder = sweep_names.one(first) if first else None
    found = sweep_file.read(folder) if folder is not None and (folder / SWEEP).is_file() else None
    if found is None or folder is None:
        return line
    more = line.overrides[1:]
    kept = (_of_search if found.sweep.is_search else _of_sweep)(found.sweep, folder, {word.partition("=")[0] for word in more})
    config_dir = line.config_dir or found.sweep.config_dir
    flags = line.flags if config_dir == line.config_dir else (*line.flags, "--config-dir", str(config_dir))
    return replace(line, flags=flags, overrides=tuple(own.for_hydra((*kept, *more))), config_dir=config_dir)


def _of_sweep(sweep: Sweep, folder: Path, given: Container[str]) -> list[str]:
    """The overrides of a sweep's own command but for the keys that are given."""
    from ablate.report import repeat

    return _others(repeat.overrides(sweep, str(folder)), given)


def _of_search(_: Sweep, folder: Path, given: Container[str]) -> list[str]:
    """The overrides of a search's own command but for the keys that are given."""
    from ablate.report.search import repeat
    from ablate.results import search

    kept = _others(repeat.overrides(search.load(folder), str(folder)), given)
    if any(word.startswith(f"{STORAGE}=") and repeat.HIDDEN in word for word in kept):
        raise AblateError(
            f"The storage of {folder} has a password, which is not kept. Add {STORAGE}=URL, with ${{oc.env:NAME}} for it."
        )
    return kept


def _others(words: Sequence[str], given: Container[str]) -> list[str]:
    return [word for word in words if word.partition("=")[0] not in given]


def check(line: CommandLine) -> None:
    """Refuse overrides that would not do what they say; see `overrides.read`."""
    if line.composes:
        overrides.read(line.overrides, line.config_dir, line.sweep)


def _with_what(words: Sequence[str]) -> list[str]:
    """The words with a word behind each --info that has none, since an override behind it is no part of it."""
    found: list[str] = []
    for number, word in enumerate(words):
        found.append(word)
        if word in ("--info", "-i") and (number + 1 == len(words) or "=" in words[number + 1] or words[number + 1][:1] in "-~"):
            found.append("all")
    return found


class _Flags(Parser):
    def error(self, message: str) -> NoReturn:
        """Raise what the program prints behind its name."""
        raise UsageError(self._told(message))


def _parser(prog: str) -> Parser:
    parser = _Flags(prog=prog, add_help=False)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--hydra-help", action="store_true")
    parser.add_argument("--cfg", "-c", choices=("job", "hydra", "all"), action=Once)
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("--package", "-p", metavar="KEY", action=Once)
    parser.add_argument("--run", "-r", action="store_true")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--shell-completion", "-sc", action="store_true")
    add_config_dir(parser)
    parser.add_argument("--info", "-i", choices=WHATS, action=Once)
    for name, short in (("--config-path", "-cp"), ("--config-name", "-cn"), ("--experimental-rerun", "--rerun")):
        parser.add_argument(name, short, help=argparse.SUPPRESS)
    return parser
