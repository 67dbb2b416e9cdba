"""Ctrl-C and what else ends a program, asked once to stop in good order and twice to stop at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# What a terminal sends, what ends a job of a cluster, and what is left of a terminal that is gone.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

_Handler = Callable[[int, FrameType | None], None]
_received: int | None = None


def status() -> int | None:
    """The exit status of a program that was interrupted: 130 by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP; else None."""
    return None if _received is None else 128 + _received


@contextmanager
def raising() -> Iterator[None]:
    """Within it each of these signals raises KeyboardInterrupt, so that nothing is left half done; `status` tells of it."""
    global _received
    _received = None

    def interrupt(number: int, frame: FrameType | None) -> None:
        _note(number)
        raise KeyboardInterrupt

    with _handled_by(interrupt):
        yield


@contextmanager
def interruptible(told: str | Callable[[], str]) -> Iterator[Callable[[], bool]]:
    """Within it the first of these signals only counts as asked, and says so; the second raises KeyboardInterrupt.

    A signal that is ignored, as `nohup` has it, stays so. Outside the main thread nothing changes.

    Args:
        told: the line that the first one prints.

    Yields:
        Whether a stop was asked for.
    """
    from ablate.messages import say

    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        _note(number)
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say(told if isinstance(told, str) else told())

    with _handled_by(ask):
        yield asked.is_set


def _note(number: int) -> None:
    global _received
    _received = number


@contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in before.items() if handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
