"""Signs of life: what a process leaves in a file, so that others see whether it is still there."""

import math
import os
import time
from collections.abc import Mapping
from typing import Any

from ablate import machine

SILENT_S = 120  # after which a process of another machine counts as dead
DOUBTED_S = 600  # after which one of this machine does of which only the number is known, since numbers are used again


def sign_of_life() -> dict[str, Any]:
    """What this process says of itself: pid, host, time (seconds since 1970), process (its start; None if not known)."""
    return {"pid": os.getpid(), "host": machine.host(), "time": time.time(), "process": machine.process_started(os.getpid())}


def alive(content: Mapping[str, Any]) -> bool:
    """Whether the process that left a sign of life seems to be there.

    On this machine there must be its `pid`, with the start that it named. Where a start is not known, and on other machines,
    it must have spoken lately: less than 10 minutes ago here, less than 2 there.
    """
    silent_s = _silent_s(content.get("time"))
    if content.get("host") != machine.host():
        return silent_s < SILENT_S
    pid = content.get("pid")
    if type(pid) is not int or not _exists(pid):
        return False
    named, found = content.get("process"), machine.process_started(pid)
    return silent_s < DOUBTED_S if named is None or found is None else bool(named == found)


def _silent_s(said_at: Any) -> float:
    """How far away the last word is, in either direction, since a clock may jump; infinite where that is no time."""
    try:
        return abs(time.time() - float(said_at))
    except (TypeError, ValueError, OverflowError):
        return math.inf


def _exists(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)  # asks whether there is such a process
    except PermissionError:
        return True  # another user's
    except (OSError, OverflowError):
        return False
    return True
