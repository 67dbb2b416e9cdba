"""The device and threads of this process: set once, before TensorFlow does anything."""

import logging
import os
from contextlib import suppress
from typing import Any

import keras
import tensorflow as tf

from ablate import machine
from ablate.store import Trajectory
from ablate.system import environment, provenance
from ablate.training.state import settled

log = logging.getLogger(__name__)


def configure(threads: int) -> int:
    """Give TensorFlow its threads, and let it take GPU memory as it needs it.

    Returns:
        The threads that TensorFlow really has: those of the first call in this process, since they cannot change later.
    """
    with suppress(RuntimeError):  # already running: what it has is read below
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    for gpu in tf.config.list_physical_devices("GPU"):
        with suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    return tf.config.threading.get_intra_op_parallelism_threads() or _chosen("TF_NUM_INTRAOP_THREADS")


def _chosen(variable: str) -> int:
    """The threads that TensorFlow chose where it was told none."""
    told = os.environ.get(variable, "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@settled()
def free_memory() -> None:
    """Let go of the graphs and variables of trainings that are over, of which a process may do many."""
    keras.utils.clear_session(free_memory=True)


def device_name() -> str:
    """The first GPU by its name, or the processor."""
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return machine.processor()


def warn_of_changes(trajectory: Trajectory) -> None:
    """Say what may change the last bits where a training resumes under other conditions than those it was begun under."""
    segments = trajectory.segments()
    differ = environment.changes(segments[-1], facts()) if segments and trajectory.checkpoints() else []
    if differ:
        log.warning("%s resumes under other conditions, so its last bits may differ (%s).", trajectory.path, "; ".join(differ))


def warn_without_bfloat16() -> None:
    """Say so where the processor has no bfloat16 arithmetic, so that it is emulated and slow."""
    flags = next((line for line in machine.cpuinfo() if line.startswith("flags")), None)
    if flags and not tf.config.get_visible_devices("GPU") and not {"avx512_bf16", "amx_bf16"} & set(flags.split()):
        log.warning("This processor has no bfloat16 arithmetic: precision=bfloat16 will be slower than float32.")


def segment(threads: int, at_once: int, step: int, to_step: int) -> dict[str, Any]:
    """Where and with what a training goes from a step to another: an entry of env.json."""
    return provenance.segment(step, to_step, threads, at_once, **facts())


def facts() -> dict[str, Any]:
    """What a segment tells of this process and its machine.

    Of environment variables only those are read that `environment.found` lists. A segment with an `environment` is of a
    version that sets Keras's and TensorFlow's global state and checks the network; see `state.settled`.
    """
    return {
        **provenance.facts(device_name(), ("ablate-tf", "tensorflow", "keras", "numpy")),
        "environment": {
            "variables": environment.found(),
            "instructions": environment.instructions(machine.cpuinfo()),
            "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads() or _chosen("TF_NUM_INTEROP_THREADS"),
            **_libraries(),
        },
    }


def _libraries() -> dict[str, str]:
    """The versions of what computes on a GPU, where there is one."""
    if not tf.config.get_visible_devices("GPU"):
        return {}
    built = tf.sysconfig.get_build_info()
    return {name: str(built[f"{name}_version"]) for name in ("cuda", "cudnn") if f"{name}_version" in built}
