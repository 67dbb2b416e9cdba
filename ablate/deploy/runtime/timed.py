"""A network timed in a process of its own."""

import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from ablate.deploy.model_files import LITERT, ONNX
from ablate.deploy.runtime import restored
from ablate.deploy.runtime.foreign import MODULES
from ablate.deploy.subject import Subject, sizes_of
from ablate.deploy.trained import Trained
from ablate.errors import AblateError
from ablate.training.state import settled

WARM_UP = 5  # calls that are not timed: they trace, and fill caches
TURN_S, LEAST_CALLS = 0.2, 3  # of one turn
Timed = tuple[int, Callable[[], object], Callable[[], list[bytes]]]  # batch size, a call, what is on the disk
_LIBRARIES = {LITERT: "ai_edge_litert.interpreter", ONNX: "onnxruntime"}


@settled()
def serve(connection: Connection, subject: Subject, batch: int, threads: int) -> None:
    """Load a network and time it whenever that is asked for.

    It sends (batch size, seconds of loading, bytes plain and zipped), then for each word that it gets (milliseconds of each
    call, bytes of memory); or in one line why it cannot.
    """
    try:
        _limit(threads)
        restored.prepare(threads)
        before = _bytes_now()
        started = time.perf_counter()
        timed = _of_training(subject, batch) if isinstance(subject.one, Trained) else _of_file(subject, batch, threads)
        size, call, contents = timed
        call()
        seconds = time.perf_counter() - started
        connection.send((size, seconds, sizes_of(contents())))
        for _ in range(WARM_UP):
            call()
        while connection.recv():
            connection.send((_turn(call), max(0, _most_bytes() - before)))
    except AblateError as error:
        connection.send(str(error))
    except EOFError:
        pass  # nobody asks any more


def _limit(threads: int) -> None:
    """Keep the process on so many cores, where the system can: not every library does as it is told."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _turn(call: Callable[[], object]) -> list[float]:
    """The milliseconds of each call of one turn."""
    taken: list[float] = []
    while len(taken) < LEAST_CALLS or sum(taken) < 1000 * TURN_S:
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def _of_training(subject: Subject, batch: int) -> Timed:
    assert isinstance(subject.one, Trained)
    network = restored.Restored(subject.one, subject.step, subject.weights)
    images = np.random.default_rng(0).integers(0, 256, (batch, *subject.one.image_shape), np.uint8)
    return batch, lambda: network(images, batch), lambda: [weight.numpy().tobytes() for weight in network.model.weights]


def _of_file(subject: Subject, batch: int, threads: int) -> Timed:
    model = subject.one
    assert not isinstance(model, Trained)
    own = {"threads": threads} if model.kind in _LIBRARIES else {}
    with suppress(ImportError):  # said in a line where it is loaded
        import_module(_LIBRARIES.get(model.kind, "tensorflow"))
    module = import_module(f"ablate.deploy.runtime.loaded.{MODULES[model.kind]}")
    loaded = module.load(model, subject.preparation, model.image_shape, batch, **own)
    images = np.random.default_rng(0).integers(0, 256, (loaded.batch, *model.image_shape), np.uint8)
    prepared = subject.preparation.prepared(images, loaded.size)
    files = sorted(path for path in model.path.rglob("*") if path.is_file()) if model.path.is_dir() else [model.path]
    return loaded.batch, lambda: loaded.compute(prepared), lambda: [path.read_bytes() for path in files]


def _bytes_now() -> int:
    """Of memory that the process takes; the most so far where the system does not say."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return _most_bytes()


def _most_bytes() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
