import functools
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ablate import app, config, plan, results
from ablate.errors import AblateError
from ablate.plan import Plan
from ablate.store import Trajectory, read_json, write_json

CLASSES = {"raw": np.arange(4), "averaged": np.arange(4)}


@functools.cache
def resolved(*words: str) -> Plan:
    command = plan.parse(OverridesParser.create().parse_overrides(["data=digits", *words]))
    return plan.make(command, "factorial", config.compose)


def planned(store: Path, *words: str) -> Plan:
    made = resolved(*words)
    runs = [
        replace(
            run,
            recipe=run.recipe.model_copy(update={"store": store}),
            trajectory=Trajectory(store, run.trajectory.fingerprint),
        )
        for run in made.runs
    ]
    return replace(made, runs=tuple(runs), store=str(store))


def row(step: int, seed: int = 0) -> dict[str, float]:
    """An evaluation in which every number tells where it comes from."""
    return {
        "step": step,
        "epoch": step / 10,
        "loss": 1000 + step,
        "accuracy_raw": 0.5 + step / 1000 + seed / 100,
        "accuracy_averaged": 0.6 + step / 1000 + seed / 100,
        "eval_loss_raw": 2000 + step,
        "eval_loss_averaged": 3000 + step,
        "lr": 0.1,
        "seconds": step / 2,
        "examples_per_second": 100.0 + seed,
    }


def trained(made: Plan, folder: Path, *steps: int) -> Path:
    """A sweep's folder, with rows at these steps in every trajectory and the results that are read off them."""
    write_json(folder / plan.SWEEP, made.to_json())
    for run in made.runs:
        if not run.trajectory.rows():
            for step in steps:
                run.trajectory.add_evaluation(row(step, run.seed), CLASSES)
            run.trajectory.set_status("done", max(steps))
        if (result := app.read(run.recipe, run.trajectory)) is not None:
            write_json(folder / str(run.number) / app.RESULT, result)
    return folder


@pytest.fixture
def made(tmp_path) -> Plan:
    return planned(tmp_path / "runs", "steps=30", "eval_every=10", "augment=on,off", "ema=on,off", "seed=0,1")


@pytest.fixture
def sweep(made, tmp_path) -> Path:
    return trained(made, tmp_path / "multirun" / made.name, 10, 20, 30)


def test_a_row_a_run_with_the_planned_columns_and_types(sweep, made):
    runs = results.load(sweep).runs
    assert " ".join(runs.columns) == (
        "number arm label augment ema seed status step accuracy loss parameters operations seconds "
        "examples_per_second weights fingerprint trajectory error"
    )
    assert runs["number"].tolist() == list(range(8))
    assert runs["arm"].tolist() == [0, 1, 2, 3] * 2
    assert runs["seed"].tolist() == [0] * 4 + [1] * 4
    assert runs["label"].tolist()[:4] == [
        "baseline (augment: on, ema: on)", "ema: on → off", "augment: on → off", "augment: on → off, ema: on → off"
    ]  # fmt: skip
    assert runs["ema"].tolist()[:4] == ["on", "off", "on", "off"]
    assert runs["weights"].tolist()[:2] == ["averaged", "raw"]
    assert runs["accuracy"].tolist()[:2] == [pytest.approx(0.63), pytest.approx(0.53)]
    assert runs["loss"].tolist()[:2] == [3030, 2030]
    assert set(runs["status"]) == {"done"}
    assert set(runs["step"]) == {30}
    assert set(runs["seconds"]) == {15}
    assert (runs["parameters"] > 1e5).all()
    assert runs["error"].isna().all()
    assert runs["fingerprint"].tolist() == [run.trajectory.fingerprint for run in made.runs]
    assert all(Path(path).is_dir() for path in runs["trajectory"])
    types = {name: str(kind) for name, kind in runs.dtypes.items()}
    assert {types[name] for name in ("number", "arm", "seed")} == {"int64"}
    assert {types[name] for name in ("step", "parameters", "operations")} == {"Int64"}
    assert {types[name] for name in ("label", "augment", "status", "weights", "error")} == {"str"}


def test_a_row_a_run_and_evaluation_of_its_own_readout(sweep):
    loaded = results.load(sweep)
    evaluations = loaded.evaluations
    assert " ".join(evaluations.columns) == (
        "number arm label augment ema seed status step epoch accuracy loss eval_loss learning_rate seconds examples_per_second"
    )
    assert evaluations["number"].tolist() == [number for number in range(8) for _ in range(3)]
    raw = evaluations[evaluations["number"] == 5]
    assert raw["step"].tolist() == [10, 20, 30]
    assert raw["accuracy"].tolist() == pytest.approx([0.52, 0.53, 0.54])
    assert raw["eval_loss"].tolist() == [2010, 2020, 2030]
    assert raw["loss"].tolist() == [1010, 1020, 1030]
    assert raw["epoch"].tolist() == [1, 2, 3]
    assert set(raw["label"]) == {"ema: on → off"}
    last = evaluations[evaluations["step"] == 30]
    assert last["accuracy"].tolist() == loaded.runs["accuracy"].tolist()
    assert loaded.factors == ["augment", "ema"]
    assert loaded.notes == ()


def test_a_runs_evaluations_are_those_of_its_own_grid_and_its_own_final_step(tmp_path):
    made = planned(tmp_path / "runs", "steps=25,40", "eval_every=10")
    sweep = trained(made, tmp_path / "sweep", 7, 10, 20, 25, 30, 33, 40, 50)
    assert len(made.trainings) == 1
    steps = results.load(sweep).evaluations.groupby("number")["step"].apply(list)
    assert steps.tolist() == [[10, 20, 25], [10, 20, 30, 40]]


def test_a_swept_rate_keeps_its_levels_beside_the_rate_of_the_step(tmp_path):
    made = planned(tmp_path / "runs", "steps=10", "eval_every=10", "lr=0.1,0.05")
    evaluations = results.load(trained(made, tmp_path / "sweep", 10)).evaluations
    assert evaluations["lr"].tolist() == ["0.1", "0.05"]
    assert evaluations["learning_rate"].tolist() == [0.1, 0.1]


def test_runs_without_a_result_are_rows_too(sweep, made):
    diverged, failed, damaged = made.runs[0], made.runs[3], made.runs[5]
    for path in diverged.trajectory.path.glob("predictions/*0.npz"):
        if path.stem != "10":
            path.unlink()
    diverged.trajectory.drop_after(10)
    diverged.trajectory.set_status("diverged", 17, "the loss became nan at step 17")
    write_json(sweep / "0" / app.RESULT, app.read(diverged.recipe, diverged.trajectory))
    write_json(sweep / "3" / app.RESULT, app.failure("MemoryError: too large", failed.recipe, failed.trajectory))
    (sweep / "5" / app.RESULT).write_text('{"status": "do')
    (sweep / "6" / app.RESULT).unlink()
    write_json(sweep / "4" / app.RESULT, app.failure("Expected a number. Received: x."))  # before it was resolved
    write_json(sweep / "7" / app.RESULT, read_json(sweep / "2" / app.RESULT))  # another run's
    loaded = results.load(sweep)
    runs = loaded.runs.set_index("number")
    assert runs["status"].tolist() == ["diverged", "done", "done", "failed", "failed", "missing", "missing", "missing"]
    assert runs.loc[0, "error"] == "the loss became nan at step 17"
    assert runs.loc[0, "step"] == 17
    assert runs.loc[3, "error"] == "MemoryError: too large"
    assert runs["accuracy"].isna().tolist() == [True, False, False, True, True, True, True, True]
    assert runs.loc[6, ["step", "parameters"]].isna().all()
    assert runs.loc[6, "weights"] == "averaged"
    assert len(loaded.notes) == 1
    assert str(sweep / "5" / app.RESULT) in loaded.notes[0]
    assert str(sweep / "7" / app.RESULT) in loaded.notes[0]
    assert str(sweep / "6" / app.RESULT) not in loaded.notes[0]
    steps = loaded.evaluations.groupby("number")["step"].apply(list)
    assert steps[0] == steps[1] == [10]  # what was evaluated before the loss diverged
    assert steps[damaged.number] == [10, 20, 30]
    assert set(loaded.evaluations.loc[loaded.evaluations["number"] == 0, "status"]) == {"diverged"}


def test_a_store_given_relative_is_found_from_here_and_from_beside_the_sweep(sweep, tmp_path, monkeypatch):
    content = read_json(sweep / plan.SWEEP)
    write_json(sweep / plan.SWEEP, content | {"store": "runs"})
    monkeypatch.chdir(tmp_path)
    here = results.load(sweep.relative_to(tmp_path))
    assert here.runs["trajectory"].iloc[0] == f"runs/{content['runs'][0]['fingerprint']}"
    assert len(here.evaluations) == 24
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "runs").mkdir(parents=True)  # a store of another project is not taken for this one's
    monkeypatch.chdir(elsewhere)
    assert len(results.load(sweep).evaluations) == 24


def test_a_store_named_by_the_environment_is_found(sweep, tmp_path, monkeypatch):
    write_json(sweep / plan.SWEEP, read_json(sweep / plan.SWEEP) | {"store": "${oc.env:ABLATE_TEST_STORE}"})
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


@pytest.mark.parametrize(("content", "received"), [("{", "damaged"), ('{"version": 99}', "version 99"), ("[]", "damaged")])
def test_a_damaged_or_foreign_sweep_is_refused(tmp_path, content, received):
    (tmp_path / plan.SWEEP).write_text(content)
    with pytest.raises(AblateError, match=received):
        results.load(tmp_path)


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(AblateError, match=plan.SWEEP):
        results.load(tmp_path)


def test_a_thousand_runs_load_fast(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # writing is not what is measured
    monkeypatch.setattr(np, "savez_compressed", lambda buffer, **arrays: None)
    steps = list(range(10, 1010, 10))
    content = planned(tmp_path / "runs", "steps=1000", "eval_every=10", "ema=on,off").to_json()
    template = content["runs"][0]
    result = {"status": "done", "step": 1000, "accuracy": 0.5, "costs": {"parameters": 1}}
    content["runs"], content["seeds"] = [], list(range(1000))
    written = Trajectory(tmp_path / "one", "f")
    for step in steps:
        written.add_evaluation(row(step), CLASSES)
    lines = (written.path / "metrics.jsonl").read_text()
    for number in range(1000):
        trajectory = Trajectory(tmp_path / "runs", f"{number:016x}")
        trajectory.path.mkdir(parents=True)
        (trajectory.path / "metrics.jsonl").write_text(lines)
        write_json(tmp_path / "sweep" / str(number) / app.RESULT, result | {"fingerprint": trajectory.fingerprint})
        content["runs"].append(template | {"number": number, "seed": number, "fingerprint": trajectory.fingerprint})
    write_json(tmp_path / "sweep" / plan.SWEEP, content)
    started = time.process_time()
    loaded = results.load(tmp_path / "sweep")
    seconds = time.process_time() - started
    assert len(loaded.evaluations) == 100_000
    assert set(loaded.runs["status"]) == {"done"}
    assert seconds < 8, f"{seconds:.1f} s"
