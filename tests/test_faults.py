"""Fault injection: whatever is killed at whatever moment, asking again until it is done gives what no kill would have given."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from filelock import FileLock

WORDS = ("-m", "augment=off,flip,crop", "ema=on,off", "seed=0,1", "workers=2", "steps=5000", "eval_every=250")
TIMES = ("seconds", "examples_per_second", "check")


def numbers(trajectory: Path) -> list[dict[str, Any]]:
    lines = (trajectory / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key not in TIMES} for line in lines]


def arrays(file: Path) -> dict[str, Any]:
    with np.load(file) as content:
        return {name: content[name] for name in content.files if name not in ("sha256", "progress/seconds")}


def alive(relatives: set[psutil.Process]) -> list[psutil.Process]:
    return [process for process in relatives if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
@pytest.mark.parametrize("many", [8, 30])
def test_kills_of_workers_and_parent_change_nothing(many: int, program: Any, another: Any) -> None:
    generator = np.random.default_rng(20170817)
    relatives: set[psutil.Process] = set()
    kills = {"parent": 0, "worker": 0}
    process = None
    while sum(kills.values()) < many:
        if process is None or process.poll() is not None:
            assert process is None or process.returncode != 0, "it was done before it was killed often enough"
            process = program.start(*WORDS)
        until = time.monotonic() + generator.uniform(0.2, 8)
        while time.monotonic() < until and process.poll() is None:
            time.sleep(0.05)
        if process.poll() is not None:  # a worker died too often for one of its trainings
            continue
        parent = psutil.Process(process.pid)
        children = [child for child in parent.children(recursive=True) if "resource_tracker" not in " ".join(child.cmdline())]
        relatives |= {parent, *children}
        if children and generator.random() < 0.6:
            generator.choice(np.array(children, object)).send_signal(signal.SIGKILL)
            kills["worker"] += 1
        else:
            parent.send_signal(signal.SIGKILL)
            process.communicate()
            kills["parent"] += 1
    assert min(kills.values()) >= many // 6, kills
    for _ in range(5):
        if process is None or process.wait(timeout=600) != 0:
            process = program.start(*WORDS)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err

    _, orphans = psutil.wait_procs(alive(relatives), timeout=30)
    assert not orphans
    locks = list(program.folder.rglob("*.lock"))
    assert locks
    for lock in locks:
        with FileLock(lock, timeout=0):
            pass
    assert not list(program.folder.rglob("live.json"))
    assert ": 0 damaged, " in program.command("runs", "verify")[0]

    another(*WORDS)
    assert [path.name for path in program.trajectories()] == [path.name for path in another.trajectories()]
    for one, other in zip(program.trajectories(), another.trajectories(), strict=True):
        assert numbers(one) == numbers(other)
        for kind in ("predictions", "checkpoints"):
            files = sorted(path.name for path in (one / kind).glob("*.npz"))
            assert files == sorted(path.name for path in (other / kind).glob("*.npz"))
            for name in files:
                left, right = arrays(one / kind / name), arrays(other / kind / name)
                assert left.keys() == right.keys()
                for key in left:
                    np.testing.assert_array_equal(left[key], right[key])
    results = [[result | {"costs": None} for result in each.results()] for each in (program, another)]
    assert results[0] == results[1]
