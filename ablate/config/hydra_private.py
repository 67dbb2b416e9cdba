"""What Hydra has and does not promise: the one place that uses it. Tried with Hydra 1.3.2 to 1.3.8."""

from typing import Any

from hydra._internal.grammar import grammar_functions
from hydra._internal.utils import _locate
from hydra.core.override_parser.types import Override

sort = grammar_functions.sort  # what `sort(…)` means in an override


def located(path: str) -> Any:
    """The class or function that a dotted path names; what is on the way to it is imported.

    Raises:
        Exception: there is none.
    """
    return _locate(path)


def value_of(word: Override) -> Any:
    """The value of an override as the parser has it: sweeps and quoted texts are objects of Hydra's."""
    return word._value


def converted(value: Any) -> Any:
    """An element of such a value as Python has it."""
    return Override._convert_value(value)


def written(value: Any) -> str:
    """The same as Hydra writes it, with its quotes."""
    return Override._get_value_element_as_str(value)
