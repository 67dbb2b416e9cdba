"""Values of a factor as the texts that a sweep knows them by, and back: each is told from all others."""

import json
from typing import Any

from ablate.errors import AblateError, shown


def text(given: Any, of: str) -> str:
    """The text of a value: of a text itself, unless it would be read as another value, and else JSON.

    Args:
        of: what messages call it.

    Raises:
        AblateError: it is no plain value.

    Examples:
        >>> from ablate.trainers.function.values import text
        >>> [text(value, "x") for value in ("on", True, 0.1, None, "0.1", [1, "a"])]
        ['on', 'true', '0.1', 'null', '"0.1"', '[1, "a"]']
    """
    given = plain(given)
    try:
        written = json.dumps(given, ensure_ascii=False, allow_nan=False)
        same = _same(json.loads(written), given)
    except (TypeError, ValueError):
        same = False
    if not same:
        raise AblateError(
            f"{of} has the value {shown(given)}. Use strings, finite numbers, True, False, None, or lists and dicts of these; "
            "name others by a string."
        )
    return given if isinstance(given, str) and value(given) == given else written


def plain(given: Any) -> Any:
    """A value, of a scalar of NumPy the one of Python that it is."""
    return given.item() if type(given).__module__ == "numpy" and getattr(given, "shape", None) == () else given


def _same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal, and of the same types all through."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def value(text: str) -> Any:
    """The value of a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
