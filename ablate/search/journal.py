"""A journal of trials: a file to which every process appends what it does, one line of JSON each, as Optuna reads it.

It may come from somebody else, or be no journal at all. So nothing is opened, mended or written unless it is a plain file that
begins as a journal does; every line is checked before Optuna sees it; and what is wrong is told with the file and the line.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from ablate.errors import AblateError
from ablate.search.journal_lines import fault
from ablate.search.optuna_private import JournalOperation
from ablate.store import writing
from ablate.store.files import reading

BEGINS = b'{"op_code":'  # every line
LINE_BYTES = 4 * 2**20  # at most
FILE_BYTES = 2**28  # at most
LOCKED_S = 120.0  # after which who holds the lock has stopped: a line takes milliseconds


def opened(path: Path) -> JournalStorage:
    """The storage in a journal, made where there is no such file.

    Raises:
        AblateError: it is no plain file, or not a journal, and it is untouched; a line of it is damaged; or the system refuses.
    """
    return _Storage(_File(path))


class _Storage(JournalStorage):
    """Optuna's storage, which tells what others wrote wrongly with the line that they wrote."""

    def __init__(self, file: "_File") -> None:
        self._file = file
        super().__init__(file)

    def _sync_with_backend(self) -> None:
        try:
            super()._sync_with_backend()
        except (KeyError, ValueError, TypeError, AttributeError, AssertionError, IndexError, ArithmeticError) as error:
            if self._file.worker == self._replay_result.worker_id:
                raise  # Optuna's answer to what this process asks for
            raise self._file.damaged(f"it does not fit the lines before it ({type(error).__name__})") from error


class _File(BaseJournalBackend):
    """The lines of a journal.

    line: the number of the line that was read last, from 1. worker: who wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line, self.worker = 0, ""
        self._lock = FileLock(_lock_of(path))
        self._offset = 0  # of the line after it
        self._trials = 0  # lines that make one
        check(path)
        with writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with writing(path):
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666))

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The lines from a number on; one that is still being written is left for the next time."""
        if log_number_from != self.line:
            self.line, self._offset, self._trials = 0, 0, 0
        with self._open(os.O_RDONLY) as file:
            size = os.fstat(file.fileno()).st_size
            if size < self._offset:
                raise AblateError(f"{self.path} was replaced while it was in use. Start the command again.")
            if size > FILE_BYTES:
                raise AblateError(f"{self.path} must have at most {FILE_BYTES >> 20} MiB, got {size >> 20} MiB.")
            file.seek(self._offset)
            while self._offset < size:
                found = file.readline(LINE_BYTES + 1)
                if len(found) <= LINE_BYTES and not found.endswith(b"\n"):
                    return
                self.line += 1
                content = self._parsed(found)
                self._offset += len(found)
                self._trials += content["op_code"] == JournalOperation.CREATE_TRIAL
                self.worker = content["worker_id"]
                if self.line > log_number_from:
                    yield content

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines, all of them or none."""
        data = "".join(f"{json.dumps(log, separators=(',', ':'))}\n" for log in logs).encode()
        try:
            with writing(self.path):
                self._lock.acquire(timeout=LOCKED_S)
        except Timeout:
            raise AblateError(
                f"Another process has held {self._lock.lock_file} for {LOCKED_S:.0f} seconds. End it, and start the command "
                "again."
            ) from None
        try:
            with self._open(os.O_RDWR) as file:
                end = _mended(file, self.path)
                try:
                    with writing(self.path):
                        file.seek(end)
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                except BaseException:
                    with suppress(OSError):
                        os.ftruncate(file.fileno(), end)  # half a line would be in the way of the next
                    raise
        finally:
            self._lock.release()

    def damaged(self, reason: str) -> AblateError:
        """The error for the line that was read last."""
        return AblateError(f"{self.path}, line {self.line}: {reason}. Restore the file, or search with a new one.")

    def _open(self, flags: int) -> Any:
        try:
            with reading(self.path):
                return os.fdopen(
                    os.open(self.path, flags | os.O_NOFOLLOW | os.O_CLOEXEC), "rb" if flags == os.O_RDONLY else "rb+"
                )
        except (FileNotFoundError, NotADirectoryError):
            raise AblateError(f"{self.path} is gone: it was deleted or moved while it was in use.") from None

    def _parsed(self, line: bytes) -> dict[str, Any]:
        if len(line) > LINE_BYTES:
            raise self.damaged(f"a line must have at most {LINE_BYTES >> 20} MiB")
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            raise self.damaged("it must be a JSON object of a journal") from None
        wrong = fault(content, self._trials)
        if wrong is not None:
            raise self.damaged(wrong)
        return dict(content)


def check(path: Path) -> None:
    """Refuse what is no journal, or whose lock is no plain file, without changing anything.

    Raises:
        AblateError: says which, or that it cannot be read.
    """
    check_plain(path, _lock_of(path))
    _check_begins(path)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def check_plain(*paths: Path) -> None:
    """Refuse links, pipes, devices and folders, without opening them."""
    for path in paths:
        try:
            with reading(path):
                mode = path.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISREG(mode):
            kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFDIR: "a folder", stat.S_IFSOCK: "a socket"}
            raise AblateError(f"{path} must be a plain file, got {kinds.get(stat.S_IFMT(mode), 'a device')}.")


def _check_begins(path: Path) -> None:
    """Refuse a file that is something else than a journal."""
    try:
        with reading(path), path.open("rb") as file:
            begins = file.read(len(BEGINS))
    except (FileNotFoundError, NotADirectoryError):
        return
    if begins and begins != BEGINS:
        raise AblateError(f"{path} is not a journal of trials, so it is left as it is. Give the path of a new file.")


def _mended(file: Any, path: Path) -> int:
    """Where the next line begins, half a line of a process that was killed while it wrote cut off.

    The next line behind half a one would spoil the file for good, and what was not written whole was not said. Anything else
    behind the last line is nobody's to cut.
    """
    end = size = file.seek(0, os.SEEK_END)
    tail = b""
    while end > 0:
        start = max(0, end - 65536)
        file.seek(start)
        piece = file.read(end - start)
        at = piece.rfind(b"\n")
        tail = piece[at + 1 :] + tail
        end = start + at + 1 if at >= 0 else start
        if at >= 0 or len(tail) > LINE_BYTES:
            break
    tail = tail.rstrip(b"\0")  # that a file system puts where data were lost with the power
    if not (tail.startswith(BEGINS) or (end and BEGINS.startswith(tail)) or (end == size)):
        raise AblateError(f"{path} ends with something that is no line of a journal, so it is left as it is. Delete that.")
    if end < size:
        with writing(path):
            file.truncate(end)
    return int(end)
