"""Files that grow by whole lines, one JSON object each with its checksum."""

import os
from pathlib import Path

from ablate.store.files import FORBIDDEN, content_of, make_folder, replace, writing
from ablate.system.safe_files import Unreadable, kind_of


def append(path: Path, lines: bytes, most_bytes: int, below: Path | None = None) -> None:
    """Add whole lines, durably; where there is no room for them, nothing of them stays.

    Args:
        lines: each with its end.
        most_bytes: how large the file may be.
        below: a folder under which no part of the path may be a link.

    Raises:
        AblateError: they cannot be written.
    """
    with writing(path):
        make_folder(path.parent, below)
        kind = kind_of(path)
        if kind is not None:
            raise Unreadable(path, kind)
        try:
            _append(path, lines, most_bytes)
        except OSError as error:
            if error.errno not in FORBIDDEN:
                raise
            _rewrite(path, lines, most_bytes)  # another user's, in a shared folder


def _append(path: Path, lines: bytes, most_bytes: int) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0) as stream:
        if os.fstat(stream.fileno()).st_nlink > 1:  # a backup may share the file, and is not to grow with it
            _rewrite(path, lines, most_bytes)
            return
        before = stream.seek(0, os.SEEK_END)
        if before > 0 and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n":
            lines = b"\n" + lines  # a killed write left a torn line
        try:
            left = memoryview(lines)
            while left:
                left = left[stream.write(left) :]
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(before)
            raise


def _rewrite(path: Path, lines: bytes, most_bytes: int) -> None:
    content = content_of(path, most_bytes) or b""
    replace(path, (content if content.endswith(b"\n") or not content else content + b"\n") + lines, durably=True)
