"""Ctrl-C, asked once to stop in good order and twice to stop at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ablate.progress import say

# What a terminal sends, what ends a job of a cluster, and what is left of a terminal that is gone.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def interruptible(told: str) -> Iterator[Callable[[], bool]]:
    """Within it the first of these signals only counts as asked, and says so; the second raises KeyboardInterrupt.

    A signal that is ignored, as `nohup` has it, stays so. Outside the main thread nothing changes.

    Args:
        told: the line that the first one prints.

    Yields:
        Whether a stop was asked for.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say(told)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in before.items() if handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, ask)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
