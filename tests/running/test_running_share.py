"""Who gets which part of the machine, and how the machine is asked what it has."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import resources as sharing
from ablate.resources import Amount, Share, cores, gpus, share
from ablate.running.backends.local import Local


def shared(monkeypatch: pytest.MonkeyPatch, cpus: int, devices: int, workers: Amount, threads: Amount, trainings: int) -> Share:
    """The share on a machine of so many cores and GPUs."""
    monkeypatch.setattr(sharing, "cores", lambda: cpus)
    monkeypatch.setattr(sharing, "gpus", lambda of_tensorflow: tuple(map(str, range(devices))))
    return share(workers, threads, trainings)


@pytest.mark.parametrize(
    ("cpus", "devices", "workers", "threads", "trainings", "at_once", "of_each"),
    [
        # all auto: one thread each, or all cores alone
        (1, 0, "auto", "auto", 1, 1, 1), (2, 0, "auto", "auto", 1, 1, 2), (8, 0, "auto", "auto", 1, 1, 8),
        (1, 0, "auto", "auto", 9, 1, 1), (2, 0, "auto", "auto", 9, 2, 1), (8, 0, "auto", "auto", 9, 8, 1),
        (8, 0, "auto", "auto", 2, 2, 1), (8, 0, "auto", "auto", 0, 1, 8),
        # threads given: as many at once as the cores hold
        (1, 0, "auto", 4, 9, 1, 4), (2, 0, "auto", 1, 9, 2, 1), (8, 0, "auto", 3, 9, 2, 3), (8, 0, "auto", 2, 1, 1, 2),
        # workers given: the cores divided among them
        (1, 0, 4, "auto", 9, 4, 1), (2, 0, 1, "auto", 9, 1, 2), (8, 0, 3, "auto", 9, 3, 2), (8, 0, 4, "auto", 2, 2, 4),
        (8, 0, 4, "auto", 1, 1, 8),
        # both given: as asked, but no more at once than there is to do
        (1, 0, 4, 4, 9, 4, 4), (8, 0, 2, 1, 9, 2, 1), (8, 0, 4, 2, 3, 3, 2), (8, 0, 4, 2, 1, 1, 2),
        # on GPUs: one training each, and the cores divided among them
        (1, 1, "auto", "auto", 9, 1, 1), (8, 1, "auto", "auto", 9, 1, 8), (8, 1, "auto", "auto", 1, 1, 8),
        (1, 2, "auto", "auto", 9, 2, 1), (8, 2, "auto", "auto", 9, 2, 4), (8, 2, "auto", "auto", 1, 1, 8),
        (8, 2, "auto", 1, 9, 2, 1), (2, 2, "auto", 4, 9, 2, 4), (8, 2, 4, "auto", 9, 4, 2), (8, 2, 3, 1, 9, 3, 1),
    ],
)  # fmt: skip
def test_cores_and_gpus_are_shared(
    monkeypatch: pytest.MonkeyPatch,
    cpus: int,
    devices: int,
    workers: Amount,
    threads: Amount,
    trainings: int,
    at_once: int,
    of_each: int,
) -> None:
    found = shared(monkeypatch, cpus, devices, workers, threads, trainings)
    assert found == Share(at_once, of_each, tuple(map(str, range(devices))))


amounts = st.one_of(st.just("auto"), st.integers(1, 64))


@given(st.integers(1, 64), st.integers(0, 8), amounts, amounts, st.integers(0, 100))
def test_what_is_given_stands_and_auto_takes_no_more_than_there_is(
    cpus: int, devices: int, workers: Amount, threads: Amount, trainings: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = shared(patch, cpus, devices, workers, threads, trainings)
    assert 1 <= found.at_once <= max(1, trainings)
    assert found.threads >= 1
    assert len(found.gpus) == devices
    if workers != "auto":
        assert found.at_once == max(1, min(workers, trainings))
    elif devices:
        assert found.at_once <= devices
    if threads != "auto":
        assert found.threads == threads
    else:
        assert found.at_once * found.threads <= max(cpus, found.at_once)  # at least one thread each
    if workers == "auto" and not devices:
        assert found.at_once * found.threads <= max(cpus, found.threads)  # at least one training


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be held to some of the cores here")
def test_only_the_cores_that_the_process_may_use_count() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert 1 <= cores() <= len(allowed)


# the GPUs of this machine


class Machine:
    """A machine whose `nvidia-smi` and whose Python say what a test wants; the latter is asked what TensorFlow can use."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def program(self, name: str, prints: str, status: int = 0) -> Path:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\necho \"$@\" >> '{path}.asked'\n/bin/cat << 'END'\n{prints}\nEND\nexit {status}\n")
        path.chmod(0o755)
        return path

    def asked(self, name: str) -> list[str]:
        """What a program was called with, each time."""
        path = self.folder / f"{name}.asked"
        return path.read_text().splitlines() if path.exists() else []

    def lists(self, *lines: str, status: int = 0) -> None:
        self.program("nvidia-smi", "\n".join(lines), status)

    def tensorflow_uses(self, prints: object, status: int = 0) -> None:
        self.monkeypatch.setattr(sharing.sys, "executable", str(self.program("python", str(prints), status)))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    gpus.cache_clear()
    yield Machine(tmp_path, monkeypatch)
    gpus.cache_clear()


FIRST = "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-c0ffee)"
PART = "  MIG 1g.5gb     Device  0: (UUID: MIG-deadbeef)"
SECOND = "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-decade)"


def test_without_the_driver_there_is_no_gpu_and_tensorflow_is_not_asked(machine: Machine) -> None:
    machine.tensorflow_uses(2)
    assert gpus() == ()
    assert machine.asked("python") == []


@pytest.mark.parametrize(("lines", "names"), [((FIRST,), ("0",)), ((FIRST, PART, SECOND), ("0", "1")), ((), ())])
def test_the_driver_names_the_gpus(machine: Machine, lines: tuple[str, ...], names: tuple[str, ...]) -> None:
    machine.lists(*lines)
    machine.tensorflow_uses(f"a word of the libraries\n{len(names)}")
    assert gpus() == names
    assert machine.asked("nvidia-smi") == ["-L"]


def test_they_are_asked_for_once(machine: Machine) -> None:
    machine.lists(FIRST)
    machine.tensorflow_uses(1)
    assert gpus() == gpus() == ("0",)
    assert (len(machine.asked("nvidia-smi")), len(machine.asked("python"))) == (1, 1)


@pytest.mark.parametrize(
    ("visible", "names"),
    [("1", ("1",)), ("2, 0", ("2", "0")), ("GPU-decade,MIG-deadbeef", ("GPU-decade", "MIG-deadbeef")), ("", ()), ("-1", ())],
)
def test_only_those_that_the_environment_shows_count_as_it_names_them(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, visible: str, names: tuple[str, ...]
) -> None:
    machine.lists(FIRST, SECOND)
    machine.tensorflow_uses(len(names))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus() == names
    assert len(machine.asked("python")) == bool(names)


@pytest.mark.parametrize(("says", "status", "usable"), [(1, 0, 1), (0, 0, 0), ("", 0, 0), (2, 1, 0)])
def test_gpus_that_tensorflow_cannot_use_are_told(
    machine: Machine, capsys: pytest.CaptureFixture[str], says: object, status: int, usable: int
) -> None:
    machine.lists(FIRST, SECOND)
    machine.tensorflow_uses(says, status)
    assert gpus() == ("0", "1")[:usable]
    assert f"TensorFlow can use {usable} of the 2 GPUs of this machine" in capsys.readouterr().err


def test_for_code_that_is_not_of_tensorflow_all_that_the_driver_names_count(machine: Machine) -> None:
    machine.lists(FIRST, SECOND)
    machine.tensorflow_uses(0)
    assert gpus(of_tensorflow=False) == ("0", "1")
    assert sharing.share("auto", "auto", 5, of_tensorflow=False).gpus == ("0", "1")
    assert machine.asked("python") == []


def test_a_driver_that_fails_has_no_gpu(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.lists("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", status=9)
    machine.tensorflow_uses(1)
    assert (gpus(), machine.asked("python"), capsys.readouterr().err) == ((), [], "")


@pytest.mark.parametrize(
    ("devices", "of_slots"), [((), [None] * 3), (("4",), ["4"] * 3), (("4", "GPU-decade"), ["4", "GPU-decade", "4"])]
)
def test_each_place_for_a_training_has_one_gpu(tmp_path: Path, devices: tuple[str, ...], of_slots: list[str | None]) -> None:
    assert [slot.gpu for slot in Local(Share(3, 1, devices), tmp_path).slots] == of_slots
