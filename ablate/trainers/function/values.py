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
    if type(given).__module__ == "numpy" and getattr(given, "shape", None) == ():
        given = given.item()
    try:
        written = json.dumps(given, ensure_ascii=False)
        same = json.loads(written) == given or given != given  # NaN
    except (TypeError, ValueError):
        same = False
    if not same:
        raise AblateError(
            f"{of} has the value {shown(given)}. Use strings, numbers, True, False, None, or lists and dicts of these; "
            "name others by a string."
        )
    return given if isinstance(given, str) and value(given) == given else written


def value(text: str) -> Any:
    """The value of a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
