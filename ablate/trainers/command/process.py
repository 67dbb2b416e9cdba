"""The process of a command, with all that it starts: begun, listened to, and ended."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from ablate import machine
from ablate.errors import AblateError
from ablate.store import write_atomically
from ablate.trainers.command.rows import SAID

LAST_LINES, LONGEST_LINE = 3, 200  # of the log, that a message repeats
_TAIL_BYTES = 8192
_PIECE_BYTES = 1 << 16  # that are read of its output at once, and the most that a row has
_LOOKS = hasattr(os, "waitid")  # not on macOS before Python 3.13
_GROUP_LOOK_S = 0.05  # between two looks at the members of a group
_WAIT_S = 5.0  # for the exit status once the output is closed, and for the output once it has ended


class Process:
    """A command that runs as a process group of its own. Within `with`; all that is left of the group ends with it.

    Args:
        log: a file, for all that it prints. record: one that tells a later process of it, should this one be killed.

    Raises:
        AblateError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, record: Path) -> None:
        self.log, self.record = log, record
        self._said: list[bytes] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        with log.open("ab") as stream:
            self._before = stream.tell()
            try:
                self._process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stream,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise AblateError(f"The command cannot be started: {reason.lower()}.") from error
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        pid = self._process.pid
        try:
            told = {"pid": pid, "process": machine.process_started(pid), "worker": os.getpid()}
            write_atomically(self.record, json.dumps(told).encode())
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self.record.unlink(missing_ok=True)

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)  # before it is reaped, so that its number is still its own
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_WAIT_S)
        self._reader.join(_WAIT_S)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended; waits so long for that."""
        if self._closed.wait(seconds):  # which it is at once where it ends
            self._wait_for_end(seconds)
        return self._has_ended()

    def said(self) -> list[bytes]:
        """The rows that it printed since the last call, a line each."""
        with self._lock:
            found, self._said = self._said, []
        return found

    def drained(self) -> list[bytes]:
        """The last of them, once it has ended."""
        self._signal(signal.SIGKILL)  # what it started may hold its output open
        self._reader.join(_WAIT_S)
        return self.said()

    def end(self, grace_s: float) -> None:
        """Ask the whole group to end, and wait so long for that; what is left of it is ended by force behind `with`."""
        until = time.monotonic() + grace_s
        self._signal(signal.SIGTERM)
        self._wait_for_end(grace_s)
        while time.monotonic() < until and machine.has_members(self._process.pid):
            time.sleep(_GROUP_LOOK_S)

    def how_it_ended(self) -> str:
        """In a few words, where that is no success; empty where it is, or still runs."""
        status = self._process.wait(_WAIT_S) if self._has_ended() else 0
        if status >= 0:
            return f"ended with status {status}" if status else ""
        known = {number.value for number in signal.Signals}
        name = signal.Signals(-status).name if -status in known else f"signal {-status}"
        return f"was killed by {name}" + (" (perhaps for want of memory)" if name == "SIGKILL" else "")

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended it."""
        return (self._process.returncode or 0) < 0

    def last_lines(self) -> str:
        """What it printed last, for a message, with the file that has the rest."""
        with self.log.open("rb") as stream:
            stream.seek(max(self._before, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = [line.strip() for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
        told = " | ".join(line[:LONGEST_LINE] for line in lines[-LAST_LINES:])
        return f" Its last lines: {told} ({self.log})" if told else f" It printed nothing ({self.log})"

    def _listen(self, stream: BinaryIO) -> None:
        """Copy what it prints to its log, and keep the rows among it."""
        rest = b""
        with self.log.open("ab", buffering=0) as log, stream:
            while content := os.read(stream.fileno(), _PIECE_BYTES):
                log.write(content)
                *lines, rest = (rest + content).split(b"\n")
                self._keep(lines)
                rest = rest[:_PIECE_BYTES] if rest.startswith(SAID) else rest[: len(SAID)]  # a progress bar has no line break
        self._keep([rest])
        self._closed.set()

    def _keep(self, lines: Sequence[bytes]) -> None:
        with self._lock:
            self._said += [line[len(SAID) :] for line in lines if line.startswith(SAID)]

    def _has_ended(self) -> bool:
        """Whether it has; it is not reaped by this where the system allows it, so that its number stays its own."""
        if not _LOOKS:
            return self._process.poll() is not None
        if self._process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _wait_for_end(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(0.01)

    def _signal(self, number: int) -> None:
        if self._process.returncode is None or not _LOOKS:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def end_left(record: Path, worker: int | None = None) -> None:
    """End what a process that was killed has left running.

    Args:
        worker: the process that was killed; whichever it was where None.
    """
    try:
        told = json.loads(record.read_bytes())
        pid, process, by = int(told["pid"]), told["process"], told.get("worker")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return
    if worker in (None, by) and isinstance(process, str) and _may_be_left(pid, process):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _may_be_left(pid: int, process: str) -> bool:
    """Whether a group is still that of a process, which may be gone: no other gets its number as long as a member lives."""
    now = machine.process_started(pid)
    boot = (machine.process_started(os.getpid()) or "").partition("/")[0]
    return now == process or (now is None and process.partition("/")[0] == boot)
