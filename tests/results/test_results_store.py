import numpy as np
import pytest
from made_up import evaluation

from ablate import results
from ablate.errors import AblateError
from ablate.store import Trajectory, fingerprint


def test_every_training_is_a_run_at_its_last_step_with_both_weights(sweeps):
    sweeps.trained(sweeps.planned("steps=30", "eval_every=10", "augment=on,off", "seed=0,1"), 10, 20, 30)
    loaded = results.load(sweeps.store)
    assert loaded.sweep.design == "store"
    assert loaded.sweep.to_json()["factors"].keys() == {"augment", "ema"}
    assert loaded.runs[["seed", "arm"]].to_numpy().tolist() == [[seed, arm] for seed in (0, 1) for arm in range(4)]
    assert loaded.runs["weights"].tolist() == ["averaged", "raw"] * 4
    assert loaded.runs["ema"].tolist() == ["on", "off"] * 4
    assert set(loaded.runs["status"]) == {"done"}
    raw = loaded.runs[(loaded.runs["ema"] == "off") & (loaded.runs["seed"] == 1)]
    assert raw["accuracy"].tolist() == pytest.approx([0.54, 0.54])
    assert loaded.sweep.arms[0].label == "baseline"
    assert loaded.sweep.to_json()["fixed"] == {
        "metric": "accuracy",
        "evaluation_set": "test",
        "step": [30] * 4,
        "readout": ["averaged", "raw"] * 2,
        "margin": None,
        "differences": [],
        "effects": [],
        "looks": 1,
    }
    assert len(loaded.evaluations) == 8 * 3
    assert len(loaded.trainings) == 4
    assert loaded.predictions(0) is not None
    assert loaded.labels is not None


def test_it_has_the_keys_and_the_costs_that_a_sweep_has(sweeps):
    sweep = sweeps.trained(sweeps.planned("steps=30", "eval_every=10", "augment=on,off", "ema=on,off"), 10, 20, 30)
    of_sweep, of_store = results.load(sweep), results.load(sweeps.store)
    assert of_sweep.sweep.to_json().keys() == of_store.sweep.to_json().keys() | {"diverged_loss"}
    assert of_sweep.sweep.to_json()["runs"][0].keys() == of_store.sweep.to_json()["runs"][0].keys()
    assert of_sweep.sweep.to_json()["fixed"].keys() == of_store.sweep.to_json()["fixed"].keys()
    assert set(of_sweep.runs.columns) == set(of_store.runs.columns)
    columns = [
        "fingerprint",
        "weights",
        "accuracy",
        "loss",
        "parameters",
        "operations",
        "seconds",
        "examples_per_second",
        "input",
    ]
    keys = ["fingerprint", "weights"]
    one, other = (loaded.runs[columns].sort_values(keys, ignore_index=True) for loaded in (of_sweep, of_store))
    assert one.equals(other)


def test_the_arm_with_most_runs_is_the_baseline(sweeps):
    sweeps.trained(sweeps.planned("steps=30", "eval_every=10", "augment=on,off"), 30)
    sweeps.trained(sweeps.planned("steps=30", "eval_every=10", "augment=off", "seed=1,2"), 30)
    assert results.load(sweeps.store).sweep.to_json()["factors"]["augment"] == ["off", "on"]


def test_what_names_do_not_tell_apart_is_told_by_the_content(sweeps):
    for words in (("lr=0.1",), ("lr=0.05",), ("augment.flip=false",), ("data.validation=100",), ("ema_decay=0.99",)):
        sweeps.trained(sweeps.planned("steps=10", "eval_every=10", *words), 10)
    factors = results.load(sweeps.store).sweep.to_json()["factors"]
    assert {name: set(levels) for name, levels in factors.items()} == {
        "data.train_images": {"1437", "1337"},
        "input.flip": {"True", "False"},
        "lr": {"0.1", "0.05"},
        "ema_decay": {"0.9999", "0.99"},
        "ema": {"on", "off"},
    }


def test_trainings_that_differ_in_the_name_of_a_level_alone_are_one_arm(sweeps):
    sweeps.trained(sweeps.planned("steps=10", "eval_every=10", "lrn=native"), 10)
    sweeps.trained(sweeps.planned("steps=10", "eval_every=10", "lrn=on", "seed=1"), 10)
    assert list(results.load(sweeps.store).sweep.to_json()["factors"]) == ["ema"]


def test_a_model_of_other_layers_is_another_arm(sweeps):
    sweeps.trained(sweeps.planned("steps=10", "eval_every=10", "model=tuto"), 10)
    sweeps.trained(sweeps.planned("steps=10", "eval_every=10", "model=alex4"), 10)
    loaded = results.load(sweeps.store)
    assert set(loaded.sweep.to_json()["factors"]["model"]) == {"tuto", "alex4"}
    assert "model (content)" not in loaded.sweep.to_json()["factors"]


def test_a_training_is_read_at_every_step_that_was_asked_for(sweeps):
    made = sweeps.planned("steps=20,40", "eval_every=10")
    sweeps.trained(made, 10, 20, 30, 40)
    made.runs[0].trajectory.keep(20)
    made.runs[0].trajectory.keep(50)
    loaded = results.load(sweeps.store)
    assert loaded.sweep.to_json()["factors"] == {"steps": ["50", "40", "20"], "ema": ["on", "off"]}
    assert loaded.runs["status"].tolist() == ["missing", "missing", "done", "done", "done", "done"]
    assert loaded.runs["parameters"].notna().all()
    assert loaded.sweep.to_json()["fixed"]["step"] == [50, 50, 40, 40, 20, 20]
    assert loaded.evaluations.groupby("number")["step"].max().tolist() == [40, 40, 40, 40, 20, 20]


def test_without_a_step_that_was_asked_for_it_is_the_newest(sweeps):
    made = sweeps.planned("steps=40", "eval_every=10")
    sweeps.trained(made, 10, 20)
    (made.runs[0].trajectory.path / "final_steps.json").unlink()
    assert results.load(sweeps.store).runs["step"].tolist() == [20, 20]


def test_what_diverged_or_failed_is_a_row_and_so_is_what_was_never_evaluated(sweeps):
    made = sweeps.planned("steps=30", "eval_every=10", "seed=0,1,2")
    sweeps.trained(made, 10)
    for run, state in zip(made.runs, ("diverged", "failed", "running"), strict=True):
        (run.trajectory.path / "final_steps.json").unlink()
        run.trajectory.keep(30)
        run.trajectory.set_status(state, 17, None if state == "running" else f"it {state}")
    runs = results.load(sweeps.store).runs
    assert runs["status"].tolist() == ["diverged", "diverged", "failed", "failed", "missing", "missing"]
    assert runs["error"].tolist()[:4] == ["it diverged"] * 2 + ["it failed"] * 2
    assert runs["step"].tolist()[:4] == [17] * 4
    assert runs["step"].isna().tolist()[4:] == [True, True]


def test_a_damaged_config_is_left_out_and_said(sweeps):
    made = sweeps.planned("steps=30", "eval_every=10", "augment=on,off")
    sweeps.trained(made, 10, 20, 30)
    (made.runs[1].trajectory.path / "config.yaml").write_text("{")
    loaded = results.load(sweeps.store)
    assert len(loaded.runs) == 2
    assert loaded.notes == ("1 of 2 trainings are left out because they are damaged or unreadable; run `ablate runs verify`",)
    (made.runs[0].trajectory.path / "config.yaml").unlink()
    with pytest.raises(AblateError, match="has no training that is not damaged"):
        results.load(sweeps.store)


def test_a_level_that_was_changed_in_the_comment_above_a_config_is_said(sweeps):
    made = sweeps.planned("steps=30", "eval_every=10", "augment=on,off")
    sweeps.trained(made, 10, 20, 30)
    path = made.runs[0].trajectory.path / "config.yaml"
    path.write_text(path.read_text().replace("lrn=native", "lrn=off"))
    loaded = results.load(sweeps.store)
    assert loaded.notes == ("config.yaml of 1 of 2 trajectories is missing or damaged: see `ablate runs verify`",)
    assert "off" not in loaded.sweep.to_json()["factors"].get("lrn", [])


def test_a_training_of_another_version_of_the_program_has_no_costs(sweeps):
    content = dict(sweeps.planned("steps=10", "eval_every=10").runs[0].content) | {"model": [{"quantum": {"bits": 3}}]}
    made = Trajectory(sweeps.store, fingerprint(content))
    made.write_config(content, {"model": "mine"})
    made.add_evaluation(evaluation(10), {"raw": np.zeros(4, int), "averaged": np.zeros(4, int)})
    assert results.load(sweeps.store).runs["parameters"].isna().all()


def test_a_store_is_not_joined(sweeps):
    sweep = sweeps.trained(sweeps.planned("steps=30", "eval_every=10"), 30)
    with pytest.raises(AblateError, match="is a store, which must be reported by itself, got 2 names"):
        results.load(sweep, sweeps.store)


def test_a_training_whose_loss_exploded_on_the_way_has_diverged_as_in_its_sweep(sweeps):
    made = sweeps.planned("steps=30", "eval_every=10", "seed=0,1")
    exploded = made.runs[1].trajectory
    exploded.write_config(made.runs[1].content, made.runs[1].names)
    for step, loss in ((10, 1.0), (20, 20_000.0), (30, 2.3)):
        classes = {"raw": np.zeros(4, int), "averaged": np.zeros(4, int)}
        exploded.add_evaluation(evaluation(step, 1, loss=loss), classes)
    exploded.keep(30)
    exploded.set_status("done", 30)
    of_sweep, of_store = results.load(sweeps.trained(made, 10, 20, 30)), results.load(sweeps.store)
    assert of_sweep.runs["status"].tolist() == ["done", "diverged"]
    diverged = of_store.runs[of_store.runs["seed"] == 1]
    assert diverged["status"].tolist() == ["diverged"] * 2
    assert diverged["step"].tolist() == [20] * 2
    assert diverged["accuracy"].isna().all()
    assert diverged["error"].tolist() == [of_sweep.runs["error"][1]] * 2
