"""The program as users run it: in processes of its own, on tiny data and a model from a folder of the user's own."""

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pexpect
import pytest

from ablate.__main__ import main

CONF = Path(__file__).parent / "training" / "conf"
TIMES = (
    "seconds",
    "examples_per_second",
    "recent_examples_per_second",
    "check",
)  # the checksum of a row is over its times, too


def rows(trajectory: Path) -> list[dict[str, Any]]:
    lines = (trajectory / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


@pytest.mark.slow
def test_the_factorial_trains_twice_and_the_same_command_again_trains_nothing(program: Any) -> None:
    words = ["-m", "augment=off,flip", "ema=on,off", "steps=20", "eval_every=10", "report.formats=[html,csv,md,png]"]
    out, err = program(*words)
    assert "4 runs (4 arms × 1 seed) from 2 trainings" in err
    assert err.count(", seed 0: done, accuracy ") == 2
    assert "(loading TensorFlow)…" in err
    assert err.lower().count("tensorflow") == 1, "it says nothing itself"
    assert len(program.trajectories()) == 2
    results = program.results()
    assert [result["status"] for result in results] == ["done"] * 4
    assert [result["readout"]["weights"] for result in results] == ["averaged", "raw"] * 2
    assert len({result["fingerprint"] for result in results}) == 2
    assert results[3]["arm"] == {"augment": "flip", "ema": "off"}
    [sweep] = (program.folder / "multirun").iterdir()
    fixed = json.loads((sweep / "sweep.json").read_text())
    assert Path(fixed["config_dir"]) == CONF
    assert [arm["label"] for arm in fixed["arms"]] == [
        "baseline",
        "ema: on → off",
        "augment: off → flip",
        "augment: off → flip, ema: on → off",
    ]
    assert {"index.html", "table.md", "arms.csv", "runs.csv", "evaluations.csv", "seeds.csv", "classes.csv", "figures"} <= {
        path.name for path in (sweep / "report").iterdir()
    }
    runs = pd.read_csv(sweep / "report" / "runs.csv")
    assert runs["accuracy"].tolist() == pytest.approx([result["accuracy"] for result in results])
    assert "no EMA" in out
    assert "report/index.html" in out
    assert (sweep / "report" / "figures" / "accuracy.png").exists()

    files = {path: path.stat().st_mtime_ns for path in program.folder.glob("runs/*/*") if path.is_file()}
    again, err = program(*words)
    assert "nothing to train" in err
    assert again == out
    assert files == {path: path.stat().st_mtime_ns for path in files}

    out, err = program("augment=off", "ema=off", "steps=30", "eval_every=10")  # a single run goes on from the sweep's
    assert "resuming from step 20" in err
    assert "at step 30, raw weights" in out
    assert len(program.trajectories()) == 2


@pytest.mark.slow
def test_a_diverging_run_has_a_result_and_the_sweep_goes_on(program: Any) -> None:
    _, err = program("-m", "lr=1e30,0.05", "steps=6", "eval_every=3", status=1)
    first, second = program.results()
    assert (first["status"], first["accuracy"], second["status"]) == ("diverged", None, "done")
    *_, told, last = err.strip().splitlines()
    assert told.startswith("run 0 (baseline, seed 0) diverged: the loss became")
    assert last == "ablate: 1 of 2 runs has no accuracy (1 diverged). Diverged runs are not retried."


@pytest.mark.slow
def test_ctrl_c_saves_and_the_same_command_goes_on(program: Any) -> None:
    words = ["steps=1500", "eval_every=100"]
    process = program.start(*words)
    wait_for(lambda: any(program.folder.glob("runs/*/checkpoints/*.npz")))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    [trajectory] = program.trajectories()
    saved = max(int(path.stem) for path in (trajectory / "checkpoints").glob("*.npz"))
    assert 100 <= saved < 1500
    assert f"Stopped at step {saved}, saved in" in err
    _, err = program(*words)
    assert f"resuming from step {saved}" in err
    assert [row["step"] for row in rows(trajectory)] == list(range(100, 1501, 100))


@pytest.mark.slow
def test_sigkill_at_any_moment_and_asking_again_equals_no_interruption(program: Any, another: Any) -> None:
    words = ["steps=400", "eval_every=20"]
    generator = np.random.default_rng(0)
    killed = 0
    for _ in range(8):
        process = program.start(*words)
        try:
            process.communicate(timeout=float(generator.uniform(5, 11)))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
    assert killed > 0
    program(*words)
    another(*words)
    [one], [other] = program.trajectories(), another.trajectories()
    assert rows(one) == rows(other)
    for step in range(20, 401, 20):
        with np.load(one / f"predictions/{step}.npz") as left, np.load(other / f"predictions/{step}.npz") as right:
            for name in ("raw", "averaged"):
                np.testing.assert_array_equal(left[name], right[name])


@pytest.mark.slow
def test_two_processes_train_one_trajectory_once(program: Any) -> None:
    words = ["steps=60", "eval_every=30"]
    processes = [program.start(*words), program.start(*words)]
    errors = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    [trajectory] = program.trajectories()
    assert [row["step"] for row in rows(trajectory)] == [30, 60]
    assert len(json.loads((trajectory / "env.json").read_text())) == 1
    assert sum("\ntraining " in f"\n{err}" for err in errors) == 1


@pytest.mark.slow
def test_secrets_from_the_environment_land_in_no_file(program: Any) -> None:
    env = {"ABLATE_TEST_TOKEN": "s3cr3t-in-the-environment"}
    words = ["data=cifar10", "data.url='http://127.0.0.1:9/${oc.env:ABLATE_TEST_TOKEN}.tar.gz'", "data.archive=null"]
    env |= {"ABLATE_CACHE": str(program.folder / "cache"), "ABLATE_DATA": ""}
    program(*words, status=1, env=env)
    program("-m", "ema=on,off", "steps=2", "eval_every=2", "store='${oc.env:ABLATE_TEST_TOKEN}'", env=env)
    stored = [path for path in program.folder.rglob("*") if path.is_file()]
    assert len(stored) > 20
    for path in stored:
        assert b"s3cr3t" not in path.read_bytes(), path


REFUSALS = {
    "augment=flipp": "Unknown augment level 'flipp'. Choose from center, crop, flip, off, on, photometric. Did you",
    "agment=on": "Unknown key 'agment'. Did you mean augment?",
    "lr=-1": "lr must be above 0, got -1.",
    "batch_size=x": "batch_size must be a whole number, got 'x'.",
    "batch_size=201": "batch_size must be at most 200, the number of training images, got 201.",
    "model=alex2 lrn=on": "lrn=on",
    "-m design=one": "Unknown design 'one'. Choose from factorial, one_factor, ladder, together, fractional. Did",
    "-m lr=0.1,0.1": "more than once",
    "-m seed=0,x": "seed must be a whole number from 0 to 2,147,483,647, got x.",
    "-m threads=1,2": "threads cannot be swept",
    "-m model=alex2,alex3 lrn=native,on": "1 of 4 arms cannot be trained",
    "-m 'lr=interval(0.1,0.2)'": "lr=interval(0.1,0.2) is an interval, which only a search takes. List values",
    "data.path=none.npz": "none.npz",
    "steps=5 epochs=2": "Give steps or epochs, not both: steps=5 epochs=2.",
    "epochs=-1": "epochs must be a number above 0, or null, got -1.",
}


def refused(words: str, program: Any, out: str, err: str) -> None:
    """It was told in one line, and nothing was begun."""
    assert out == ""
    [line] = err.strip().splitlines()
    assert line.startswith("ablate: ")
    assert REFUSALS[words] in line
    assert not (program.folder / "runs").exists()
    assert not (program.folder / "multirun").exists()


@pytest.mark.parametrize("words", sorted(REFUSALS))
def test_bad_input_gets_one_line(
    words: str, program: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(program.folder)
    monkeypatch.setattr("sys.argv", ["ablate"])
    with pytest.raises(SystemExit) as end:
        main(program.words(*shlex.split(words)))
    assert end.value.code == 1
    refused(words, program, *capsys.readouterr())


@pytest.mark.parametrize("words", ["augment=flipp", "-m model=alex2,alex3 lrn=native,on"])
def test_a_process_that_got_bad_input_ends_with_one_line(words: str, program: Any) -> None:
    refused(words, program, *program(*shlex.split(words), status=1))


def test_hydras_own_flags(program: Any) -> None:
    assert "batch_size: 16" in program("--cfg", "job")[0]
    assert "tiny" in program("--info", "defaults")[0]
    program.base = []
    assert "hydra_bash_completion" in program("-sc", "install=bash")[0]
    env = {"COMP_LINE": "ablate augment=", "COMP_POINT": "15"}
    assert "augment=photometric" in program("-sc", "query=bash", env=env)[0].split()


@pytest.mark.slow
def test_a_terminal_shows_a_bar_with_speed_and_time_left(program: Any) -> None:
    words = ["-m", "ablate", *program.base, "steps=300", "eval_every=100"]
    shown = pexpect.spawn(sys.executable, words, cwd=program.folder, env=program.env, dimensions=(24, 110), timeout=300)
    shown.expect(r"step \d+/300.*loss \d+\.\d\d.*accuracy \d+\.\d %.*examples/s.*\d:\d\d:\d\d")
    shown.expect("accuracy .* on the test set at step 300, EMA weights")
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 0


def wait_for(condition: Callable[[], bool], timeout_s: float = 300) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
