"""Standard output and error that never spoil what the program did: who reads them may leave, be full, or know few letters."""

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

_OPENED_WITH = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)  # standard input, output and error


# What stands for characters that an encoding lacks; a minus that became a question mark would be another number.
_PLAINER = {
    **dict.fromkeys("\u2212\u2013\u2014\u2500", "-"),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    "\u2192": ">",
    "\u00d7": "x",
    "\u00b7": "|",
    "\u00b1": "+/-",
    "\u2026": "...",
    "\u2264": "<=",
    "\u2265": ">=",
    **dict.fromkeys("\u2501\u253f", "="),  # an interval, alone and where it crosses 0
    "\u2502": "|",
    "\u2020": "+",
    "\u2591": ".",  # a margin, and the empty part of a bar
    **dict.fromkeys("\u2588\u2589\u258a\u258b\u258c\u258d\u258e\u258f", "#"),
    "\u25b2": "^",
    "\u25bc": "v",
    "\u25a0": "#",
    "\u25c7": "o",
    "\u2713": "+",
    "\u2717": "x",
}
PLAIN = "ablate.plain"  # what a stream does with characters that it cannot encode


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAINER.get(character, "?") for character in error.object[error.start : error.end]), error.end


codecs.register_error(PLAIN, _plainer)


class ReaderGone(BaseException):
    """Nobody reads standard output any more, as behind `head`. It passes all that handles errors, as an interrupt does."""


class CannotPrint(BaseException):
    """Standard output cannot be written; the message is one line."""


class _Stream:
    """A text stream of which a failure to write is told in our own words, or where nothing is lost with it, not at all."""

    def __init__(self, stream: TextIO, needed: bool) -> None:
        self._stream, self._needed, self._lost = stream, needed, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text; once that failed it is dropped."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write many."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what was written."""
        self._try(self._stream.flush)

    def _try(self, write: Any) -> None:
        if self._lost:
            return
        try:
            write()
        except BrokenPipeError:
            self._lose()
            if self._needed:
                raise ReaderGone from None
        except (OSError, ValueError) as error:  # the second of a stream that was closed
            self._lose()
            if self._needed:
                reason = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else str(error)
                raise CannotPrint(f"Cannot write to standard output: {reason}.") from None

    def _lose(self) -> None:
        """Write nothing more; what waits in buffers goes nowhere, or the interpreter would stumble over it at its end."""
        self._lost = True
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        with suppress(OSError, ValueError):
            self._stream.flush()


@contextmanager
def prepared() -> Iterator[None]:
    """Within it standard output and error replace letters that they cannot encode, and are there even where they were closed.

    Standard output raises `ReaderGone` and `CannotPrint`. Standard error, which only says how things go, drops what it cannot
    write.
    """
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    errors = [(stream, stream.errors) for stream in before if hasattr(stream, "reconfigure")]
    for stream, _ in errors:
        stream.reconfigure(errors=PLAIN)
    sys.stdout = cast(TextIO, _Stream(before[0], needed=True))
    sys.stderr = cast(TextIO, _Stream(before[1], needed=False))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream, kept in errors:
            with suppress(OSError, ValueError):
                stream.reconfigure(errors=kept)


def _open_what_is_closed() -> None:
    """Standard streams that are closed lead nowhere; else the next file that is opened would take their place."""
    for number, flags in enumerate(_OPENED_WITH):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # it gets the lowest number, which is this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
