"""config.yaml of a training: the content that was hashed, and in a comment above it the levels it was first asked for with."""

from collections.abc import Mapping
from typing import Any

import yaml

from ablate import escaping
from ablate.store.checksums import DAMAGE
from ablate.store.files import digest, fingerprint, parse_yaml

MOST_CONFIG_BYTES = 256 << 10

_FIRST = "# first asked for as:"
_FIRST_CHECK = "# check of that line: "  # which no fingerprint holds; versions before this wrote none


def text_of(content: Mapping[str, Any], names: Mapping[str, str]) -> bytes:
    """The file. names: of the chosen levels, by group; what YAML has no sign for is shown as `�`, also in a comment."""
    comment = escaping.visible(f"{_FIRST} " + " ".join(f"{group}={level}" for group, level in names.items()))
    return f"{comment}\n{_FIRST_CHECK}{digest(comment.encode())}\n{yaml.safe_dump(dict(content), sort_keys=False)}".encode()


def hashed(data: bytes, wanted: str) -> dict[str, Any] | None:
    """The content that was hashed; None where the file is damaged or does not fit the fingerprint that is wanted."""
    try:
        content = parse_yaml(data)
        fits = isinstance(content, dict) and fingerprint(content) == wanted
    except (*DAMAGE, TypeError):
        return None
    return content if fits else None


def names_of(data: bytes) -> tuple[dict[str, str], bool]:
    """(the level of each group that the training was first asked for with, whether the line that says so is damaged)."""
    first, second, *_ = [*data.split(b"\n", 2), b""]
    if second.startswith(_FIRST_CHECK.encode()) and second != (_FIRST_CHECK + digest(first)).encode():
        return {}, True
    words = first.decode(errors="replace").removeprefix(_FIRST).split() if first.startswith(_FIRST.encode()) else []
    return dict(word.split("=", 1) for word in words if "=" in word), False
