"""The segments of env.json: where, when and with what a training went from one step to another, an entry each."""

from pathlib import Path
from typing import Any

from ablate.store.checksums import unseal
from ablate.store.schema import BadFile, Node

_TEXTS = ("device", "host", "processor", "python", "commit", "time", "system")
_COUNTS = ("threads", "from_step", "to_step", "at_once")


def sound(entries: Any, file: Path) -> tuple[list[dict[str, Any]], bool]:
    """(the entries that are segments, first to last, without their checks; whether all are).

    Args:
        entries: the content of env.json. file: where it lies.
    """
    if not isinstance(entries, list):
        return [], False
    found = []
    for entry in entries:
        try:
            segment = unseal(entry)[0]
            _check(Node(segment, file))
        except (ValueError, BadFile):
            continue
        found.append(segment)
    return found, len(found) == len(entries)


def _check(node: Node) -> None:
    """Raises: BadFile: a value that is read is of another type; whoever computed the check, no version wrote it."""
    for key in _TEXTS:
        if (text := node.get(key)) is not None:
            text.text(1000)
    for key in _COUNTS:
        if (count := node.get(key)) is not None:
            count.whole()
    if (dirty := node.get("dirty")) is not None:
        dirty.boolean()
    if (versions := node.get("versions")) is not None:
        for _, version in versions.entries():
            if version.value is not None:  # of a package that is imported without being installed
                version.text(200)
