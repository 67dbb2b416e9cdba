"""Networks that explode and end up finite: their losses tell, not a NaN."""

import json

import numpy as np
import pytest

from ablate import trainers
from ablate.config import loading
from ablate.errors import AblateError
from ablate.planning import run_result
from ablate.results import load
from ablate.store import Trajectory

CLASSES = {"raw": np.arange(4), "averaged": np.arange(4)}


def trajectory_with(tmp_path, losses: dict[int, float]) -> Trajectory:
    trajectory = Trajectory(tmp_path, "0" * 16)
    for step, loss in losses.items():
        row = {f"{what}_{weights}": 0.1 for what in ("accuracy", "eval_loss") for weights in ("raw", "averaged")}
        row |= {"step": step, "epoch": 1.0, "loss": loss, "lr": 0.1, "seconds": 1.0, "examples_per_second": 1.0}
        trajectory.add_evaluation(row, CLASSES)
    trajectory.set_status("done", max(losses))
    return trajectory


def asked(steps: int, *words: str) -> trainers.Asked:
    return trainers.asked(loading.compose(["data=digits", f"steps={steps}", "eval_every=10", *words]))


def test_a_run_has_diverged_where_its_loss_exploded_on_the_way(tmp_path):
    trajectory = trajectory_with(tmp_path, {10: 2.0, 20: 2.3e8, 30: 2.303})
    assert run_result.read(asked(10), trajectory)["status"] == "done"
    for steps in (20, 30):
        result = run_result.read(asked(steps), trajectory)
        assert (result["status"], result["step"], result["accuracy"]) == ("diverged", 20, None)
        assert "the training loss up to step 20 was 2.3e+08 on average, above 10000" in result["error"]
    assert run_result.read(asked(30, "diverged_loss=1e9"), trajectory)["status"] == "done"


def test_what_another_run_asked_for_of_the_same_training_is_not_judged(tmp_path):
    trajectory = trajectory_with(tmp_path, {10: 2.0, 15: 2.3e8, 20: 2.303, 30: 2.3})
    assert run_result.read(asked(15), trajectory)["status"] == "diverged", "the run that asked for it"
    for steps in (20, 30):
        assert run_result.read(asked(steps), trajectory)["status"] == "done"
        assert run_result.exploded(asked(steps).readout, trajectory) is None


def test_a_row_without_its_loss_is_no_evaluation(tmp_path):
    trajectory = trajectory_with(tmp_path, {10: 2.0})
    trajectory.add_evaluation({"step": 5, "accuracy_raw": 0.1, "accuracy_averaged": 0.1}, CLASSES)
    assert run_result.exploded(asked(10).readout, trajectory) is None
    assert run_result.read(asked(5, "eval_every=5"), trajectory) is None
    assert run_result.read(asked(10), trajectory)["status"] == "done"


def test_the_limit_is_no_part_of_what_is_trained():
    contents = [asked(10, *words).spec.payload.training("digest") for words in ((), ("diverged_loss=50",))]
    assert contents[0] == contents[1]


@pytest.mark.parametrize("value", ["0", "-1", "high", "null"])
def test_a_limit_that_is_none_is_refused(value):
    with pytest.raises(AblateError, match="diverged_loss"):
        asked(10, f"diverged_loss={value}")


@pytest.mark.slow
def test_a_sweep_tells_it_and_its_report_counts_it(program):
    words = ("-m", "lr=0.01,0.02", "steps=20", "eval_every=10")
    program(*words)
    lines = [line for path in program.trajectories() for line in (path / "metrics.jsonl").read_text().splitlines()]
    losses = [json.loads(line)["loss"] for line in lines]
    limit = f"diverged_loss={sorted(losses)[-1] - 1e-4}"
    _, err = program(*words, limit, status=1)
    assert sorted(result["status"] for result in program.results()) == ["diverged", "done"]
    assert "1 of 2 runs has no accuracy (1 diverged)" in err
    [sweep] = (program.folder / "multirun").iterdir()
    assert sorted(load(sweep).runs["status"]) == ["diverged", "done"]
    assert load(sweep).at(20).runs["status"].tolist() == load(sweep).runs["status"].tolist()
