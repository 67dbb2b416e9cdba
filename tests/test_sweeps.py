"""Sweeps as users run them, in processes of their own: many trainings at once, and what goes wrong meanwhile."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

TIMES = ("seconds", "examples_per_second", "recent_examples_per_second", "check")
SHORT = ("steps=20", "eval_every=10")
LONG = ("steps=3000", "eval_every=200")  # long enough to be caught in the middle


def wait_for(condition: Callable[[], Any], timeout_s: float = 300) -> Any:
    until = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def numbers(trajectory: Path) -> list[dict[str, Any]]:
    """All that a training found, but for the times."""
    lines = (trajectory / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key not in TIMES} for line in lines]


def same_trainings(one: Any, other: Any) -> None:
    """Two programs have the same trajectories, bit for bit."""
    assert [path.name for path in one.trajectories()] == [path.name for path in other.trajectories()]
    for left, right in zip(one.trajectories(), other.trajectories(), strict=True):
        assert numbers(left) == numbers(right)
        for file in sorted((left / "predictions").glob("*.npz")):
            with np.load(file) as a, np.load(right / "predictions" / file.name) as b:
                for weights in ("raw", "averaged"):
                    np.testing.assert_array_equal(a[weights], b[weights])


def segments(trajectory: Path) -> int:
    return len(json.loads((trajectory / "env.json").read_text()))


def sweep_of(program: Any) -> Path:
    [sweep] = (program.folder / "multirun").iterdir()
    return Path(sweep)


def workers(program: Any) -> dict[str, int]:
    """The process of each training that is at work and has begun to save."""
    found = {}
    for path in program.folder.glob("runs/*/live.json"):
        try:
            found[path.parent.name] = int(json.loads(path.read_text())["pid"])
        except (OSError, ValueError):
            continue
    return {name: pid for name, pid in found.items() if any((program.folder / "runs" / name / "checkpoints").glob("*.npz"))}


def family(process: Any) -> list[psutil.Process]:
    return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]


@pytest.mark.slow
def test_many_at_once_give_the_numbers_of_each_alone(program: Any, another: Any) -> None:
    _, err = program("-m", "augment=off,flip", "steps=10,25", "eval_every=10", "seed=0,1", "workers=2")
    assert "8 runs (4 arms × 2 seeds) from 4 trainings" in err
    assert [result["status"] for result in program.results()] == ["done"] * 8
    assert [segments(path) for path in program.trajectories()] == [2] * 4, "one for each step at which a run ends"
    for path in program.trajectories():
        assert [row["step"] for row in numbers(path)] == [10, 20, 25]
        assert (path / "checkpoints" / "10.npz").exists()
        environments = json.loads((path / "env.json").read_text())
        assert {(environment["threads"], environment["at_once"]) for environment in environments} == {(1, 2)}
    assert not list(program.folder.glob("runs/*/live.json"))
    another("augment=flip", "seed=1", "steps=25", "eval_every=10")
    [alone] = another.trajectories()
    assert numbers(alone) == numbers(program.folder / "runs" / alone.name)


@pytest.mark.slow
def test_a_killed_worker_takes_only_its_training_along_which_goes_on(program: Any) -> None:
    process = program.start("-m", "seed=0,1", "workers=2", *LONG)
    at_work = wait_for(lambda: len(found := workers(program)) == 2 and found)
    victim, other = sorted(at_work)
    os.kill(at_work[victim], signal.SIGKILL)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert f"{victim}): its process was killed by SIGKILL (perhaps for want of memory); trying again" in err
    assert (segments(program.folder / "runs" / victim), segments(program.folder / "runs" / other)) == (2, 1)
    assert [result["status"] for result in program.results()] == ["done"] * 2


@pytest.mark.slow
@pytest.mark.exhaustive
def test_too_many_deaths_are_a_failure_that_the_same_command_tries_again(program: Any) -> None:
    process = program.start("-m", "seed=0,1", "workers=2", "retries=0", *LONG)
    at_work = wait_for(lambda: len(found := workers(program)) == 2 and found)
    victim = min(at_work)
    os.kill(at_work[victim], signal.SIGKILL)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 1, err
    [failed] = [result for result in program.results() if result["status"] == "failed"]
    assert failed["fingerprint"] == victim
    assert failed["error"] == "its process was killed by SIGKILL (perhaps for want of memory)"
    assert "worker-" in next(sweep_of(program).glob("*/traceback.txt")).read_text()
    _, err = program("-m", "seed=0,1", "workers=2", "retries=0", *LONG)
    assert [result["status"] for result in program.results()] == ["done"] * 2
    assert not list(sweep_of(program).glob("*/traceback.txt"))


@pytest.mark.slow
def test_ctrl_c_saves_all_and_the_same_command_goes_on(program: Any) -> None:
    words = ("-m", "seed=0,1", "workers=2", *LONG)
    process = program.start(*words)
    wait_for(lambda: len(workers(program)) == 2)
    relatives = family(process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Rerun the same command to resume." in err
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(relatives, timeout=10)
    assert not alive
    [sweep] = (program.folder / "multirun").iterdir()
    assert not (sweep / "running.json").exists()
    begun = program.trajectories()
    assert len(begun) == 2
    for trajectory in begun:
        status = json.loads((trajectory / "status.json").read_text())
        newest = max(int(path.stem) for path in (trajectory / "checkpoints").glob("*.npz"))
        assert (status["state"], status["step"]) == ("running", newest)
        assert not (trajectory / "live.json").exists()
    assert not list(program.folder.rglob("*.tmp"))
    program(*words)
    assert [segments(path) for path in begun] == [2, 2]
    assert [result["status"] for result in program.results()] == ["done"] * 2


def test_ctrl_c_while_processes_start(program: Any) -> None:
    process = program.start("-m", "seed=0,1", "workers=2", *LONG)
    wait_for(lambda: list(program.folder.glob("multirun/*/logs")))
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "KeyboardInterrupt" not in err


@pytest.mark.slow
def test_no_training_outlives_a_killed_parent_by_half_a_minute(program: Any) -> None:
    process = program.start("-m", "seed=0,1", "workers=2", "steps=100000", "eval_every=100")
    wait_for(lambda: len(workers(program)) == 2)
    relatives = family(process)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(relatives, timeout=30)
    assert not alive
    assert not list(program.folder.glob("runs/*/live.json")), "they saved and ended in good order"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_two_sweeps_that_share_trainings_do_each_once(program: Any) -> None:
    one = program.start("-m", "augment=off,flip", "seed=0,1", "workers=2", "steps=200", "eval_every=50")
    other = program.start("-m", "augment=flip,crop", "seed=0,1", "workers=2", "steps=200", "eval_every=50")
    for process in (one, other):
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
    assert len(program.trajectories()) == 6
    assert [segments(path) for path in program.trajectories()] == [1] * 6
    assert [result["status"] for result in program.results()] == ["done"] * 8


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_second_process_with_the_same_command_waits_or_only_watches(program: Any) -> None:
    words = ("-m", "seed=0,1", "workers=2", *LONG)
    program(*words, "watch=true", status=1)
    first = program.start(*words)
    wait_for(lambda: workers(program))
    second, watching = program.start(*words), program.start(*words, "watch=true")
    results = [process.communicate(timeout=600) for process in (first, second, watching)]
    assert [process.returncode for process in (first, second, watching)] == [0, 0, 0], results
    assert [segments(path) for path in program.trajectories()] == [1, 1]
    assert "another process works on " in results[1][1]
    assert "nothing to train" in results[1][1]
    assert results[2][0] == "", "who only watches reports nothing"


@pytest.mark.slow
def test_a_failure_is_told_at_once_and_the_others_go_on(program: Any) -> None:
    words = ("-m", "augment=off,flip,crop", "workers=1", *SHORT)
    plan = json.loads(program("-m", "hydra.sweeper.plan=json", *words[1:])[0])
    bad = plan["runs"][1]["fingerprint"]
    trajectory = program.folder / "runs" / bad
    trajectory.mkdir(parents=True)
    (trajectory / "predictions").write_text("in the way")
    _, err = program(*words, status=1)
    assert [result["status"] for result in program.results()] == ["done", "failed", "done"]
    trace = sweep_of(program) / "1" / "traceback.txt"
    assert "Traceback" in trace.read_text()
    lines = err.strip().splitlines()
    told = [number for number, line in enumerate(lines) if "failed" in line and "with flip" in line]
    after = next(number for number, line in enumerate(lines) if re.match(r"\d\d:\d\d  with random crop, seed 0: ", line))
    assert told[0] < after, "before the next was heard of"
    assert all(str(trace.relative_to(program.folder)) in lines[number] for number in (told[0], told[-1]))
    assert lines[-1] == "ablate: 1 of 3 runs has no accuracy (1 failed). Rerun the command to complete the failed runs."
    (trajectory / "predictions").unlink()
    program(*words)
    assert [result["status"] for result in program.results()] == ["done"] * 3


@pytest.mark.slow
def test_fail_fast(program: Any) -> None:
    _, err = program("-m", "lr=1e30,0.05,0.06,0.07", "workers=1", "fail_fast=true", *LONG, status=1)
    states = [result["status"] for result in program.results()]
    assert states == ["diverged"]
    assert "4 of 4 runs have no accuracy (1 diverged, 3 missing)" in err
    assert "Rerun the command to complete the missing runs. Diverged runs are not retried." in err


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", pytest.param("joblib", marks=pytest.mark.exhaustive)])
def test_hydras_other_launchers(launcher: str, program: Any) -> None:
    words = ("-m", f"hydra/launcher={launcher}", "augment=off,flip", "ema=on,off", *SHORT)
    _, err = program(*words, "workers=2", status=1)
    assert f"workers=2 works only with hydra/launcher=inline or local, not with hydra/launcher={launcher}." in err
    program(*words)
    assert [result["status"] for result in program.results()] == ["done"] * 4
    assert [segments(path) for path in program.trajectories()] == [1] * 2


STUDY = """# @package _global_
design: ladder
hydra:
  sweeper:
    params: {augment: "off,flip,crop", ema: "off,on", steps: 20, eval_every: 10, seed: "0,1"}
"""


@pytest.mark.slow
def test_a_study_of_ones_own(program: Any, tmp_path: Path) -> None:
    folder = tmp_path / "my"
    (folder / "study").mkdir(parents=True)
    (folder / "study" / "mine.yaml").write_text(STUDY)
    program.base += [f"hydra.searchpath=[file://{folder}]"]
    _, err = program("study=mine", status=1)
    assert "python -m ablate -m study=mine" in err
    plan = json.loads(program("-m", "study=mine", "hydra.sweeper.plan=json")[0])
    assert [arm["label"] for arm in plan["arms"]] == [
        "baseline",
        "+ augment: off → flip",
        "+ augment: flip → crop",
        "+ ema: off → on",
    ]
    assert len(plan["runs"]) == 8
    assert plan["name"].startswith("mine-")
    changed = json.loads(program("-m", "study=mine", "augment=off,flip", "epochs=1", "seed=3", "hydra.sweeper.plan=json")[0])
    assert [arm["levels"] for arm in changed["arms"]] == [
        {"augment": "off", "ema": "off"},
        {"augment": "flip", "ema": "off"},
        {"augment": "flip", "ema": "on"},
    ]
    assert {run["readout"]["step"] for run in changed["runs"]} == {13}
    assert {run["seed"] for run in changed["runs"]} == {3}
    assert all("study=mine" not in run["overrides"] for run in changed["runs"])
    (folder / "study" / "mine.yaml").write_text(STUDY + "report: {margin: 2}\n")
    assert json.loads(program("-m", "study=mine", "hydra.sweeper.plan=json")[0])["fixed"]["margin"] == 2
    (folder / "study" / "mine.yaml").write_text(STUDY + "lr: 0.2\n")
    _, err = program("-m", "study=mine", status=1)
    assert "study=mine sets lr outside of hydra.sweeper.params" in err


SIX_FACTORS = ("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one", "init=xavier,tutorial", "weight_decay=scaled,off")


@pytest.mark.slow
@pytest.mark.exhaustive
def test_six_factors_on_digits_give_the_numbers_of_each_run_alone(program: Any, another: Any) -> None:
    program.base = another.base = []
    common = ("data=digits", "steps=300", "threads=1")
    _, err = program("-m", "design=one_factor", *SIX_FACTORS, "seed=0,1", *common)
    assert "14 runs (7 arms × 2 seeds) from 12 trainings" in err
    assert [result["status"] for result in program.results()] == ["done"] * 14
    assert len(program.trajectories()) == 12
    assert [segments(path) for path in program.trajectories()] == [1] * 12
    for run in json.loads((sweep_of(program) / "sweep.json").read_text())["runs"]:
        out, _ = another(*run["overrides"])
        accuracy = program.results()[run["number"]]["accuracy"]
        assert out.startswith(f"accuracy {100 * accuracy:.2f}% on the test set at step 300")
    same_trainings(program, another)
