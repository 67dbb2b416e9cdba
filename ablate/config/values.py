"""What an override sets, and to which values."""

from random import shuffle
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, RangeSweep

from ablate.config import hydra_private, own_configs
from ablate.config.range_syntax import numbers


def name(word: Override) -> str:
    """What an override sets: its key or group, with the package where one is named."""
    return word.key_or_group + (f"@{word.package}" if word.package else "")


def values(word: Override) -> list[Any]:
    """The values of an override in the order they are swept, plain ones as a list of one.

    Numbers of a range are computed as they are written, so that its end is left out whatever its step: 0.1 has no last digits
    here.
    """
    return [hydra_private.converted(value) for value in _elements(word)]


def texts(word: Override) -> list[str]:
    """The same as Hydra writes them, with the quotes that a value was given."""
    return [hydra_private.written(value) for value in _elements(word)]


def _elements(word: Override) -> list[Any]:
    value = hydra_private.value_of(word)
    if isinstance(value, RangeSweep):
        found: list[Any] = list(numbers(value))
        if value.shuffle:
            shuffle(found)
        return found
    if isinstance(value, ChoiceSweep | Glob):
        if isinstance(value, Glob) and word.config_loader is None:
            return list(value.filter(own_configs.levels(word.key_or_group)))
        return list(word.sweep_iterator())
    return [value]
