"""What a config says of a command: its words, the user's values, how its evaluations are read, and what it is judged by."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.config import own
from ablate.config.execution import Settings as Execution
from ablate.errors import AblateError, one_of, shown, unknown_key
from ablate.metrics import Given
from ablate.store.sweep_check import EVAL_ON
from ablate.trainers import evaluations
from ablate.trainers.command import code, rows, template
from ablate.trainers.command.code import Files
from ablate.trainers.predicted import PREDICTIONS, Labels, labels

KEYS = ("name", "command", "cwd", "env", "code", "data", "read", "step", "labels", "timeout", "grace", EVAL_ON, "resume")
MOST_GRACE_S = 600  # a sweep that is to end waits so long for a training
HERE, TRAINING = PLACES = ("here", "training")


@dataclass(frozen=True)
class Settings:
    """A command, checked.

    command: its words, with placeholders. values: the user's, by key. metrics: the first is what it is judged by.
    here: where it was asked for. in_folder: whether it runs in the training's folder, not there.
    by_environment: whether it takes values from the environment.
    code, data: the files that it runs and reads, as far as they are known, with digests.
    read: the file of its evaluations; None where it logs them. step: what counts them.
    labels: the true classes of the test examples, whose predicted ones it writes; None where it writes none.
    timeout_s: how long a training may take; None for as long as it takes.
    grace_s: from the request to end to the end by force.
    eval_on: what it is to evaluate on: `test` or `validation`.
    resume: whether one that was stopped goes on in its folder.
    """

    command: tuple[str, ...]
    values: Mapping[str, str]
    metrics: tuple[Given, ...]
    here: Path
    in_folder: bool
    by_environment: bool
    code: Files
    data: Files
    read: str | None
    step: str
    labels: Labels | None
    timeout_s: float | None
    grace_s: float
    eval_on: str
    resume: bool

    @property
    def content(self) -> dict[str, Any]:
        """All that changes what is trained, but for the seed."""
        optional = {
            "data": dict(self.data) or None,
            "env": self.by_environment or None,
            "cwd": TRAINING if self.in_folder else None,
            "read": self.read,
            "step_name": self.step if self.step != "step" else None,
            "labels": None if self.labels is None else self.labels.digest,
        }
        judged = evaluations.judged(self.metrics, self.eval_on)
        given = judged | {key: value for key, value in optional.items() if value is not None}
        return {"command": list(self.command), "values": dict(self.values), "code": dict(self.code), **given}


def of(config: Mapping[str, Any]) -> Settings:
    """What a resolved config says.

    Raises:
        AblateError: one line about the first thing that is wrong with it.
    """
    if "metric" not in config:
        raise AblateError("trainer.name=command alone is not enough. Write the command after --.")
    Execution.of(config)
    section = config["trainer"]
    for key in section:
        if key not in KEYS:
            raise AblateError(unknown_key(f"trainer.{key}", [f"trainer.{one}" for one in KEYS], "trainer=command"))
    command, here = _command(section["command"]), Path.cwd()
    values = dict(_values({key: value for key, value in config.items() if own.is_users(key)}))
    _check_variables(values)
    by_environment = _flag("trainer.env", section["env"])
    template.check(command, values, by_environment)
    in_folder = _choice("trainer.cwd", section["cwd"], PLACES) == TRAINING
    program = code.program(command[0], here)
    base = None if in_folder else here
    store, named = Path(str(config["store"])), _paths("trainer.code", section["code"])
    ours, data = code.of(command, here, base, store, named, _paths("trainer.data", section["data"]))
    return Settings(
        (program if "/" in program and in_folder else command[0], *command[1:]),
        values,
        evaluations.metrics_of(config),
        here,
        in_folder,
        by_environment,
        ours,
        data,
        _read(section["read"]),
        evaluations.text("trainer.step", section["step"]),
        None if section["labels"] is None else labels(section["labels"], "trainer.labels"),
        None if section["timeout"] is None else _seconds("timeout", section["timeout"], ", or null"),
        _seconds("grace", section["grace"], f", at most {MOST_GRACE_S}", MOST_GRACE_S),
        evaluations.eval_on(section[EVAL_ON]),
        _choice("trainer.resume", section["resume"], ("never", "own")) == "own",
    )


def _command(words: Any) -> tuple[str, ...]:
    if words is None:
        raise AblateError("trainer=command has no command. Write it after --, as in -- python train.py --seed {seed}.")
    if not isinstance(words, list) or not words or not all(isinstance(word, str | int | float) for word in words):
        raise AblateError(f"{own.COMMAND} must be a list of words, got {shown(words)}.")
    told = tuple(own.text_of(word) for word in words)
    if not told[0]:
        raise AblateError("The command begins with an empty word, perhaps from an unset shell variable. Name a program.")
    for word in told:
        if "\0" in word:
            raise AblateError(f"The command has a null character in {shown(word)}. Remove it.")
    return told


def _values(section: Mapping[str, Any], above: str = "") -> Any:
    """(key, text) of the user's keys, those of sections with dots."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _values(value, f"{above}{key}.")
        elif isinstance(value, list):
            raise AblateError(f"{above}{key} must be one value, got {shown(value)}. To take it as text, quote the value.")
        else:
            yield f"{above}{key}", own.text_of(value)


def _check_variables(values: Mapping[str, str]) -> None:
    ours = {template.variable(name): name for name in (*own.GIVEN, "resume", PREDICTIONS)}
    for name in values:
        variable = template.variable(name)
        if variable in ours:
            raise AblateError(
                f"{name} cannot be set beside {ours[variable]}: both would be {variable} in the environment. Rename it."
            )
        ours[variable] = name


def _read(value: Any) -> str | None:
    if value is None:
        return None
    path = evaluations.text("trainer.read", value)
    if Path(path).suffix not in rows.FORMATS:
        raise AblateError(f"trainer.read must name a file of evaluations ({', '.join(rows.FORMATS)}), got {shown(path)}.")
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise AblateError(f"trainer.read is looked for in {{dir}}, got {shown(path)}. Have the command write it there.")
    return path


def _seconds(key: str, value: Any, or_else: str, most: float = sys.float_info.max) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise AblateError(f"trainer.{key} must be a number of seconds above 0{or_else}, got {shown(value)}.")
    return float(value)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise AblateError(f"{key} must be true or false, got {shown(value)}.")
    return value


def _choice(key: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise AblateError(one_of(key, value, choices))
    return str(value)


def _paths(key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise AblateError(f"{key} must be a list of files and folders, as in {key}=[train.sh], got {shown(value)}.")
    return [os.path.expanduser(one) for one in value]  # noqa: PTH111 a text
