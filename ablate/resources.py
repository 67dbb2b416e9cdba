"""How the trainings of a sweep share this machine."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ablate.messages import say

Amount = int | Literal["auto"]


@dataclass(frozen=True)
class Share:
    """at_once: trainings side by side. threads: of each. gpus: the devices, one a training; empty where there is none."""

    at_once: int
    threads: int
    gpus: tuple[str, ...] = ()


def cores() -> int:
    """The processor cores that this process may use, a container's quota included."""
    from joblib import cpu_count

    return int(cpu_count())


@functools.cache
def gpus(of_tensorflow: bool = True) -> tuple[str, ...]:
    """What CUDA_VISIBLE_DEVICES would name each GPU that can be used here.

    Args:
        of_tensorflow: whether TensorFlow must be able to, which is asked in a process of its own; else all of the driver count.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        listed = _output([program, "-L"]).splitlines()
        names = [line.removeprefix("GPU ").partition(":")[0] for line in listed if line.startswith("GPU ")]
    else:
        names = [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    if not names or not of_tensorflow:
        return tuple(names)
    seen = _output([sys.executable, "-c", "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"])
    usable = int(seen.split()[-1]) if seen.split() else 0
    if usable < len(names):
        say(f"TensorFlow can use {usable} of the {len(names)} GPUs of this machine; see its page on installing for GPUs")
    return tuple(names[:usable])


def _output(command: Sequence[str]) -> str:
    """What a program prints; nothing where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def share(workers: Amount, threads: Amount, trainings: int, of_tensorflow: bool = True) -> Share:
    """Who gets what when `trainings` are to be done.

    `auto`: with more than one training one thread each, as many at once as there are cores; alone all cores. Where there are
    GPUs, one training a GPU, and the cores divided among them. Both are numbers of at least 1 otherwise.

    Args:
        of_tensorflow: see `gpus`.
    """
    devices = gpus(of_tensorflow)
    if workers != "auto":
        at_once = workers
    elif devices:
        at_once = len(devices)
    elif threads != "auto":
        at_once = max(1, cores() // threads)
    else:
        at_once = cores()
    at_once = max(1, min(at_once, trainings))
    if threads != "auto":
        return Share(at_once, threads, devices)
    if workers == "auto" and not devices and trainings > 1:
        return Share(at_once, 1)
    return Share(at_once, max(1, cores() // at_once), devices)
