"""A worker process as its parent sees it: started, given jobs, asked to stop, and ended."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ablate.running.backend import Cause, Job

# Nothing of the user's is imported: a script that starts a sweep needs no `if __name__ == "__main__"`, and a sweep can be
# started from a notebook, from a test or from a program on standard input.
_PROGRAM = (
    "import sys; from multiprocessing.connection import Connection; connection = Connection(int(sys.argv[1])); "
    "sys.path[:] = connection.recv(); from ablate.running.worker import serve; serve(connection)"
)
_DIED_S = 5.0  # for the exit status of a process that has closed its end of the connection
_WORDS_BYTES = 4096  # at the end of a log, in which its last line is looked for
_LONGEST_WORDS = 200  # characters


class Process:
    """A worker that is running; see `ablate.running.worker.serve` for its side. All that it prints goes to a log.

    Args:
        gpu: as CUDA_VISIBLE_DEVICES names it; None where there is none to share out.

    Raises:
        OSError: no process can be started, or its log not be opened.
    """

    def __init__(self, log: Path, gpu: str | None) -> None:
        self.log = log
        own = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
        text = {"PYTHONIOENCODING": "utf-8:backslashreplace", "PYTHONUTF8": str(sys.flags.utf8_mode), "PYTHONUNBUFFERED": "1"}
        self.connection, theirs = multiprocessing.Pipe()
        try:
            with log.open("ab") as stream, _without_signals():
                self._before = stream.tell()
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    pass_fds=(theirs.fileno(),),
                    env={**os.environ, **text, **own},
                )
        except BaseException:
            self.connection.close()
            raise
        finally:
            theirs.close()
        self.send(sys.path)

    @property
    def running(self) -> bool:
        """Whether it is."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def cause(self) -> Cause:
        """Why it ended, once it did."""
        status = self._process.poll()
        return "killed" if status is not None and status < 0 else "error"

    def send(self, message: Job | str | list[str]) -> None:
        """Send a job, or the fingerprint of the one that is to stop. That the process is gone is told by `received`."""
        with suppress(OSError):
            self.connection.send(message)

    def received(self) -> Any:
        """What the worker says, once there is something; None where it is gone, or says what cannot be read."""
        try:
            return self.connection.recv()
        except Exception:
            return None

    def last_words(self) -> str:
        """How it ended, in a few words."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_DIED_S)
        return how_it_ended(self._process.poll())

    def reason(self) -> str:
        """The last line that it printed; nothing where it printed none."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(max(self._before, stream.seek(0, os.SEEK_END) - _WORDS_BYTES))
                lines = stream.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip()[:_LONGEST_WORDS] for line in reversed(lines) if line.strip()), "")

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self.connection.close()


@contextmanager
def _without_signals() -> Iterator[None]:
    """A process that is started within it does not see what a terminal sends to both, until it is ready to."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def how_it_ended(exitcode: int | None) -> str:
    """How a process ended, from its exit status; below 0 it is that of a signal, as `subprocess` has it."""
    if exitcode is None:
        return "closed its connection"
    if exitcode >= 0:
        return f"ended with status {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in {number.value for number in signal.Signals} else f"signal {-exitcode}"
    return f"was killed by {name}" + (" (perhaps for want of memory)" if name == "SIGKILL" else "")
