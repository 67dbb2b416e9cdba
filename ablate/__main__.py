"""`python -m ablate` and `ablate`: a first word that is a command is ours, all else is Hydra's."""

import difflib
import importlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablate.errors import AblateError

COMMANDS = ("dashboard", "info", "plan", "report", "runs", "status")

FULL_ERROR = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit: 0 when all went well, 1 on failure, 2 on wrong usage, 130 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_guarded(words))


def _guarded(words: list[str]) -> int:
    """Run, and tell what users got wrong in one line; a traceback only with HYDRA_FULL_ERROR=1."""
    try:
        if words and words[0] in COMMANDS:
            return int(importlib.import_module(f"ablate.commands.{words[0]}").run(words[1:]))
        if words and "=" not in words[0] and not words[0].startswith(("-", "~")):
            print(f"ablate: Expected one of: {', '.join(COMMANDS)}, or KEY=VALUE. Received: {words[0]!r}.", file=sys.stderr)
            return 2
        return hydra_main(words)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if FULL_ERROR:
            raise
        print(f"ablate: {_one_line(error)}", file=sys.stderr)
        return 1


def hydra_main(words: list[str]) -> int:
    """Let Hydra compose and run; the status of a single run decides, a sweep raises where runs failed."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import DictConfig

    from ablate import app, config

    results: list[dict[str, Any]] = []

    def task(cfg: DictConfig) -> dict[str, Any]:
        result = app.run(cfg)
        if HydraConfig.get().mode == RunMode.RUN:
            results.append(result | {"folder": HydraConfig.get().runtime.output_dir})
        return result

    # Hydra prints tracebacks of its own unless it is told to raise; then errors come here like all others.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # Its parser wants the overrides in one piece; -m between them is what people write.
    switches = [word for word in words if word in ("-m", "--multirun")]
    sys.argv = [sys.argv[0], *switches, *(word for word in words if word not in switches)]
    hydra.main(version_base="1.3", config_path=str(config.conf_dir()), config_name="config")(task)()
    for result in results:
        folder = Path(result["folder"])
        if result["status"] == "failed":
            if FULL_ERROR:
                print((folder / app.TRACE).read_text(), file=sys.stderr)
            raise AblateError(result["error"])
        if result["status"] == "diverged":
            raise AblateError(f"The run diverged: {result['error']}. Its result is in {folder / app.RESULT}.")
        step, weights = result["readout"]["step"], result["readout"]["weights"]
        images = f"{result['evaluation_set']} images"
        print(f"accuracy {100 * result['accuracy']:.2f} % of the {images} at step {step}, {weights} weights")
        print(f"{folder / app.RESULT}")
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
    message = " ".join(lines) if lines else type(error).__name__
    unknown = re.search(r"[Kk]ey '([^']+)' is not in struct|Could not find '([^']+)'|Could not override '([^']+)'", message)
    if unknown:
        return _unknown_key(next(key for key in unknown.groups() if key))
    return message


def _unknown_key(key: str) -> str:
    """The message for a key that the config does not have, with the nearest ones that it has."""
    from omegaconf import DictConfig

    from ablate import config

    if key.startswith("hydra."):
        return _unknown_hydra_key(key)
    cfg = config.compose([])
    known = [name for name in cfg if isinstance(name, str) and name != "hydra"]
    for group in list(known):
        node = cfg.get(group)
        known += [f"{group}.{name}" for name in node if isinstance(name, str)] if isinstance(node, DictConfig) else []
    near = difflib.get_close_matches(key, known, n=3) or sorted(name for name in known if "." not in name)
    return f"Expected a key of the config, such as {', '.join(near)}. Received: {key!r}. Keys and groups: ablate --help."


def _unknown_hydra_key(key: str) -> str:
    """The same for a key of Hydra's own node, such as that of a sweeper."""
    from omegaconf import DictConfig, OmegaConf

    from ablate import config

    parent, _, name = key.rpartition(".")
    search = config.compose(["hydra/sweeper=optuna"])
    node = OmegaConf.select(search, parent)
    if not isinstance(node, DictConfig):
        return f"Expected a key that Hydra has. Received: {key!r}."
    if name in node:
        return f"Expected hydra/sweeper=optuna with {key}, a key of searches. Received: another sweeper."
    keys = sorted(each for each in node if isinstance(each, str) and not each.startswith("_"))
    near = difflib.get_close_matches(name, keys, n=3) or keys
    return f"Expected a key of {parent}, such as {', '.join(near)}. Received: {key!r}."


if __name__ == "__main__":
    main()
