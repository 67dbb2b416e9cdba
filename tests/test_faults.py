"""Fault injection: whatever is killed at whatever moment, asking again until it is done gives what no kill would have given."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from filelock import FileLock

SWEEP = ("-m", "augment=off,flip,crop", "ema=on,off", "seed=0,1", "workers=2")
GRID = ("hydra/sweeper/sampler=grid", "hydra/sweeper/pruner=none", "hydra.sweeper.n_trials=6", "hydra.sweeper.confirm_seeds=0")
SEARCH = ("-m", "hydra/sweeper=optuna", "lr=0.05,0.1,0.2", "batch_size=16,32", *GRID, "workers=2", "report.formats=[]")
STEPS_A_KILL = 170  # so that there is enough to train for as many kills as are wanted
STEPS_A_KILL_OF_A_SEARCH = 340  # that has fewer trainings
DEATHS_BEFORE_GIVING_UP = 2  # `retries`: of workers of one training
TIMES = ("seconds", "examples_per_second", "recent_examples_per_second", "check")


def numbers(trajectory: Path) -> list[dict[str, Any]]:
    lines = (trajectory / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key not in TIMES} for line in lines]


def arrays(file: Path) -> dict[str, Any]:
    with np.load(file) as content:
        return {name: content[name] for name in content.files if name not in ("sha256", "progress/seconds")}


def alive(relatives: set[psutil.Process]) -> list[psutil.Process]:
    return [process for process in relatives if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def wait_for_workers(process: Any) -> None:
    until = time.monotonic() + 120
    while process.poll() is None and not psutil.Process(process.pid).children() and time.monotonic() < until:
        time.sleep(0.05)


def killed(program: Any, words: tuple[str, ...], many: int) -> None:
    """Kill the program, or one of its workers, as often at random moments, and then have it go on until it is done."""
    generator = np.random.default_rng(20170817)
    relatives: set[psutil.Process] = set()
    kills = {"parent": 0, "worker": 0}
    of_this_parent = 0  # deaths of its workers: a training that has too many is given up, and was not without kills
    process = None
    while sum(kills.values()) < many:
        if process is None or process.poll() is not None:
            assert process is None or process.returncode != 0, "it was done before it was killed often enough"
            process, of_this_parent = program.start(*words), 0
        of_worker = generator.random() < 0.6 and of_this_parent < DEATHS_BEFORE_GIVING_UP
        if of_worker or generator.random() < 0.5:  # the rest of the parent's are at any moment since its start
            wait_for_workers(process)
        until = time.monotonic() + generator.uniform(0.2, 8)
        while time.monotonic() < until and process.poll() is None:
            time.sleep(0.05)
        if process.poll() is not None:  # a worker died too often for one of its trainings
            continue
        parent = psutil.Process(process.pid)
        children = parent.children(recursive=True)
        relatives |= {parent, *children}
        if of_worker and children:
            generator.choice(np.array(children, object)).send_signal(signal.SIGKILL)
            kills["worker"] += 1
            of_this_parent += 1
        else:
            parent.send_signal(signal.SIGKILL)
            process.communicate()
            kills["parent"] += 1
    assert min(kills.values()) >= many // 6, kills
    for _ in range(5):
        if process is None or process.wait(timeout=3600) != 0:
            process = program.start(*words)
    _, err = process.communicate(timeout=3600)
    assert process.returncode == 0, err
    _, orphans = psutil.wait_procs(alive(relatives), timeout=30)
    assert not orphans


def check_clean(program: Any) -> None:
    """Nothing of the kills is left: no lock is held, nothing seems to be at work, nothing is damaged."""
    locks = list(program.folder.rglob("*.lock"))
    assert locks
    for lock in locks:
        with FileLock(lock, timeout=0):
            pass
    assert not list(program.folder.rglob("live.json"))
    assert ": 0 damaged, " in program.command("runs", "verify")[0]


def check_same(program: Any, another: Any) -> None:
    """Two programs have the same trainings, bit for bit."""
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


@pytest.mark.slow
@pytest.mark.parametrize("many", [8, pytest.param(120, marks=pytest.mark.exhaustive)])
def test_kills_of_workers_and_parent_change_nothing(many: int, program: Any, another: Any) -> None:
    words = (*SWEEP, f"steps={max(5000, STEPS_A_KILL * many)}", "eval_every=250")
    killed(program, words, many)
    check_clean(program)
    another(*words)
    check_same(program, another)
    volatile = {"costs": None, "check": None}
    results = [[result | volatile for result in each.results()] for each in (program, another)]
    assert results[0] == results[1]


def tried(program: Any) -> list[Any]:
    """What was tried and what came of it: of settings that were tried again after a kill the one that came to its end."""
    [file] = program.folder.glob("multirun/*/trials.json")
    done = [trial for trial in json.loads(file.read_text())["trials"] if trial["state"] == "done"]
    return sorted(([trial["params"], trial["values"], trial["curve"]] for trial in done), key=json.dumps)


@pytest.mark.slow
@pytest.mark.parametrize("many", [6, pytest.param(80, marks=pytest.mark.exhaustive)])
def test_kills_of_a_search_change_nothing(many: int, program: Any, another: Any) -> None:
    steps = max(3000, STEPS_A_KILL_OF_A_SEARCH * many)  # of batches of 16 from 160 images, 10 an epoch
    words = (*SEARCH, f"epochs={steps // 10}", f"hydra.sweeper.eval_epochs={steps // 200}")
    killed(program, words, many)
    check_clean(program)
    another(*words)
    check_same(program, another)
    assert len(tried(program)) == 6
    assert json.dumps(tried(program)) == json.dumps(tried(another))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_what_ends_a_program_saves_first_and_is_told_by_its_status(number: int, status: int, program: Any) -> None:
    words = ("-m", "seed=0,1", "workers=2", "steps=100000", "eval_every=200")
    process = program.start(*words)
    until = time.monotonic() + 300
    while len(list(program.folder.glob("runs/*/checkpoints"))) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    relatives = {psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)}
    os.killpg(process.pid, number)  # the workers have it, too
    _, err = process.communicate(timeout=120)
    assert process.returncode == status, err
    assert "Traceback" not in err
    assert "trying again" not in err
    assert not psutil.wait_procs(alive(relatives), timeout=30)[1]
    check_clean(program)
    for path in program.trajectories():
        state = json.loads((path / "status.json").read_text())
        assert (state["state"], state["step"]) == ("running", max(int(file.stem) for file in path.glob("checkpoints/*.npz")))
