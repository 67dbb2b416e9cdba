"""Callbacks of Hydra that a command line adds."""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from ablate.config import hydra_private
from ablate.config.syntax import visible
from ablate.config.values import name
from ablate.errors import AblateError, shown

CALLBACKS = "hydra.callbacks."
EVENTS = tuple(f"on_{what}_{when}" for what in ("run", "multirun", "job") for when in ("start", "end"))


def check_callbacks(parsed: Sequence[Override]) -> None:
    """Refuse callbacks that Hydra could not call, or would take and never call. There are none but those of the words."""
    given = {name(word): word for word in parsed if name(word).startswith(CALLBACKS) and not word.is_delete()}
    for key, word in given.items():
        callback = ".".join(key.split(".")[:3])
        whole = given[callback].value() if callback in given else {}
        target = whole.get("_target_") if isinstance(whole, dict) else None
        if f"{callback}._target_" in given:
            target = given[f"{callback}._target_"].value()
        if target is None:
            raise AblateError(
                f"{visible(str(word.input_line))}: {callback} has no class. Add +{callback}._target_=MODULE.CLASS."
            )
        _check_callback(f"{callback}._target_", target)


def _check_callback(key: str, target: Any) -> None:
    if not isinstance(target, str) or "." not in target:
        raise AblateError(f"{key} must be MODULE.CLASS, got {shown(target)}.")
    try:
        found = hydra_private.located(target)
    except Exception as error:
        module = target.rpartition(".")[0]
        reason = " ".join(str(error.__cause__ or "").split())
        why = f" ({reason})" if reason and "\n" not in str(error.__cause__) and len(reason) < 200 else ""
        raise AblateError(
            f"{key}={target} cannot be imported{why}. Python looks for {module} in the installed packages and in PYTHONPATH, "
            "not in the current folder."
        ) from None
    if isinstance(found, type) and not any(hasattr(found, event) for event in EVENTS):
        raise AblateError(f"{key}={target} is not a callback: it has none of the methods {', '.join(EVENTS)}.")
    if not isinstance(found, type):
        raise AblateError(f"{key} must be a class with methods such as {EVENTS[-1]}, but {target} is not a class.")
