"""`python -m ablate` and `ablate`: a first word that is a command is ours, all else is Hydra's."""

from ablate.planning import run_result
from ablate.store import result_file
from ablate.system import own_path

if __name__ == "__main__":
    own_path.leave_out_current_folder()  # before anything else is imported

import importlib
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablate import __version__, escaping
from ablate.errors import AblateError, UsageError, did_you_mean
from ablate.running import interrupt
from ablate.system import streams

COMMANDS = ("dashboard", "info", "plan", "report", "runs", "status")

INTERRUPTED = 128 + signal.SIGINT

FULL_ERROR = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")


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
    with interrupt.raising(), streams.prepared():
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
        return interrupt.status() or INTERRUPTED
    return status


def _guarded(words: list[str]) -> int:
    """Run, and tell what users got wrong in one line; a traceback only with HYDRA_FULL_ERROR=1."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"(omegaconf|hydra)\.")  # of what is refused in our words
    try:
        if words and words[0] in COMMANDS:
            return int(importlib.import_module(f"ablate.commands.{words[0]}").run(words[1:]))
        if words and "=" not in words[0] and not words[0].startswith(("-", "~")):
            raise UsageError(_no_command(*words[:2]))
        if "--version" in words:
            print(f"ablate {__version__}")
            return 0
        return hydra_main(words)
    except KeyboardInterrupt:
        return interrupt.status() or INTERRUPTED
    except Exception as error:
        if FULL_ERROR:
            raise
        if interrupted := interrupt.status():  # a library took it for an error of its own
            return interrupted
        from ablate.config.complaints import one_line
        from ablate.terminal import complain

        complain(f"ablate: {one_line(error, words)}")
        return 2 if isinstance(error, UsageError) else 1


def _no_command(word: str, after: str = "") -> str:
    """What to say of a first word that is no command."""
    from ablate.config.own_configs import KEYS, levels

    if after.startswith("=") or word in KEYS:
        return f"{word} has no value. Write {word}={after.strip('=') or 'VALUE'} without spaces."
    listed = f"Unknown command {word!r}. Choose from {', '.join(COMMANDS)}, or give KEY=VALUE."
    if word in levels("study"):
        return f"{listed} Did you mean -m study={word}?"
    return f"{listed}{did_you_mean(word, COMMANDS)}"


def hydra_main(words: Sequence[str]) -> int:
    """Let Hydra compose and run; the status of a single run decides, a sweep raises where runs failed."""
    from ablate.commands import command_line
    from ablate.config import loading

    line = command_line.read(words)
    command_line.check(line)
    if line.package is not None:
        loading.select(line.overrides, line.config_dir, line.package)
    return compose_and_run(line.flags, line.overrides)


def compose_and_run(flags: Sequence[str], overrides: Sequence[str]) -> int:
    """The same for a command line that is read and checked."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import DictConfig

    from ablate import app, terminal
    from ablate.config.own_configs import conf_dir

    results: list[dict[str, Any]] = []

    def task(cfg: DictConfig) -> dict[str, Any]:
        result = app.run(cfg)
        if HydraConfig.get().mode == RunMode.RUN:
            results.append(result | {"folder": HydraConfig.get().runtime.output_dir})
        return result

    # Hydra prints tracebacks of its own unless it is told to raise; then errors come here like all others.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = [sys.argv[0], *flags, *overrides]  # its parser wants the overrides in one piece
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(task)()
    for result in results:
        folder = Path(result["folder"])
        if result["status"] == "failed":
            if FULL_ERROR:
                print(escaping.terminal_lines((folder / run_result.TRACE).read_text("utf-8", "replace")), file=sys.stderr)
            raise AblateError(result["error"])
        if result["status"] == "diverged":
            raise AblateError(f"The run diverged: {result['error']}. Its result is in {folder / result_file.RESULT}.")
        step, weights = result["readout"]["step"], result["readout"]["weights"]
        images = f"{result['evaluation_set']} images"
        terminal.tell(f"accuracy {100 * result['accuracy']:.2f} % of the {images} at step {step}, {weights} weights")
        terminal.tell(f"{folder / result_file.RESULT}")
    return 0


if __name__ == "__main__":
    main()
