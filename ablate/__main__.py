"""`python -m ablate` and `ablate`: a first word that is a command is ours, all else is Hydra's."""

import importlib
import os
import sys
from collections.abc import Sequence

from ablate.errors import AblateError

COMMANDS = ("info", "report")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit: 0 when all went well, 1 on failure, 2 on wrong usage, 130 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_guarded(words))


def _guarded(words: list[str]) -> int:
    """Run, and tell what users got wrong in one line; a traceback only with HYDRA_FULL_ERROR=1."""
    full_error = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")
    try:
        if words and words[0] in COMMANDS:
            return int(importlib.import_module(f"ablate.commands.{words[0]}").run(words[1:]))
        return _hydra(words)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if full_error:
            raise
        print(f"ablate: {_one_line(error)}", file=sys.stderr)
        return 1


def _hydra(words: list[str]) -> int:
    import hydra

    from ablate import app, config

    # Hydra prints tracebacks of its own unless it is told to raise; then errors come here like all others.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = [sys.argv[0], *words]
    hydra.main(version_base="1.3", config_path=str(config.conf_dir()), config_name="config")(app.run)()
    return 0


def _one_line(error: Exception) -> str:
    from hydra.errors import MissingConfigException

    if isinstance(error, AblateError):
        return str(error)
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, _, level = str(error.missing_cfg_file).rpartition("/")
        return f"Expected one of: {', '.join(error.options)}. Received: {group}={level!r}."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = error.__cause__
    if cause is not None and str(cause).strip():
        lines = [*lines[:1], str(cause).strip().splitlines()[0]]
    return " ".join(lines) if lines else type(error).__name__


if __name__ == "__main__":
    main()
