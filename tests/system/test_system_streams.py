"""Standard output and error as users leave them: closed, full, unread, and with few letters."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from ablate import __main__ as program
from ablate.system import streams

OUTPUT_FAILS = "ablate: Cannot write to standard output: no space left on device.\n"


class Failing(io.StringIO):
    """A stream that passes nothing on."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.asked = 0

    def flush(self) -> None:
        self.asked += 1
        raise self.error


def printing(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status of a program that prints its words and ends."""

    def run(arguments: Sequence[str]) -> int:
        for word in arguments:
            print(word)
        return 0

    monkeypatch.setattr(program, "_guarded", run)
    with pytest.raises(SystemExit) as end:
        program.main(list(words))
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (BrokenPipeError(32, "Broken pipe"), 0, ""),
        (OSError(28, "No space left on device"), 1, OUTPUT_FAILS),
        (OSError(9, "Bad file descriptor"), 1, "ablate: Cannot write to standard output: bad file descriptor.\n"),
        (
            ValueError("I/O operation on closed file"),
            1,
            "ablate: Cannot write to standard output: I/O operation on closed file.\n",
        ),
    ],
)
def test_output_that_cannot_be_written_is_told_once_or_not_at_all(
    error: Exception, status: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Failing(error)
    monkeypatch.setattr(sys, "stdout", out)
    assert printing(monkeypatch, "a", "b") == status
    assert sys.stdout is out
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device")])
def test_what_only_says_how_it_goes_is_dropped(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    err = Failing(error)
    monkeypatch.setattr(sys, "stderr", err)
    with streams.prepared():
        for _ in range(3):
            print("on its way", file=sys.stderr, flush=True)
            Console(stderr=True).print("and on")
    assert err.asked == 2, "the second time it is emptied for good"


def test_neither_rich_nor_logging_takes_the_end_of_a_reader_for_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = (
        lambda: Console().print("a"),
        lambda: logging.StreamHandler(sys.stdout).handle(logging.makeLogRecord({"msg": "a"})),
    )
    for write in handlers:
        monkeypatch.setattr(sys, "stdout", Failing(BrokenPipeError(32, "Broken pipe")))
        with streams.prepared(), pytest.raises(streams.ReaderGone):
            write()


@pytest.mark.parametrize(
    ("encoding", "seen"), [("latin-1", b"\xe4>\n"), ("ascii", b"?>\n"), ("cp1252", b"\xe4>\n"), ("utf-8", "ä→\n".encode())]
)
def test_letters_that_a_stream_does_not_know_are_replaced(
    encoding: str, seen: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    assert printing(monkeypatch, "ä→") == 0
    assert raw.getvalue() == seen
    assert out.errors == "strict", "it is as it was"


@pytest.fixture
def command(environment: dict[str, str]) -> list[str]:
    return [sys.executable, "-m", "ablate", "report", "--help"]


@pytest.fixture
def unread() -> Iterator[int]:
    """The end of a pipe that nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    yield writes
    os.close(writes)


def test_nothing_is_heard_of_a_pipe_that_nobody_reads(command: list[str], environment: dict[str, str], unread: int) -> None:
    ended = subprocess.run(command, stdout=unread, stderr=subprocess.PIPE, env=environment, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_behind_the_output_is_one_line(command: list[str], environment: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (1, OUTPUT_FAILS)


CLOSED = """
import os, sys
from ablate.system.streams import prepared
with prepared():
    print("nobody hears")
    print("nor this", file=sys.stderr)
    sys.stdout.flush()
    held = [os.open(os.devnull, os.O_RDONLY)]
    os._exit(0 if min(held) > 2 else 1)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "--info defaults",
        "--info all",
        "--cfg job",
        "--help",
        "--hydra-help",
        "plan data=digits seed=0,1",
        "info data=digits",
        "runs",
        "-sc install=bash",
    ],
)
def test_every_command_ends_quietly_where_nobody_reads(
    words: str, environment: dict[str, str], tmp_path: Path, unread: int
) -> None:  # fmt: skip
    command = [sys.executable, "-m", "ablate", *words.split()]
    where = {"cwd": tmp_path, "env": environment, "check": False}
    (tmp_path / "runs").mkdir()
    ended = subprocess.run(command, stdout=unread, stderr=subprocess.PIPE, text=True, **where)  # type: ignore[call-overload]
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "ignored" not in ended.stderr
    assert subprocess.run(command, stdout=unread, stderr=unread, **where).returncode == 0  # type: ignore[call-overload]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, **where)  # type: ignore[call-overload]
    assert ended.returncode == 1
    assert ended.stderr.endswith(OUTPUT_FAILS)


def test_streams_that_are_closed_are_not_taken_by_the_next_file(environment: dict[str, str]) -> None:
    line = f'exec "{sys.executable}" -c "$1" <&- >&- 2>&-'
    ended = subprocess.run(["sh", "-c", line, "sh", CLOSED], env=environment, check=False)
    assert ended.returncode == 0
