"""Worker processes of this machine: whatever becomes of one is told in one line, and nothing waits for it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ablate import trainers
from ablate.config import loading
from ablate.resources import Share
from ablate.running import process as processes
from ablate.running.backend import Job, Outcome
from ablate.running.backends.local import Local, Slot
from ablate.running.process import Process, how_it_ended

AT_MOST_S = 60.0
PREPARED = "import sys; from multiprocessing.connection import Connection; c = Connection(int(sys.argv[1])); c.recv(); "
IDLE = "import os, signal, time; signal.pthread_sigmask(signal.SIG_SETMASK, []); job = c.recv(); c.send('begun'); "


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    store = tmp_path_factory.mktemp("store") / "in the way"
    store.write_text("")
    asked = trainers.asked(loading.compose(["data=digits", f"store='{store}'"]))
    return Job("0123456789abcdef", store, asked.spec, (asked.readout,), {}, {}, threads=1)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Local]:
    with Local(Share(1, 1), tmp_path / "logs") as made:
        yield made
    assert all(slot.process is None for slot in made.slots)


def outcome(backend: Local) -> Outcome:
    until = time.monotonic() + AT_MOST_S
    while not (found := backend.wait(0.2)):
        assert time.monotonic() < until
    [one] = found
    return one


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import no_such", "ended with status 1 before the training began: ModuleNotFoundError: No module named 'no_such'"),
        ("print('libcudart.so?'); raise SystemExit(1)", "ended with status 1 before the training began: libcudart.so?"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL (perhaps for want of memory) before the training began"),
        ("import os; os._exit(0)", "ended with status 0 before the training began"),
        (f"{PREPARED}{IDLE}os._exit(0)", "ended with status 0"),
        (f"{PREPARED}{IDLE}os.abort()", "was killed by SIGABRT"),
        (f"{PREPARED}c.recv_bytes(); c.send_bytes(b'no pickle')", "ended with status 0 before the training began"),
        (f"{PREPARED}{IDLE}c.close(); sys.exit(7)", "ended with status 7"),
    ],
)  # fmt: skip
def test_a_worker_that_dies_is_told_in_one_line_and_the_rest_is_in_its_log(
    program: str, told: str, backend: Local, job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "_PROGRAM", program)
    backend.submit([job])
    found = outcome(backend)
    assert (found.state, found.error, found.log) == ("died", f"its process {told}", backend.slots[0].log)
    assert found.cause == ("killed" if "killed" in told else "error")
    assert backend.room([1]), "the place is free for the next try"
    backend.end()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("gpu", "seen"), [("GPU-decade", "GPU-decade"), (None, "0,1")])
def test_a_worker_sees_its_own_gpu_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: str | None, seen: str) -> None:
    monkeypatch.setattr(processes, "_PROGRAM", "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    worker = Process(tmp_path / "log", gpu)
    assert worker.last_words() == "ended with status 0"
    assert worker.reason() == seen
    worker.end()


def test_a_log_that_cannot_be_opened_leaves_nothing_at_work(backend: Local, job: Job) -> None:
    backend.slots[0].log.mkdir()
    backend.submit([job])
    assert backend.room([1])
    [told] = backend.wait(0.01)
    assert (told.state, told.cause) == ("died", "refused")
    assert told.error.startswith("its process could not be started: is a directory")
    assert backend.wait(0.01) == []


def test_a_worker_as_it_is(backend: Local, job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    """One process, started once: it fails as the store does, is asked to stop, is killed, and is replaced."""
    backend.submit([job])
    failed = outcome(backend)
    assert (failed.state, failed.fingerprint) == ("failed", job.fingerprint)
    assert str(job.store) in failed.error
    assert "Traceback" in failed.trace
    slot = backend.slots[0]
    assert slot.process is not None
    os.kill(slot.process._process.pid, signal.SIGINT)  # what a terminal sends is not for it
    backend.submit([job])
    backend.cancel([job.fingerprint])
    backend.cancel(["another"])
    assert outcome(backend).state in ("failed", "stopped")
    os.kill(slot.process._process.pid, signal.SIGTERM)
    assert slot.process.last_words() == "ended with status 0"
    backend.submit([job])  # in a new process
    assert outcome(backend).state == "failed"
    backend.end()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, "ended with status 0"),
        (-11, "was killed by SIGSEGV"),
        (-77, "was killed by signal 77"),
        (None, "closed its connection"),
    ],
)
def test_how_a_process_ended(status: int, told: str) -> None:
    assert how_it_ended(status) == told


def test_nothing_at_work_is_waited_for_no_longer_than_asked(tmp_path: Path) -> None:
    idle: Callable[[float], list[Outcome]] = Local(Share(2, 1), tmp_path).wait
    before = time.process_time()
    started = time.monotonic()
    assert idle(0.05) == []
    assert time.monotonic() - started >= 0.05
    assert time.process_time() - before < 0.05


def test_two_that_die_at_once_are_both_told_where_one_cannot_be_ended(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PROGRAM", "raise SystemExit(1)")
    with Local(Share(2, 1), tmp_path / "logs") as backend:
        backend.submit([replace(job, fingerprint=name) for name in ("first", "second")])
        first, second = (slot.process for slot in backend.slots)
        assert first is not None
        assert second is not None
        for process in (first, second):
            process._process.wait(AT_MOST_S)
        end = first.end

        def refuse() -> None:
            end()
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(first, "end", refuse)
        found = {each.fingerprint: each for each in backend.wait(AT_MOST_S)}
        assert {name: each.state for name, each in found.items()} == {"first": "died", "second": "died"}
        assert found["first"].error == "its process failed: input/output error"
        assert all(slot.job is None and slot.process is None for slot in backend.slots)


def test_a_process_that_cannot_be_ended_does_not_keep_the_others(tmp_path: Path) -> None:
    backend = Local(Share(3, 1), tmp_path)
    ended: list[Slot] = []

    def refuse(slot: Slot) -> None:
        ended.append(slot)
        raise OSError(5, "Input/output error")

    for slot in backend.slots:
        slot.end = partial(refuse, slot)  # type: ignore[method-assign]
    with pytest.raises(OSError, match="Input/output"):
        backend.end()
    assert len(ended) == 3
