"""What a line of a journal of trials may be: its operation, its fields and their values, checked before Optuna reads it."""

import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from optuna.distributions import CategoricalDistribution, json_to_distribution
from optuna.study import StudyDirection
from optuna.trial import TrialState

from ablate.search.optuna_private import JournalOperation

_Check = Callable[[Any], bool]
_NUMBERED = re.compile(r"-?\d{1,18}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and (isinstance(value, float) or abs(value) < 2**63)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_time(value: Any) -> bool:
    try:
        datetime.fromisoformat(value).astimezone()
    except (TypeError, ValueError, OverflowError, OSError):
        return False
    return True


def _is_distribution(value: Any) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = json_to_distribution(value)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError, RecursionError):
        return False
    choices = found.choices if isinstance(found, CategoricalDistribution) else ()
    return all(one is None or isinstance(one, bool | int | float | str) for one in choices)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_single(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1


def _are_directions(value: Any) -> bool:
    known = [direction.value for direction in StudyDirection]
    return isinstance(value, list) and len(value) >= 1 and all(type(one) is int and one in known for one in value)


def _is_state(value: Any) -> bool:
    return type(value) is int and value in [state.value for state in TrialState]


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _are_distributions(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_distribution, value.values()))


def _are_values_by_step(value: Any) -> bool:
    return isinstance(value, dict) and all(_NUMBERED.fullmatch(key) and _is_number(one) for key, one in value.items())


def _or_null(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


# By operation: the fields that it has, and those that it may have.
_FIELDS: Mapping[int, tuple[Mapping[str, _Check], Mapping[str, _Check]]] = {
    JournalOperation.CREATE_STUDY: ({"study_name": _is_text, "directions": _are_directions}, {}),
    JournalOperation.DELETE_STUDY: ({"study_id": _is_count}, {}),
    JournalOperation.SET_STUDY_USER_ATTR: ({"study_id": _is_count, "user_attr": _is_single}, {}),
    JournalOperation.SET_STUDY_SYSTEM_ATTR: ({"study_id": _is_count, "system_attr": _is_single}, {}),
    JournalOperation.CREATE_TRIAL: (
        {"study_id": _is_count, "datetime_start": _or_null(_is_time)},
        {
            "state": _is_state,
            "value": _or_null(_is_number),
            "values": _or_null(_are_numbers),
            "datetime_complete": _is_time,
            "distributions": _are_distributions,
            "params": _is_object,
            "user_attrs": _is_object,
            "system_attrs": _is_object,
            "intermediate_values": _are_values_by_step,
        },
    ),
    JournalOperation.SET_TRIAL_PARAM: (
        {
            "trial_id": _is_count,
            "param_name": _is_text,
            "param_value_internal": _is_number,
            "distribution": _is_distribution,
        },
        {},
    ),
    JournalOperation.SET_TRIAL_STATE_VALUES: (
        {"trial_id": _is_count, "state": _is_state},
        {"values": _or_null(_are_numbers), "datetime_start": _is_time, "datetime_complete": _is_time},
    ),
    JournalOperation.SET_TRIAL_INTERMEDIATE_VALUE: (
        {"trial_id": _is_count, "step": _is_count, "intermediate_value": _is_number},
        {},
    ),
    JournalOperation.SET_TRIAL_USER_ATTR: ({"trial_id": _is_count, "user_attr": _is_single}, {}),
    JournalOperation.SET_TRIAL_SYSTEM_ATTR: ({"trial_id": _is_count, "system_attr": _is_single}, {}),
    JournalOperation.DISCARD_TRIALS: ({}, {}),
}


def fault(content: Any, trials: int) -> str | None:
    """What is wrong with a line, in words; None where nothing is.

    Args:
        trials: how many trials the lines before it make.
    """
    if not isinstance(content, dict):
        return "it must be a JSON object"
    operation, worker = content.get("op_code"), content.get("worker_id")
    if type(operation) is not int or operation not in _FIELDS:
        return f"op_code must be from 0 to {max(_FIELDS)}, got {brief(operation)}"
    if not isinstance(worker, str):
        return f"worker_id must be a text, got {brief(worker)}"
    needed, optional = _FIELDS[operation]
    for key, check in {**needed, **optional}.items():
        if key not in content and key in needed:
            return f"{key} is missing"
        if key in content and not check(content[key]):
            return f"{key} has a value that it cannot have, got {brief(content[key])}"
    if "trial_id" in content and content["trial_id"] >= trials:
        return f"trial_id must be one of the {trials} trials above it, got {content['trial_id']}"
    return None if operation != JournalOperation.CREATE_TRIAL else _unfitting(content)


def _unfitting(content: Mapping[str, Any]) -> str | None:
    """Parameters of a new trial that its distributions do not have."""
    distributions: Mapping[str, Any] = content.get("distributions", {})
    params: Mapping[str, Any] = content.get("params", {})
    for key, value in params.items():
        if key not in distributions or not _is_number(value) or not math.isfinite(value):
            return f"params.{brief(key)} has a value that it cannot have, got {brief(value)}"
    return None


def brief(value: Any) -> str:
    """A value for a message: short, in one line."""
    text = ascii(value) if not isinstance(value, Mapping | Sequence) or isinstance(value, str) else type(value).__name__
    text = {"dict": "an object", "list": "a list", "None": "nothing"}.get(text, text)
    return text if len(text) <= 60 else f"{text[:57]}..."
