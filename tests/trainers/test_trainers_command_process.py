"""The processes of commands end, whatever becomes of those that started them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from own_command import QUICK, Program

from ablate import machine
from ablate.errors import AblateError
from ablate.trainers.command import process

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
