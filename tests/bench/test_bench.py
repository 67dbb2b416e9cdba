"""Speed and memory, side by side with a fair rival in the same run: ratios, since machines differ.

Wants an idle machine. Processes are measured in turns, several rounds, and the median of the ratios counts.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from ablate.data import archive

pytestmark = pytest.mark.bench

HERE = Path(__file__).parent
WINDOW_S = 5

KERAS, ABLATE = "keras_fit.py", "ablate_train.py"
# name: (script, threads, overrides, how many at once)
CONTESTANTS = {
    "Keras fit, 2 threads": (KERAS, 2, [], 1),
    "Keras fit, two at once with 1 thread each": (KERAS, 1, [], 2),
    "float32, 2 threads": (ABLATE, 2, ["precision=float32"], 1),
    "float32, two at once with 1 thread each": (ABLATE, 1, ["precision=float32"], 2),
    "bfloat16, two at once with 1 thread each": (ABLATE, 1, ["precision=bfloat16"], 2),
}
RIVAL = "Keras fit, 2 threads"


def has_bfloat16() -> bool:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in text or "amx_bf16" in text


class Worker:
    """A process that measures its own throughput when it is asked to."""

    def __init__(self, words: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def ask(self, seconds: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def answer(self) -> float:
        """Examples a second."""
        assert self.process.stdout is not None
        return float(json.loads(self.process.stdout.readline())["examples_per_second"])


@contextmanager
def worker(script: str, threads: int, overrides: Sequence[str]) -> Iterator[Worker]:
    started = Worker([sys.executable, str(HERE / script), "--threads", str(threads), *overrides])
    with started.process:
        try:
            yield started
        finally:
            started.process.kill()


@pytest.fixture(scope="module")
def throughputs(request):
    """Examples a second of each contestant, one number a round."""
    names = [name for name in CONTESTANTS if has_bfloat16() or not name.startswith("bfloat16")]
    with ExitStack() as stack:
        teams: dict[str, list[Worker]] = {}
        for name in names:
            script, threads, overrides, size = CONTESTANTS[name]
            teams[name] = [stack.enter_context(worker(script, threads, overrides)) for _ in range(size)]
        found: dict[str, list[float]] = {name: [] for name in names}
        rounds = request.config.getoption("--bench-rounds")
        for number in range(rounds + 1):
            for name in names:
                for member in teams[name]:
                    member.ask(WINDOW_S)
                speed = sum(member.answer() for member in teams[name])
                if number:  # in the first round the others are still starting
                    found[name].append(speed)
    return found


def ratio(throughputs, name: str) -> float:
    return median(ours / theirs for ours, theirs in zip(throughputs[name], throughputs[RIVAL], strict=True))


def test_rival(throughputs, table):
    table.note("machine", f"{platform.machine()}, {os.cpu_count()} processors")
    for name, speeds in throughputs.items():
        table.note(f"examples/s: {name}", f"{median(speeds):.0f}")
    twice = "Keras fit, two at once with 1 thread each"
    table.note(f"{twice} / {RIVAL}", f"{ratio(throughputs, twice):.2f} x")


@pytest.mark.parametrize(
    ("name", "bar"),
    [
        ("float32, 2 threads", 1.5),
        ("float32, two at once with 1 thread each", 1.6),
        ("bfloat16, two at once with 1 thread each", 2.7),
    ],
)
def test_throughput(name, bar, request, table):
    what = f"{name} / {RIVAL}"
    if name.startswith("bfloat16") and not has_bfloat16():
        table.skip(what, f"at least {bar:g} x", "the processor has no bfloat16 arithmetic")
    table.at_least(bar, what, ratio(request.getfixturevalue("throughputs"), name), "x")


def measured(script: str, *words: str) -> float:
    """The number that a script prints."""
    done = subprocess.run([sys.executable, str(HERE / script), *words], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_averages_cost_little(pytestconfig, table):
    pairs = 8 * pytestconfig.getoption("--bench-rounds")
    share = measured(ABLATE, "--threads", "2", "--share-of-averages", str(pairs))
    table.under(5, "tracking averaged weights, part of a step", 100 * share, "%")


def test_summaries_cost_little(pytestconfig, table):
    pairs = 8 * pytestconfig.getoption("--bench-rounds")
    share = measured(ABLATE, "--threads", "2", "--share-of-summaries", str(pairs))
    table.under(2, "tensorboard=scalars, part of a step", 100 * share, "%")


def test_local_response_normalization(pytestconfig, table):
    pairs = 4 * pytestconfig.getoption("--bench-rounds")
    speed_up = measured("lrn.py", "--pairs", str(pairs))
    table.at_least(4, "LRN with gradient, 128 x 12 x 12 x 64, 1 thread / tf.nn.lrn", speed_up, "x")


@pytest.fixture(scope="module")
def random_cifar10(tmp_path_factory):
    """A folder in the layout and the sizes of CIFAR-10."""
    folder = tmp_path_factory.mktemp("data") / archive.FOLDER
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in archive.IMAGE_FILES:
        records = generator.integers(0, 256, (10_000, archive.RECORD_BYTES), dtype=np.uint8)
        records[:, 0] %= 10
        (folder / name).write_bytes(records.tobytes())
    (folder / archive.NAMES_FILE).write_text("\n".join("abcdefghij"))
    return folder


@pytest.mark.parametrize("augment", ["on", "off"])
def test_peak_memory(augment, random_cifar10, tmp_path, table):
    words = [f"data.archive={random_cifar10}", f"augment={augment}", "steps=20", "eval_every=10", "threads=2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ablate", *words],
        cwd=tmp_path,
        env=os.environ | {"ABLATE_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    size_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    table.under(2, f"peak memory of a training with its evaluations, augment={augment}", size_bytes / 1e9, "GB")


@pytest.mark.parametrize(
    ("words", "status"), [("--help", 0), ("report --help", 0), ("info model=alex4", 0), ("augment=flipp", 1)]
)
def test_start(words, status, tmp_path, table, pytestconfig):
    seconds = []
    for _ in range(pytestconfig.getoption("--bench-rounds") + 1):  # the first fills the file cache
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "ablate", *words.split()], cwd=tmp_path, capture_output=True, check=False)
        seconds.append(time.perf_counter() - start)
        assert done.returncode == status, done.stderr
    table.under(1.5, f"time to answer `ablate {words}`", median(seconds[1:]), "s")
