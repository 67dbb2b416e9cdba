"""`python -m ablate` and `ablate`: a first word that is a command is ours, all else is Hydra's."""

from ablate.system import own_path

if __name__ == "__main__":
    own_path.leave_out_current_folder()  # before anything else is imported

import logging
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Protocol

from ablate import __version__, escaping
from ablate.errors import FULL_ERROR, UsageError, did_you_mean
from ablate.running import signals
from ablate.system import commands, streams
from ablate.system.plugins import Plugins

COMMANDS = Plugins(
    group="ablate.commands",
    package="ablate.commands",
    attribute=None,
    title="the command {}",
    key="command",
    must="a module with a function run(arguments)",
    fits=lambda name, one: callable(getattr(one, "run", None)),
    helpers=commands.HELPERS,
)
WITH_COMMAND = ("plan", "more")  # that may be given the command of a training behind `--`
INTERRUPTED = 128 + signal.SIGINT


class Command(Protocol):
    """A module that is a command."""

    def run(self, arguments: list[str]) -> int:
        """Does what the words behind the command say; returns the exit status."""


class _Said(logging.LogRecord):
    """What is logged, which a terminal shows."""

    def getMessage(self) -> str:  # noqa: N802
        return escaping.terminal(super().getMessage())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit: 0 when all went well, 1 on failure, 2 on wrong usage, 130 when interrupted (143 by SIGTERM)."""
    if arguments is None:
        own_path.leave_out_current_folder()
    words = list(sys.argv[1:] if arguments is None else arguments)
    logging.setLogRecordFactory(_Said)
    with signals.raising(), streams.prepared():
        status = _printed(words)
    if arguments is None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a late Ctrl-C has nothing to interrupt but the interpreter's own end
    sys.exit(status)


def _printed(words: list[str]) -> int:
    """Run, and see to it that what was printed was also written. Nobody has to read it to its end, as `head` does not."""
    status = 0
    try:
        try:
            status = _guarded(words)
        except SystemExit as end:  # of an argument parser
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        sys.stdout.flush()
    except streams.ReaderGone:
        pass
    except streams.CannotPrint as error:
        from ablate.terminal import complain

        complain(f"ablate: {error}")
        return 1
    except KeyboardInterrupt:
        return signals.status() or INTERRUPTED
    return status


def _guarded(words: list[str]) -> int:
    """Run, and tell what users got wrong in one line; a traceback only with HYDRA_FULL_ERROR=1."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"(omegaconf|hydra)\.")  # of what is refused in our words
    try:
        if words and "=" not in words[0] and not words[0].startswith(("-", "~")):
            command: Command | None = COMMANDS.known(words[0])
            if command is None:
                raise UsageError(_no_command(*words[:2]))
            return int(command.run(_cut(words[1:]) if words[0] in WITH_COMMAND else words[1:]))
        if "--version" in words:
            print(f"ablate {__version__}")
            return 0
        return hydra_main(_cut(words))
    except KeyboardInterrupt:
        return signals.status() or INTERRUPTED
    except Exception as error:
        if FULL_ERROR:
            raise
        if interrupted := signals.status():  # a library took it for an error of its own
            return interrupted
        from ablate.config.error_messages import one_line
        from ablate.terminal import complain

        complain(f"ablate: {one_line(error, words)}")
        return 2 if isinstance(error, UsageError) else 1


def _cut(words: list[str]) -> list[str]:
    """The words with the command of a training, behind `--`, as one of them; before anything else looks at them."""
    if "--" not in words:
        return words
    from ablate.config import own

    return own.cut(words)


def _no_command(word: str, after: str = "") -> str:
    """What to say of a first word that is no command."""
    from ablate.config.own_configs import KEYS, levels

    if after.startswith("=") or word in KEYS:
        return f"{word} has no value. Write {word}={after.strip('=') or 'VALUE'} without spaces."
    known = sorted(COMMANDS.names())
    listed = f"Unknown command {word!r}. Choose from {', '.join(known)}, or give KEY=VALUE."
    if word in levels("study"):
        return f"{listed} Did you mean -m study={word}?"
    return f"{listed}{did_you_mean(word, known)}"


def hydra_main(words: Sequence[str]) -> int:
    """Let Hydra compose and run; the status of a single run decides, a sweep raises where runs failed."""
    from ablate.commands import command_line, overview
    from ablate.config import loading, own_configs

    line = command_line.read(words)
    if "--help" in line.flags:
        print(escaping.terminal_lines(overview.text(own_configs.folders(line.config_dir))))
        return 0
    line = command_line.of_sweep(line)
    if line.sweep and sys.stderr.isatty():  # composing takes seconds
        from ablate.messages import say

        say("Reading the sweep…")
    command_line.check(line)
    if line.package is not None:
        loading.select(line.overrides, line.config_dir, line.package)
    from ablate.app import compose_and_run

    return compose_and_run(line.flags, line.overrides)


if __name__ == "__main__":
    main()
