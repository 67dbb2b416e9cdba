"""Reading files that a stranger may have made: regular files alone, through no link, never waiting, of bounded size.

`below` is the folder that the user named. How it is reached is the user's business; below it no link is followed.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ablate.errors import AblateError

MOST_BYTES = 64 << 20  # of a file for which the caller knows no smaller limit

_KINDS = {
    stat.S_IFLNK: "it is a link, which is not followed",
    stat.S_IFDIR: "it is a folder",
    stat.S_IFIFO: "it is a pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
}
_MISSING = (FileNotFoundError, NotADirectoryError)


class Unreadable(AblateError):
    """A file that is there and cannot be read. path: which. reason: why, in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot read {path}: {reason}.")
        self.path = path
        self.reason = reason


def reason_of(error: OSError) -> str:
    """What the system says, as the end of a sentence: no space left on device."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]


def refuse_links(path: Path, below: Path) -> None:
    """Refuse a path of which a part below a folder is a link, itself included; what is missing is none.

    Raises:
        Unreadable: a part is a link.
    """
    for part in (*reversed(path.relative_to(below).parents[:-1]), path.relative_to(below)):
        if (below / part).is_symlink():
            raise Unreadable(below / part, _KINDS[stat.S_IFLNK])


def kind_of(path: Path) -> str | None:
    """What is wrong with a path that should be a regular file; None where it is one, or is missing.

    Raises:
        OSError: the system does not tell.
    """
    try:
        mode = stat.S_IFMT(os.lstat(path).st_mode)
    except _MISSING:
        return None
    return None if mode == stat.S_IFREG else _KINDS.get(mode, "it is no file")


def make_lock_file(path: Path) -> None:
    """Make a lock file where it is missing, so that all whom the umask allows can lock it; filelock's mode is its own.

    Raises:
        Unreadable: something else is in its place.
        FileNotFoundError: there is no folder for it.
        OSError: the system refuses.
    """
    kind = kind_of(path)
    if kind is not None:
        raise Unreadable(path, kind)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))


def open_regular(path: Path, most_bytes: int = MOST_BYTES, below: Path | None = None) -> BinaryIO:
    """A regular file, open for reading.

    Args:
        most_bytes: how large it may be.
        below: a folder under which no part of the path may be a link; None where the last part alone may not.

    Raises:
        FileNotFoundError, NotADirectoryError: there is none.
        Unreadable: it is a link, a pipe, a device or a folder, or larger, or the system refuses.
    """
    try:
        if below is not None:
            refuse_links(path, below)
        kind = kind_of(path)
        if kind is not None:
            raise Unreadable(path, kind)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except _MISSING:
        raise
    except OSError as error:
        link = error.errno == errno.ELOOP
        raise Unreadable(path, _KINDS[stat.S_IFLNK] if link else reason_of(error)) from error
    file = os.fdopen(descriptor, "rb")
    status = os.fstat(descriptor)
    wrong = None
    if not stat.S_ISREG(status.st_mode):
        wrong = _KINDS.get(stat.S_IFMT(status.st_mode), "it is no file")
    elif status.st_size > most_bytes:
        wrong = f"it has {status.st_size:,} bytes, more than the {most_bytes:,} such a file may have"
    if wrong:
        file.close()
        raise Unreadable(path, wrong)
    return file


def read_regular(path: Path, most_bytes: int = MOST_BYTES, below: Path | None = None) -> bytes:
    """The bytes of a regular file; arguments and errors are those of `open_regular`."""
    with open_regular(path, most_bytes, below) as file:
        try:
            content = file.read(most_bytes + 1)
        except OSError as error:
            raise Unreadable(path, reason_of(error)) from error
    if len(content) > most_bytes:
        raise Unreadable(path, f"it grew above the {most_bytes:,} bytes such a file may have")
    return content
