"""What networks cost when they are used: bytes, and the time and memory of inference, each in a fresh process.

Networks are timed in turns, so that what else the machine does comes upon all of them.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ablate.deploy.subject import Source, Subject
from ablate.deploy.trained import Trained
from ablate.errors import AblateError
from ablate.models.costs import totals

TENSORFLOW = "tensorflow"  # the format of a training that was not exported
FEWEST = 3  # networks for which a rank correlation tells something


@dataclass(frozen=True)
class Times:
    """Inference with one batch size and number of threads.

    batch: images at once; a model file may want another number than was asked for. calls: how many were timed. median_ms,
    p95_ms: milliseconds of a call. load_seconds: from the file to the end of the first call. memory_bytes: the most that the
    process took beyond what it had before the network was loaded.
    """

    batch: int
    threads: int
    calls: int
    median_ms: float
    p95_ms: float
    load_seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Measured:
    """What was found of a network.

    word: as the user named it. source: the training that it comes from. bytes, zipped: of its file, or of the float32 weights
    of a training. parameters, operations: None of a model file.
    """

    word: str
    format: str
    source: Source
    bytes: int
    zipped: int
    parameters: int | None
    operations: int | None
    times: tuple[Times, ...]

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "run": self.word,
            "format": self.format,
            **vars(self.source),
            "bytes": self.bytes,
            "zipped": self.zipped,
            "parameters": self.parameters,
            "operations": self.operations,
            "times": [vars(each) for each in self.times],
        }


def measure(subjects: Sequence[Subject], batches: Sequence[int], threads: Sequence[int], rounds: int) -> list[Measured]:
    """What networks cost, in the order given.

    Args:
        rounds: how often it is each network's turn.

    Raises:
        AblateError: one cannot be loaded.
    """
    found = [_in_turns(subjects, batch, count, rounds) for count in threads for batch in batches]
    sizes = found[0]
    return [
        _measured(subject, sizes[number][1], tuple(each[number][0] for each in found))
        for number, subject in enumerate(subjects)
    ]


def _in_turns(subjects: Sequence[Subject], batch: int, threads: int, rounds: int) -> list[tuple[Times, tuple[int, int]]]:
    """The times of all networks with one batch size and number of threads, each in a process of its own; and their sizes."""
    with ExitStack() as stack:
        places = [stack.enter_context(_process(subject, batch, threads)) for subject in subjects]
        loaded = [_answer(place, subject) for place, subject in zip(places, subjects, strict=True)]
        calls: list[list[float]] = [[] for _ in subjects]
        peaks = [0] * len(subjects)
        for _ in range(rounds):
            for number, (place, subject) in enumerate(zip(places, subjects, strict=True)):
                place.send(True)
                taken, peaks[number] = _answer(place, subject)
                calls[number] += taken
    return [
        (Times(size, threads, len(taken), float(np.median(taken)), float(np.percentile(taken, 95)), seconds, peak), sizes)
        for (size, seconds, sizes), taken, peak in zip(loaded, calls, peaks, strict=True)
    ]


@contextmanager
def _process(subject: Subject, batch: int, threads: int) -> Iterator[Connection]:
    """A fresh process that loads a network and times it whenever it is asked; it ends with this."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, subject, batch, threads), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.kill()
        process.join()


def _answer(place: Connection, subject: Subject) -> Any:
    try:
        found = place.recv()
    except EOFError:
        raise AblateError(f"{subject.one.word}: the process that measured it died, perhaps for want of memory.") from None
    if isinstance(found, str):
        raise AblateError(found)
    return found


def _serve(connection: Connection, subject: Subject, batch: int, threads: int) -> None:
    from ablate.deploy.runtime.timed import serve  # TensorFlow is imported here, in the fresh process

    serve(connection, subject, batch, threads)


def _measured(subject: Subject, sizes: tuple[int, int], times: tuple[Times, ...]) -> Measured:
    one = subject.one
    if isinstance(one, Trained):
        return Measured(one.word, TENSORFLOW, subject.source, *sizes, *totals(one.model, one.input_shape), times)
    return Measured(one.word, one.kind, subject.source, *sizes, None, None, times)


def rank_correlations(found: Sequence[Measured]) -> dict[str, float]:
    """Spearman's, of bytes with parameters and of milliseconds with FLOPs; empty where too few networks differ in these.

    Milliseconds are those of the first batch size and number of threads.

    Examples:
        >>> from ablate.deploy.measured import Measured, Times, rank_correlations
        >>> from ablate.deploy.subject import Source
        >>> def network(size, parameters, operations, median):
        ...     times = (Times(1, 1, 9, median, median, 0.1, 0),)
        ...     return Measured("", "tensorflow", Source(), size, size, parameters, operations, times)
        >>> rank_correlations([network(40, 10, 7, 2.0), network(80, 20, 5, 3.0), network(120, 30, 6, 1.0)])
        {'bytes with parameters': 1.0, 'milliseconds with FLOPs': -0.5}
    """
    from scipy import stats

    known = [one for one in found if one.parameters is not None and one.operations is not None]
    if len({(one.parameters, one.operations) for one in known}) < FEWEST:
        return {}
    pairs = {
        "bytes with parameters": [(one.bytes, one.parameters) for one in known],
        "milliseconds with FLOPs": [(one.times[0].median_ms, one.operations) for one in known],
    }
    return {name: round(float(stats.spearmanr(np.array(values, float)).statistic), 3) for name, values in pairs.items()}
