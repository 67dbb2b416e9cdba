"""What pydantic finds wrong with a recipe, as a sentence about a key of the config."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ablate.config import keys
from ablate.config.own_configs import KEYS
from ablate.errors import did_you_mean, one_of, shown

# Names of the config for what the recipe calls otherwise.
_NAMES = {
    **keys.renamed(),
    "readout.last": "readout.last",
    "readout.weights": "ema.weights",
    "readout": "ema",
}
# The members of a union, which pydantic puts among the parts of a place.
_MEMBERS = ("sgd", "momentum", "adam", "constant", "staircase", "cosine")
_UNION = re.compile(r"constrained|literal|function|float|int|str")

_BOUNDS: Mapping[str, tuple[str, str]] = {  # by kind of error: the words, and the bound among what pydantic tells
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_WANTED: Mapping[str, str] = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "path_type": "the path of a folder",
    "dict_type": "KEY: VALUE",
    "mapping_type": "KEY: VALUE",
    "model_type": "one of its levels",
    "model_attributes_type": "one of its levels",
    "dataclass_type": "one of its levels",
}


def missing_key(key: str, chosen: Mapping[str, str]) -> str:
    """The message for a key that is not there. chosen: the level of each group."""
    group = key.partition(".")[0]
    of = f"{group}={chosen[group]}" if group in chosen else "The config"
    return f"{of} has no key {key}. Add it to its file, or write +{key}=VALUE."


def complaint(error: ValidationError, chosen: Mapping[str, str]) -> str:
    """One line about the first thing that is wrong. chosen: the level of each group."""
    first: Mapping[str, Any] = error.errors(include_url=False)[0]
    kind, received, context = first["type"], first["input"], first.get("ctx", {})
    key = _key(first["loc"])
    if key.startswith("init.stddev."):
        return f"{key} must be a number above 0, 'glorot', 'he' or 'inverse_fan_in', got {shown(received)}."
    if kind == "missing" and isinstance(first["loc"][-1], int):
        count = first["loc"][-1] + 1
        return f"{key} must be a list of {count} values, got {shown(received)}."
    if kind == "missing":
        return missing_key(key, chosen)
    if kind == "extra_forbidden":
        group, _, name = key.rpartition(".")
        return f"Unknown key '{key}': {group or 'the config'} has no {name}.{did_you_mean(key, KEYS) or ' Leave it out.'}"
    if kind == "literal_error":
        return one_of(key, received, re.findall(r"'([^']*)'", context["expected"]))
    if kind == "union_tag_invalid":
        return one_of(f"{key}.kind", context["tag"], re.findall(r"'([^']*)'", context["expected_tags"]))
    if kind == "union_tag_not_found":
        return missing_key(f"{key}.kind", chosen)
    if kind in ("too_short", "too_long"):
        count = context.get("min_length" if kind == "too_short" else "max_length")
        return f"{key} must be a list of {count} values, got {shown(received)}."
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        bound = context[name]
        return (
            f"{key} must be {words} {bound:,}, got {shown(received)}."
            if isinstance(bound, int)
            else f"{key} must be {words} {bound:g}, got {shown(received)}."
        )
    if kind == "value_error":
        said = str(context["error"])
        return (
            f"{key} {said}, got {shown(received)}." if key and not isinstance(received, BaseModel | dict) else f"{key}.{said}."
        )
    return f"{key} must be {_WANTED.get(kind, 'valid')}, got {shown(received)}."


def _key(place: tuple[int | str, ...]) -> str:
    """The key of the config that pydantic means."""
    parts = [str(part) for part in place if part not in _MEMBERS]
    parts = [part for number, part in enumerate(parts) if number == 0 or not _UNION.match(part)]
    if parts and parts[-1].isdecimal():
        parts.pop()  # an element of a list
    key = ".".join(parts)
    return _NAMES.get(key) or re.sub(r"^readout\b", "ema", key)


def no_boolean(value: Any) -> Any:
    """Refuse true and false where a number is wanted: Python and pydantic take them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def not_empty(value: Any) -> Any:
    """Refuse an empty path, which is the current folder: an unset variable leaves it."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("must be the path of a folder")
    return value


def within(least: float, most: float) -> Callable[[float], float]:
    """A check that a number can be held by the training."""

    def check(value: float) -> float:
        if value and not least <= abs(value) <= most:
            raise ValueError(f"must lie between {least:g} and {most:g}, which 32-bit numbers can hold")
        return value

    return check
