"""The processes of commands end, whatever becomes of those that started them."""

import json
import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psutil
import pytest
from own_command import QUICK, Program

from ablate import machine, trainers
from ablate.config import loading
from ablate.config import own as own_words
from ablate.errors import AblateError, Stopped
from ablate.running import worker
from ablate.running.backend import Job
from ablate.trainer import Report, Resources, Spec, Work
from ablate.trainers.command import process, training

STUBBORN = """
import signal, sys, time
from ablate import log
signal.signal(signal.SIGTERM, signal.SIG_IGN)
log(1, accuracy=0.5)
time.sleep(60)
"""
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def gone(pid: int) -> bool:
    """Whether a process ends within seconds; one that nobody has reaped has."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_a_group_without_its_first_process_is_ended_but_not_that_of_another_worker(tmp_path: Path) -> None:
    starts = f"import subprocess; print(subprocess.Popen({SLEEP!r}, stdout=subprocess.DEVNULL).pid, flush=True); input()"
    first = subprocess.Popen(
        [sys.executable, "-c", starts], start_new_session=True, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    left = int(first.stdout.readline())
    record = tmp_path / "process.json"
    record.write_text(json.dumps({"pid": first.pid, "process": machine.process_started(first.pid), "worker": 1}))
    first.communicate("\n")
    process.end_left(record, worker=2)
    assert psutil.Process(left).status() != psutil.STATUS_ZOMBIE
    process.end_left(record, worker=1)
    assert gone(left)


PS = """#!/bin/sh
cat "{folder}/started-$4" 2>/dev/null || exit 1
"""
SYSCTL = """#!/bin/sh
echo 0A1B-2C3D
"""


def test_without_proc_a_process_is_known_by_what_ps_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("ps", PS.format(folder=tmp_path)), ("sysctl", SYSCTL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "platform", "darwin")
    for cached in (machine._boot, machine._own_start):
        cached.cache_clear()
    left = subprocess.Popen(SLEEP, start_new_session=True)
    (tmp_path / f"started-{left.pid}").write_text("Mon Nov 30  18:00:00 2026\n")
    assert machine.process_started(left.pid) == "0A1B-2C3D/Mon Nov 30 18:00:00 2026"
    assert machine.process_started(1) is None
    record = tmp_path / "process.json"
    for start in ("Mon Nov 30 17:00:00 2026", "Mon Nov 30 18:00:00 2026"):
        assert left.poll() is None, "another process has that number now"
        record.write_text(json.dumps({"pid": left.pid, "process": f"0A1B-2C3D/{start}", "worker": 1}))
        process.end_left(record, worker=1)
    assert gone(left.pid)
    left.wait()
    machine._boot.cache_clear()


def test_a_command_that_cannot_be_noted_is_ended(tmp_path: Path) -> None:
    (tmp_path / "process.json").mkdir()
    started = process.Process(SLEEP, tmp_path, os.environ, tmp_path / "log", tmp_path / "process.json")
    with pytest.raises(AblateError, match=r"process\.json: is a directory"), started:
        pass
    assert gone(started._process.pid)


@pytest.mark.slow
def test_a_command_that_is_to_end_has_as_long_as_is_given(own: Program) -> None:
    body = (
        "import signal, time\ndef last(*_):\n    time.sleep(0.5)\n    open('saved', 'w').close()\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, last)\nlog(1, accuracy=0.5)\ntime.sleep(60)"
    )
    for grace, saved in ((0.1, False), (30, True)):
        told = own.script(body, "trainer.timeout=2", f"trainer.grace={grace}", "retries=0", status=1)
        assert "took longer than trainer.timeout=2 seconds." in told
        assert (own.folder / "saved").exists() == saved


@pytest.mark.slow
@pytest.mark.parametrize("way", ["Ctrl-C twice", "worker killed"])
def test_no_command_outlives_its_sweep(own: Program, way: str) -> None:
    own.write(stubborn=STUBBORN)
    running = own.start("-m", "seed=0,1", "retries=0", *QUICK, "--", "python", "stubborn.py", "{seed}")
    until = time.monotonic() + 60
    while time.monotonic() < until and len(list((own.folder / "runs").glob("*/metrics.jsonl"))) < 2:
        time.sleep(0.05)
    workers = psutil.Process(running.pid).children()
    commands = [one for worker in workers for one in worker.children(recursive=True)]
    assert len(commands) == 2
    if way == "worker killed":
        for worker in workers:
            worker.kill()
        assert running.wait(60) == 1
    else:
        running.send_signal(signal.SIGINT)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    assert all(gone(one.pid) for one in commands)


def test_a_worker_whose_parent_is_gone_ends_its_command_before_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GRACE_S", 0.01)
    statuses: queue.SimpleQueue[int] = queue.SimpleQueue()
    monkeypatch.setattr(os, "_exit", statuses.put)
    (tmp_path / "f").mkdir()
    job = Job("f", tmp_path, Spec("command", 0, Work()), (), {}, {}, threads=1)
    here, there = multiprocessing.Pipe()
    inbox = worker._Inbox(here)
    there.send(job)
    with process.Process(SLEEP, tmp_path, os.environ, tmp_path / "log", tmp_path / "f" / training.RECORD) as running:
        assert inbox.jobs.get() == job
        there.close()
        assert statuses.get(timeout=10) == worker.ORPHANED
        assert gone(running._process.pid)


CHILD = """
import signal, sys, time
def last(*_):
    time.sleep(0.3)
    open("saved", "w").close()
    sys.exit()
signal.signal(signal.SIGTERM, last)
open("ready", "w").close()
time.sleep(60)
"""


@pytest.mark.parametrize(("grace_s", "saved"), [(30, True), (0.1, False)])
def test_what_a_command_has_started_has_as_long_to_end_as_itself(tmp_path: Path, grace_s: float, saved: bool) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    words = ["sh", "-c", f"{sys.executable} -S child.py & exec sleep 60"]
    with process.Process(words, tmp_path, os.environ, tmp_path / "log", tmp_path / "process.json") as running:
        until = time.monotonic() + 10
        while not (tmp_path / "ready").exists() and time.monotonic() < until:
            time.sleep(0.01)
        began = time.monotonic()
        running.end(grace_s)
        assert time.monotonic() - began < 10, "it waits no longer than there is something to wait for"
    assert (tmp_path / "saved").exists() == saved


@pytest.mark.parametrize(
    ("listed", "found"), [("  7 S\n 12 Z+\n 12 Ss", True), ("7 S\n12 Z", False), ("112 S", False), ("", False)]
)
def test_without_proc_the_members_of_a_group_are_those_that_ps_lists(
    listed: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(machine, "_answer", lambda *words: listed)
    assert machine.has_members(12) == found


ODD = """
import signal, sys, time
from ablate import log
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
log(1, accuracy=0.5)
try:
    time.sleep(60)
finally:
    log({row})
"""


@pytest.mark.slow
@pytest.mark.parametrize("row", ["1, accuracy=0.5", "2, accuracy=float('nan')", "0.5, accuracy=0.1", "3, loss=1"])
def test_one_that_was_stopped_is_stopped_whatever_it_logs_then(own: Program, row: str) -> None:
    own.write(odd=ODD.format(row=row))
    config = loading.compose(own_words.for_hydra(own_words.cut(["--", "python", "odd.py", "{seed}"])))
    asked = trainers.asked(config)
    folder = own.folder / "runs" / "f"
    folder.mkdir(parents=True)
    rows: list[int] = []
    report = SimpleNamespace(
        began=lambda *_: 0, row=lambda step, *_: rows.append(step), alive=lambda *_: None, stop=lambda: bool(rows)
    )
    with pytest.raises(Stopped):
        training.run(asked.spec.payload, asked.spec, folder, Resources(1), cast("Report", report))
    assert rows == [1]
