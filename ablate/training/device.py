"""The device and threads of this process: set once, before TensorFlow does anything."""

import logging
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ablate import machine

log = logging.getLogger(__name__)


def configure(threads: int) -> int:
    """Give TensorFlow its threads, and let it take GPU memory as it needs it.

    Returns:
        The threads that TensorFlow really has: those of the first call in this process, since they cannot change later.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
            tf.config.experimental.enable_op_determinism()  # the same command gives the same bits
            tf.config.experimental.enable_tensor_float_32_execution(False)  # float32 means float32
    except RuntimeError:
        pass  # already running: what it has is read below
    return tf.config.threading.get_intra_op_parallelism_threads()


def free_memory() -> None:
    """Let go of the graphs and variables of trainings that are over, of which a process may do many."""
    keras.utils.clear_session(free_memory=True)


def device_name() -> str:
    """The first GPU by its name, or the processor."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return machine.processor()


def warn_without_bfloat16() -> None:
    """Say so where the processor has no bfloat16 arithmetic, so that it is emulated and slow."""
    flags = next((line for line in machine.cpuinfo() if line.startswith("flags")), None)
    if flags and not tf.config.list_physical_devices("GPU") and not {"avx512_bf16", "amx_bf16"} & set(flags.split()):
        log.warning("This processor has no bfloat16 arithmetic: precision=bfloat16 will be slower than float32.")


def segment(threads: int, at_once: int, step: int, to_step: int) -> dict[str, Any]:
    """Where and with what a training goes from a step to another: an entry of env.json. No environment variables are read."""
    commit, dirty = _git()
    return {
        "from_step": step,
        "to_step": to_step,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "host": machine.host(),
        "system": platform.platform(),
        "device": device_name(),
        "processor": machine.processor(),
        "threads": threads,
        "at_once": at_once,
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("ablate-tf", "tensorflow", "keras", "numpy")},
        "commit": commit,
        "dirty": dirty,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git() -> tuple[str | None, bool | None]:
    """Commit of the checkout that this code runs from, and whether it was changed since; None where it is no checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    try:
        command = ["git", "-C", str(root)]
        commit = subprocess.run([*command, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True)
        changes = subprocess.run(
            [*command, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit.stdout.strip(), bool(changes.stdout.strip())
