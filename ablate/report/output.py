"""Where the files of a report are written: all of them come through here, and none through a link in the folder of a sweep."""

from pathlib import Path

from ablate.errors import AblateError
from ablate.store import SWEEP, write_atomically
from ablate.system.safe_files import Unreadable


def write(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all; the path.

    Below the folder of a sweep no link is followed: it may come from elsewhere, and lead to what is not its own. How the user
    reaches that folder, or one of their own that they name, is their business.

    Raises:
        AblateError: it cannot be written.
    """
    try:
        write_atomically(path, content, _sweep_above(path))
    except Unreadable as error:
        raise AblateError(
            f"Cannot write {path}: {error.path} is in the way ({error.reason}). Remove it, or name another folder: --out DIR."
        ) from error
    return path


def _sweep_above(path: Path) -> Path | None:
    """The outermost folder on the way to a path that is that of a sweep."""
    return next((folder for folder in reversed(path.parents) if (folder / SWEEP).is_file()), None)
