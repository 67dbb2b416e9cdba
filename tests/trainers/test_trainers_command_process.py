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


def test_a_command_that_cannot_be_noted_is_ended(tmp_path: Path) -> None:
    (tmp_path / "process.json").mkdir()
    started = process.Process(SLEEP, tmp_path, os.environ, tmp_path / "log", tmp_path / "process.json")
    with pytest.raises(AblateError, match=r"process\.json: is a directory"), started:
        pass
    assert gone(started._process.pid)


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
