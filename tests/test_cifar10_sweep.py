"""The whole path on real CIFAR-10, short: the 2×2 factorial of the README, twice."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

ARCHIVE = os.environ.get("ABLATE_DATA")
STEPS = 60

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ARCHIVE, reason="needs CIFAR-10: set ABLATE_DATA to cifar-10-binary.tar.gz"),
]


def sweep(folder, environment, steps=STEPS):
    """Run the command in `folder`; what it said."""
    words = ["augment=on,off", "ema=on,off", f"steps={steps}", f"eval_every={STEPS // 2}"]
    done = subprocess.run(
        [sys.executable, "-m", "ablate", "-m", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def contents(folder):
    """Bytes of every file of the trajectories."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def said(folder):
    return sweep(folder, dict(os.environ))


@pytest.fixture(scope="module")
def results(folder, said):
    """By (augment, ema)."""
    (sweep_file,) = folder.glob("multirun/*/sweep.json")
    arms = [arm["levels"] for arm in json.loads(sweep_file.read_text())["arms"]]
    runs = json.loads(sweep_file.read_text())["runs"]
    return {
        (arms[run["arm"]]["augment"], arms[run["arm"]]["ema"]): json.loads(
            (sweep_file.parent / str(run["number"]) / "result.json").read_text()
        )
        for run in runs
    }


def test_four_runs_stand_on_two_trainings(folder, results):
    assert results.keys() == {("on", "on"), ("on", "off"), ("off", "on"), ("off", "off")}
    assert all(result["status"] == "done" and result["step"] == STEPS for result in results.values())
    for augment in ("on", "off"):
        assert results[augment, "on"]["fingerprint"] == results[augment, "off"]["fingerprint"]
    trained = {path.parent.name for path in folder.glob("runs/*/metrics.jsonl")}
    assert trained == {result["fingerprint"] for result in results.values()}
    assert len(trained) == 2


def test_it_learns(results):
    assert all(0.15 < result["accuracy"] < 0.6 for result in results.values())  # chance is 0.1


def test_every_evaluation_is_of_all_test_images(folder, results):
    for trajectory in folder.glob("runs/[0-9a-f]*"):
        rows = [json.loads(line) for line in (trajectory / "metrics.jsonl").read_text().splitlines()]
        assert [row["step"] for row in rows] == [STEPS // 2, STEPS]
        for row in rows:
            with np.load(trajectory / "predictions" / f"{row['step']}.npz") as predictions:
                assert {name: predictions[name].shape for name in predictions} == {
                    "raw": (10_000,),
                    "averaged": (10_000,),
                }


def test_it_reports(folder, results, said):
    (report,) = folder.glob("multirun/*/report")
    assert {".md", ".csv", ".png", ".svg"} <= {path.suffix for path in report.rglob("*")}
    assert str(report.relative_to(folder) / "index.html") in said


def test_again_it_trains_nothing(folder, results, environment):
    before = contents(folder / "runs")
    assert "nothing to train" in sweep(folder, environment)
    assert contents(folder / "runs") == before


def test_longer_it_goes_on(folder, results, environment):
    firsts = {path: path.read_text() for path in folder.glob("runs/*/metrics.jsonl")}
    assert f"resuming from step {STEPS}" in sweep(folder, environment, steps=STEPS * 3 // 2)
    assert len(list(folder.glob("runs/[0-9a-f]*"))) == 2
    for path, text in firsts.items():
        lines = path.read_text().splitlines()
        assert lines[:2] == text.splitlines()
        assert len(lines) == 3
