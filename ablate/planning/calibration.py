"""The speed of this machine, measured by short trainings of a model that is always the same, and kept."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ablate import machine
from ablate.config.recipe import TRAINING_VERSION
from ablate.errors import AblateError
from ablate.messages import say
from ablate.resources import Share
from ablate.store import read_json, write_json
from ablate.system import provenance
from ablate.text import counted
from ablate.trainers import libraries

FILE = "calibration.json"
TIMEOUT_S = 300.0
# Each takes up to 1.5 GB of memory, so 6 GB in all, which a laptop of 16 GB has to spare. How much more many at once slow each
# other down is seen in the first sweep, whose own speeds count from then on.
MOST_AT_ONCE = 4


@dataclass(frozen=True)
class Speed:
    """A speed that was measured.

    threads: of that training. at_once: how many ran side by side; None where not known. sound: whether it was measured for long
    enough, on a machine that did little else. spread: of several, how much faster the fast ones were than the slow ones.
    """

    value: float
    threads: int
    at_once: int | None
    sound: bool = True
    spread: float = 1.0


def nearest(speeds: Iterable[Speed], share: Share) -> Speed | None:
    """The median of those that shared the machine most alike: by their threads first, then by how many ran at once."""
    alike: dict[tuple[int, int | None], list[float]] = {}
    for speed in speeds:
        alike.setdefault((speed.threads, speed.at_once), []).append(speed.value)

    def unlike(how: tuple[int, int | None]) -> tuple[float, float]:
        threads, at_once = how
        return abs(math.log(threads / share.threads)), abs(math.log(at_once / share.at_once)) if at_once else math.inf

    best = min(alike, key=unlike, default=None)
    if best is None:
        return None
    found = sorted(alike[best])
    tail = len(found) // 10  # of the slowest and of the fastest, which are left out
    return Speed(median(found), *best, spread=found[-1 - tail] / found[tail])


def kept(precision: str, share: Share, folder: Path) -> list[Speed]:
    """What was measured on this machine with this version, in operations a second: see `measure`."""
    identity = _identity(precision, share)
    found = []
    for entry in _entries(folder):
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # written by hand, or by another version
            speed = Speed(float(entry["operations_per_second"]), int(entry["threads"]), int(entry["at_once"]))
            sound = math.isfinite(speed.value) and min(speed.value, speed.threads, speed.at_once or 0) > 0
            if sound and entry.items() >= identity.items():
                found.append(speed)
    return found


def measure(precision: str, share: Share, folder: Path) -> Speed | None:
    """Measure the speed of each of the share's trainings at once, at most four, and keep it in a file of the folder.

    Returns:
        In operations a second, counted forward for each training example. None where it could not be measured, which is told.

    Raises:
        AblateError: TensorFlow or Keras does not start; see `libraries.check`.
    """
    libraries.check()
    at_once = min(share.at_once, MOST_AT_ONCE)
    threads = counted(share.threads, "thread")
    say(f"measuring the speed of this machine with {threads}, for this and later plans (about 15 s)")
    try:
        speed = Speed(median(_measured(precision, share, at_once)), share.threads, at_once)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, IndexError) as error:
        say(f"cannot measure the speed: {error}")
        return None
    measured = {"threads": speed.threads, "at_once": speed.at_once, "operations_per_second": speed.value}
    with suppress(OSError, AblateError):  # a folder that cannot be written: it is measured again next time
        write_json(folder / FILE, [*_entries(folder), _identity(precision, share) | measured])
    return speed


def _entries(folder: Path) -> list[Any]:
    content = read_json(folder / FILE)
    return content if isinstance(content, list) else []


def _measured(precision: str, share: Share, at_once: int) -> list[float]:
    """Operations a second of each of so many processes that measure at the same moment."""
    command = [sys.executable, "-m", "ablate.training.calibrate", "--threads", str(share.threads), "--precision", precision]
    with ExitStack() as stack:
        processes = []
        for number in range(at_once):
            own = {"CUDA_VISIBLE_DEVICES": share.gpus[number % len(share.gpus)]} if share.gpus else {}
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **own}
            )
            stack.enter_context(process)
            stack.callback(process.kill)  # where another one failed; it does nothing to one that has ended
            processes.append(process)
        return [_printed(process) for process in processes]


def _printed(process: "subprocess.Popen[str]") -> float:
    printed, errors = process.communicate(timeout=TIMEOUT_S)
    if process.returncode:
        raise ValueError((errors.strip().splitlines() or [f"exit status {process.returncode}"])[-1])
    return float(json.loads(printed.splitlines()[-1])["operations_per_second"])


def _identity(precision: str, share: Share) -> dict[str, Any]:
    """All that the speed depends on besides the threads and how many at once, as far as it is known without TensorFlow."""
    return {
        "host": machine.host(),
        "processor": machine.processor(),
        "gpu": bool(share.gpus),
        "tensorflow": provenance.version_of("tensorflow"),
        "ablate": provenance.version_of("ablate-tf"),
        "training": TRAINING_VERSION,
        "precision": precision,
    }
