"""How the trainings of a sweep share this machine."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Literal

Amount = int | Literal["auto"]


@dataclass(frozen=True)
class Share:
    """at_once: trainings side by side. threads: of each. gpus: the devices, one a training; empty where there is none."""

    at_once: int
    threads: int
    gpus: tuple[str, ...] = ()


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def gpus() -> tuple[str, ...]:
    """What CUDA_VISIBLE_DEVICES would name each visible GPU of this machine, without asking TensorFlow."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(name.strip() for name in visible.split(",") if name.strip() and name.strip() != "-1")
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(str(number) for number, line in enumerate(listed.splitlines()) if line.startswith("GPU "))


def share(workers: Amount, threads: Amount, trainings: int) -> Share:
    """Who gets what when `trainings` are to be done.

    `auto`: with more than one training one thread each, as many at once as there are cores; alone all cores. Where there are
    GPUs, one training a GPU, and the cores divided among them. Both are numbers of at least 1 otherwise.
    """
    devices = gpus()
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
