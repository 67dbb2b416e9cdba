"""Folders that this process works in under a lock. What is deleted or moved meanwhile is told, and not made anew by halves."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ablate.errors import AblateError

_held: dict[Path, tuple[Path, tuple[int, int], str]] = {}  # folder: its lock file, which file that is, what to do


class Gone(AblateError):
    """A folder was deleted or moved, or is another one now."""


@contextmanager
def keeping(folder: Path, lock: Path, advice: str) -> Iterator[None]:
    """Within it nothing is written to a folder any more once its lock file, which this process holds, is gone.

    Args:
        advice: a sentence that says what to do then.

    Raises:
        Gone: it is already.
    """
    found = _identity(lock)
    if found is None:
        raise _gone(folder, advice)
    _held[folder] = mine = lock, found, advice
    try:
        yield
    finally:
        if _held.get(folder) is mine:
            del _held[folder]


def check(path: Path) -> None:
    """Raises: Gone: the path is, or is in, a folder that this process works in, and that is gone."""
    for folder, (lock, identity, advice) in tuple(_held.items()):
        if (folder == path or folder in path.parents) and _identity(lock) != identity:
            raise _gone(folder, advice)


def _gone(folder: Path, advice: str) -> Gone:
    return Gone(f"{folder} was deleted or moved during the command. {advice}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino
