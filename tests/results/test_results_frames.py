from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ablate import results
from ablate.errors import AblateError
from ablate.planning import run_result
from ablate.planning.plan import Plan
from ablate.store import SWEEP, read_json, result_file, sweep_file


@pytest.fixture
def made(sweeps) -> Plan:
    return sweeps.planned("steps=30", "eval_every=10", "augment=on,off", "ema=on,off", "seed=0,1")


@pytest.fixture
def sweep(made, sweeps) -> Path:
    return sweeps.trained(made, 10, 20, 30)


def test_a_row_a_run_with_the_planned_columns_and_types(sweep, made):
    runs = results.load(sweep).runs
    assert " ".join(runs.columns) == (
        "number arm label augment ema seed status step accuracy loss parameters operations seconds "
        "examples_per_second input steps_per_epoch batch_size eval_images weights evaluations train_accuracy fingerprint "
        "trajectory sweep error"
    )
    assert runs["number"].tolist() == list(range(8))
    assert runs["arm"].tolist() == [0, 1, 2, 3] * 2
    assert runs["seed"].tolist() == [0] * 4 + [1] * 4
    assert runs["label"].tolist()[:4] == [
        "baseline", "no EMA", "no augmentation", "no augmentation, no EMA"
    ]  # fmt: skip
    assert runs["ema"].tolist()[:4] == ["on", "off", "on", "off"]
    assert runs["weights"].tolist()[:2] == ["averaged", "raw"]
    assert runs["accuracy"].tolist()[:2] == [pytest.approx(0.63), pytest.approx(0.53)]
    assert runs["loss"].tolist()[:2] == [3030, 2030]
    assert set(runs["status"]) == {"done"}
    assert set(runs["step"]) == {30}
    assert set(runs["seconds"]) == {15}
    assert (runs["parameters"] > 1e5).all()
    assert runs["input"].tolist()[:4] == ["24×24", "24×24", "32×32", "32×32"]
    assert set(runs["batch_size"]) == {128}
    assert set(runs["steps_per_epoch"]) == {1437 / 128}
    assert set(runs["eval_images"]) == {360}
    assert set(runs["sweep"]) == {sweep.name}
    assert runs["error"].isna().all()
    assert runs["fingerprint"].tolist() == [run.trajectory.fingerprint for run in made.runs]
    assert all(Path(path).is_dir() for path in runs["trajectory"])
    types = {name: str(kind) for name, kind in runs.dtypes.items()}
    assert {types[name] for name in ("number", "arm", "seed")} == {"int64"}
    assert {types[name] for name in ("step", "parameters", "batch_size", "eval_images")} == {"Int64"}
    assert {types[name] for name in ("label", "augment", "status", "weights", "error")} == {"str"}


def test_a_row_a_run_and_evaluation_of_its_own_readout(sweep):
    loaded = results.load(sweep)
    evaluations = loaded.evaluations
    assert " ".join(evaluations.columns) == (
        "number arm label augment ema seed status step epoch accuracy loss train_loss train_accuracy learning_rate seconds "
        "examples_per_second"
    )
    assert evaluations["number"].tolist() == [number for number in range(8) for _ in range(3)]
    raw = evaluations[evaluations["number"] == 5]
    assert raw["step"].tolist() == [10, 20, 30]
    assert raw["accuracy"].tolist() == pytest.approx([0.52, 0.53, 0.54])
    assert raw["loss"].tolist() == [2010, 2020, 2030]
    assert raw["train_loss"].tolist() == [1010, 1020, 1030]
    assert raw["epoch"].tolist() == [1, 2, 3]
    assert set(raw["label"]) == {"no EMA"}
    last = evaluations[evaluations["step"] == 30]
    assert last["accuracy"].tolist() == loaded.runs["accuracy"].tolist()
    assert loaded.factors == ["augment", "ema"]
    assert loaded.notes == ()


def test_a_runs_evaluations_are_those_of_its_own_grid_and_its_own_final_step(sweeps):
    made = sweeps.planned("steps=25,40", "eval_every=10")
    sweep = sweeps.trained(made, 7, 10, 20, 25, 30, 33, 40, 50)
    assert len(made.trainings) == 1
    steps = results.load(sweep).evaluations.groupby("number")["step"].apply(list)
    assert steps.tolist() == [[10, 20, 25], [10, 20, 30, 40]]


def test_a_swept_rate_keeps_its_levels_beside_the_rate_of_the_step(sweeps):
    made = sweeps.planned("steps=10", "eval_every=10", "lr=0.1,0.05")
    evaluations = results.load(sweeps.trained(made, 10)).evaluations
    assert evaluations["lr"].tolist() == ["0.1", "0.05"]
    assert evaluations["learning_rate"].tolist() == [0.1, 0.1]


def test_what_its_training_holds_decides_about_a_run_and_else_its_result(sweep, made):
    diverged, failed, whole, short = (made.runs[number].trajectory for number in (0, 2, 4, 6))
    diverged.drop_after(10)
    diverged.set_status("diverged", 17, "the loss became nan at step 17")
    failed.drop_after(10)
    result_file.write(sweep / "3", run_result.failure("MemoryError: too large", made.runs[3].asked, failed))
    result_file.write(
        sweep / "4", run_result.failure("Expected a number. Received: x.")
    )  # before it was resolved, and once more
    (sweep / "5" / result_file.RESULT).write_text('{"status": "do')
    short.drop_after(20)
    (sweep / "6" / result_file.RESULT).unlink()
    result_file.write(sweep / "7", read_json(sweep / "2" / result_file.RESULT))  # another run's
    loaded = results.load(sweep)
    runs = loaded.runs.set_index("number")
    assert runs["status"].tolist() == ["diverged", "diverged", "done", "failed", "done", "done", "missing", "missing"]
    assert runs.loc[[0, 1], "error"].tolist() == ["the loss became nan at step 17"] * 2
    assert runs.loc[[0, 1], "step"].tolist() == [17, 17]
    assert runs.loc[3, "error"] == "MemoryError: too large"
    assert runs.loc[4, ["step", "accuracy"]].tolist() == pytest.approx([30, whole.row(30)["accuracy_averaged"]])
    assert runs["accuracy"].isna().tolist() == [True, True, False, True, False, False, True, True]
    assert runs.loc[6, ["step", "parameters"]].isna().all()
    assert runs.loc[6, "weights"] == "averaged"
    damaged, stale, gone = loaded.notes
    assert f"Cannot read {sweep / '5' / result_file.RESULT}: not valid JSON at line 1, column 12" in damaged
    assert f"{sweep / '7' / result_file.RESULT}: fingerprint must be '{short.fingerprint}', the training of the run" in damaged
    assert "; run 7, without a training at hand, counted as missing; rerun the sweep's command" in damaged
    assert stale.startswith("The result.json of runs 0, 1, 4 is not what the training holds, which is what is reported")
    assert gone.startswith("The evaluations of 1 of 3 finished runs are damaged or missing")
    steps = loaded.evaluations.groupby("number")["step"].apply(list)
    assert steps[0] == steps[1] == [10]  # what was evaluated before the loss diverged
    assert steps[5] == [10, 20, 30]
    assert set(loaded.evaluations.loc[loaded.evaluations["number"] == 0, "status"]) == {"diverged"}


def test_a_store_given_relative_is_found_from_here_and_from_beside_the_sweep(sweep, made, tmp_path, monkeypatch):
    content = read_json(sweep / SWEEP)
    sweep_file.write(sweep, replace(made.sweep, store="runs"))
    monkeypatch.chdir(tmp_path)
    here = results.load(sweep.relative_to(tmp_path))
    assert here.runs["trajectory"].iloc[0] == f"runs/{content['runs'][0]['fingerprint']}"
    assert len(here.evaluations) == 24
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "runs").mkdir(parents=True)  # a store of another project is not taken for this one's
    monkeypatch.chdir(elsewhere)
    assert len(results.load(sweep).evaluations) == 24


def test_a_store_named_by_the_environment_is_found(sweep, made, tmp_path, monkeypatch):
    sweep_file.write(sweep, replace(made.sweep, store="${oc.env:ABLATE_TEST_STORE}"))
    assert results.load(sweep).evaluations.empty
    monkeypatch.setenv("ABLATE_TEST_STORE", str(tmp_path / "runs"))
    assert len(results.load(sweep).evaluations) == 24


def test_without_a_store_it_says_in_one_line_where_it_looked(sweep, tmp_path):
    (tmp_path / "runs").rename(tmp_path / "moved")
    loaded = results.load(sweep)
    assert loaded.evaluations.empty
    assert str(loaded.evaluations["step"].dtype) == "int64"
    assert loaded.runs["trajectory"].isna().all()
    assert loaded.runs["accuracy"].notna().all()
    assert len(loaded.notes) == 1
    assert str(tmp_path / "runs") in loaded.notes[0]


def test_a_lost_trajectory_is_said(sweep, made):
    made.runs[0].trajectory.path.rename(made.runs[0].trajectory.path.with_name("gone"))
    loaded = results.load(sweep)
    assert loaded.notes[0].startswith("1 of 4 trajectories")
    assert sorted(set(loaded.evaluations["number"])) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("content", "received"),
    [
        ("{", "not valid JSON at line 1, column 2"),
        ('{"version": 99}', "version must be 1 or 2, .* got 99"),
        ("[]", "must hold an object, got an empty list"),
    ],
)
def test_a_damaged_or_foreign_sweep_is_refused(tmp_path, content, received):
    (tmp_path / SWEEP).write_text(content)
    with pytest.raises(AblateError, match=received):
        results.load(tmp_path)


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(AblateError, match=SWEEP):
        results.load(tmp_path)


def test_a_swept_batch_size_keeps_its_levels(sweeps):
    made = sweeps.planned("steps=10", "eval_every=10", "batch_size=64,128")
    runs = results.load(sweeps.trained(made, 10)).runs
    assert runs["batch_size"].tolist() == ["64", "128"]
    assert runs["steps_per_epoch"].tolist() == [1437 / 64, 1437 / 128]


def test_what_a_trajectory_tells_is_missing_where_it_is_gone(sweep, made):
    made.runs[0].trajectory.path.rename(made.runs[0].trajectory.path.with_name("gone"))
    runs = results.load(sweep).runs
    assert runs.loc[:1, ["input", "steps_per_epoch", "batch_size", "eval_images", "trajectory"]].isna().all(axis=None)
    assert runs["eval_images"].notna().sum() == 6


def test_a_damaged_config_is_said_and_its_columns_are_missing(sweep, made):
    (made.runs[0].trajectory.path / "config.yaml").write_text("seed: 1")
    loaded = results.load(sweep)
    assert loaded.notes == ("config.yaml of 1 of 4 trajectories is missing or damaged: see `ablate runs verify`",)
    assert loaded.runs["input"].isna().tolist() == [True, True] + [False] * 6
    assert len(loaded.evaluations) == 24


def test_predictions_are_those_of_the_runs_own_step_and_weights(sweep, made):
    loaded = results.load(sweep)
    assert loaded.predictions(0).tolist() == [0, 31, 2, 0]  # averaged
    assert loaded.predictions(1).tolist() == [30, 1, 2, 0]  # raw
    assert loaded.at(20).predictions(1).tolist() == [20, 1, 2, 0]
    made.runs[0].trajectory.predictions_file(30).write_bytes(b"PK")
    made.runs[2].trajectory.predictions_file(30).unlink()
    assert [loaded.predictions(number) is None for number in range(5)] == [True, True, True, True, False]


def test_a_run_that_is_not_done_has_no_predictions(sweep, made):
    (sweep / "0" / result_file.RESULT).unlink()
    made.runs[0].trajectory.drop_after(20)
    assert results.load(sweep).predictions(0) is None


def test_the_same_runs_read_at_another_step(sweep):
    loaded = results.load(sweep).at(20)
    assert set(loaded.runs["step"]) == {20}
    assert loaded.runs["accuracy"].tolist()[:2] == pytest.approx([0.62, 0.52])
    assert loaded.runs["loss"].tolist()[:2] == [3020, 2020]
    assert set(loaded.runs["seconds"]) == {10}
    assert loaded.evaluations.groupby("number")["step"].apply(list).tolist() == [[10, 20]] * 8
    assert loaded.sweep.to_json()["fixed"]["step"] == [30] * 4
    assert {name: str(kind) for name, kind in loaded.runs.dtypes.items()} == {
        name: str(kind) for name, kind in results.load(sweep).runs.dtypes.items()
    }


def test_at_another_step_what_diverged_later_is_done_and_some_are_missing(sweeps, sweep, made):
    diverged, short = made.runs[0].trajectory, made.runs[2].trajectory
    diverged.drop_after(20)
    diverged.set_status("diverged", 25, "the loss became nan at step 25")
    for number in (0, 1):
        result_file.write(sweep / str(number), run_result.read(made.runs[number].asked, diverged))
    short.drop_after(10)
    loaded = results.load(sweep)
    assert loaded.runs["status"].tolist()[:3] == ["diverged", "diverged", "done"]
    at = loaded.at(20)
    assert at.runs["status"].tolist() == ["done", "done", "missing", "missing", "done", "done", "done", "done"]
    assert at.runs["error"].isna().all()
    assert at.runs["step"].isna().tolist() == [False, False, True, True, False, False, False, False]
    assert at.notes[-1] == "2 of 8 runs were not evaluated at step 20"
    assert loaded.at(30).runs["status"].tolist()[:2] == ["diverged", "diverged"]


def test_a_failed_run_is_done_at_a_step_that_it_reached(sweep, made):
    failed = made.runs[3]
    failed.trajectory.drop_after(20)
    result_file.write(sweep / "3", run_result.failure("MemoryError: too large", failed.asked, failed.trajectory))
    loaded = results.load(sweep)
    assert loaded.runs["status"][3] == "failed"
    assert loaded.at(20).runs["status"][3] == "done"
    failed.trajectory.drop_after(10)
    assert results.load(sweep).at(20).runs["status"][3] == "failed"


def test_a_step_at_which_nothing_was_evaluated_is_refused(sweep):
    with pytest.raises(AblateError, match=r"No run was evaluated at step 25\. Evaluated steps: .*10, 20, 30"):
        results.load(sweep).at(25)


def test_what_diverged_beyond_its_own_step_is_diverged_when_read_there(sweeps):
    made = sweeps.planned("steps=20", "eval_every=10", "augment=on,off", "seed=0,1")
    sweep = sweeps.trained(made, 10, 20, 30)
    other = made.runs[1].trajectory
    other.drop_after(20)
    other.set_status("diverged", 25, "the loss became nan at step 25")
    loaded = results.load(sweep)
    assert set(loaded.runs["status"]) == {"done"}
    at = loaded.at(30)
    assert at.runs["status"].tolist() == ["done", "diverged", "done", "done"]
    assert at.runs.loc[1, ["step", "error"]].tolist() == [25, "the loss became nan at step 25"]
    assert pd.isna(at.runs.loc[1, "accuracy"])
    assert at.notes == ()
