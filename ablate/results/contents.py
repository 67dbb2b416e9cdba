"""The content of trainings as plain keys and values, and what of it differs."""

from collections.abc import Mapping
from typing import Any

from ablate.config.neutral import same
from ablate.store import fingerprint
from ablate.store.selection import leaves

_SHORT = 4  # values of a list that are shown; a longer one by its digest


def text_of(value: Any) -> str:
    """A value as a level that readers see."""
    if isinstance(value, list):
        short = len(value) <= _SHORT and not any(isinstance(one, dict | list) for one in value)
        return "×".join(map(text_of, value)) if short else fingerprint(value)[:8]
    if isinstance(value, str) and len(value) > 2 * 16:
        return value[:8]  # a digest
    return str(value)


def contents_differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(key, the value in one, that in the other) for each that differs; `none` where one has no such key."""
    first, second = dict(leaves(one)), dict(leaves(other))
    keys = [key for key in {**first, **second} if not same(first.get(key), second.get(key))]
    return [(key, text_of(first.get(key, "none")), text_of(second.get(key, "none"))) for key in keys]
