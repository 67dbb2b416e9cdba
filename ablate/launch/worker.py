"""What runs in a worker process: one job after another, with TensorFlow imported once."""

import ctypes
import logging
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import connection
from pathlib import Path
from typing import Any

from ablate import app
from ablate.errors import AblateError
from ablate.launch.backend import Job, Outcome
from ablate.progress import Stopped
from ablate.store import Trajectory

GRACE_S = 15.0  # for a checkpoint, once the parent is gone
ORPHANED = 3  # exit status of a worker whose parent is gone


class Flag:
    """One bit that the parent sets and its worker reads, without a lock that a killed process could leave held."""

    def __init__(self) -> None:
        self._value = multiprocessing.get_context("spawn").RawValue(ctypes.c_bool, False)

    def set(self, value: bool) -> None:
        """Set or clear it."""
        self._value.value = value

    def __call__(self) -> bool:
        """Whether it is set."""
        return bool(self._value.value)


asked_to_stop = Flag()  # of this process; replaced by that of the parent when a worker starts


class _Quiet:
    """A watcher that tells nobody: live.json does."""

    def stepped(self, step: int, loss: float, examples_per_second: float) -> None:
        """Some steps were done."""

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""


def start(log: Path, gpu: str | None, stop: Flag) -> None:
    """Prepare a worker process: its output goes to a log, one GPU is its own, and it ends soon after its parent.

    Args:
        gpu: as CUDA_VISIBLE_DEVICES names it; None where there is none to share out.
    """
    global asked_to_stop
    asked_to_stop = stop
    stream = log.open("ab", buffering=0)
    for descriptor in (1, 2):
        os.dup2(stream.fileno(), descriptor)
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()


def _end_with_parent(stop: Flag) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    connection.wait([parent.sentinel])
    print("the program that started this worker is gone; saving and ending", file=sys.stderr, flush=True)
    stop.set(True)
    time.sleep(GRACE_S)
    os._exit(ORPHANED)


def work(job: Job) -> Outcome:
    """Ensure a job's trajectory, for the shortest of its runs first, unless another process is at it."""
    trajectory = Trajectory(job.store, job.fingerprint)
    with _warnings() as warnings:
        outcome = _work(job, trajectory, asked_to_stop)
    return replace(outcome, warnings=tuple(warnings))


def _work(job: Job, trajectory: Trajectory, stop: Flag) -> Outcome:
    with ExitStack() as stack:
        try:
            stack.enter_context(trajectory.locked(timeout_s=0))
        except TimeoutError:
            return Outcome(job.fingerprint, "busy")
        except AblateError as error:
            return Outcome(job.fingerprint, "failed", app.reason_of(error), traceback.format_exc())
        try:
            for recipe in job.recipes:
                if stop():
                    return Outcome(job.fingerprint, "stopped")
                app.ensure(recipe, trajectory, job.content, job.names, _Quiet(), stop, job.at_once)
        except Stopped:
            return Outcome(job.fingerprint, "stopped")
        except Exception as error:
            return Outcome(job.fingerprint, "failed", app.reason_of(error), traceback.format_exc())
    return Outcome(job.fingerprint, "ended")


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What the program logs meanwhile as a warning or worse."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Handler(logging.WARNING)
    logger = logging.getLogger("ablate")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
