"""Searches as users run them, on a tiny data set: what they leave, that they go on, and what they refuse."""

import csv
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

SPACE = ("hydra/sweeper=optuna", "lr=tag(log,interval(0.01,0.5))", "batch_size=16,32,128")
SHORT = ("epochs=4", "hydra.sweeper.n_trials=6", "hydra.sweeper.confirm_seeds=2")
QUICK = ("report.formats=[]", "workers=1")


def folder_of(program: Any) -> Path:
    [folder] = (program.folder / "multirun").iterdir()
    return Path(folder)


def trials_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "trials.json").read_text())["trials"]
    return found


def settings_of(folder: Path) -> list[tuple[Any, ...]]:
    """What was tried and what came of it, but for times."""
    return [(one["number"], one["state"], one["params"], one["values"], one["curve"]) for one in trials_of(folder)]


def results_of(folder: Path) -> dict[int, dict[str, Any]]:
    return {int(path.parent.name): json.loads(path.read_text()) for path in folder.glob("*/result.json")}


@pytest.mark.slow
def test_a_search_tries_prunes_confirms_and_is_found_again(program: Any) -> None:
    _, err = program("-m", *SPACE, *SHORT)
    folder = folder_of(program)
    trials = trials_of(folder)
    assert len(trials) == 6
    assert trials[0]["params"] == {"lr": 0.1, "batch_size": "128"}  # the default setting first
    assert {trial["state"] for trial in trials} <= {"done", "pruned"}
    assert any(trial["state"] == "pruned" for trial in trials)
    content = json.loads((folder / "sweep.json").read_text())
    assert content["fixed"]["evaluation_set"] == "validation"
    assert content["search"]["validation_images"] == 40
    assert content["search"]["train_images"] == 160
    results = results_of(folder)
    assert {results[trial["number"]]["status"] for trial in trials} == {trial["state"] for trial in trials}
    for trial in trials:
        result = results[trial["number"]]
        assert result["evaluation_set"] == "validation"
        if trial["state"] == "pruned":
            assert result["accuracy"] is None
            assert 0 < result["step"] <= result["readout"]["step"]
            assert trial["came"] < 640
        else:
            assert trial["values"] == [result["accuracy"]]
            assert trial["came"] == 640
    assert "pruned at step" in err
    assert "best trial: " in err
    best = max((trial for trial in trials if trial["values"]), key=lambda trial: trial["values"][0])
    written = yaml.safe_load((folder / "optimization_results.yaml").read_text())
    assert written["best_value"] == pytest.approx(best["values"][0])
    rows = list(csv.DictReader((folder / "trials.csv").read_text().splitlines()))
    assert [int(row["number"]) for row in rows] == list(range(6))
    if (folder / "confirmation").exists():
        measured = json.loads((folder / "confirmation" / "sweep.json").read_text())
        assert measured["fixed"]["evaluation_set"] == "test"
        assert measured["seeds"] == [1, 2]  # no trial used them
        assert len(measured["runs"]) == 4
    else:
        assert best["number"] == 0

    trajectories = {path.name: (path / "metrics.jsonl").read_bytes() for path in program.trajectories()}
    _, again = program("-m", *SPACE, *SHORT)
    assert "6 already finished" in again
    assert settings_of(folder) == [(t["number"], t["state"], t["params"], t["values"], t["curve"]) for t in trials]
    assert {path.name: (path / "metrics.jsonl").read_bytes() for path in program.trajectories()} == trajectories

    out, _ = program.command("status", str(folder))
    assert "6/6 trials" in out
    assert "pruned" in out


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_same_seed_gives_the_same_trials_and_trains_nothing_twice(program: Any, another: Any) -> None:
    alone = (*SPACE, "epochs=4", "hydra.sweeper.n_trials=12", "hydra.sweeper.confirm_seeds=0", *QUICK)
    program("-m", *alone)
    another("-m", *alone)
    first = settings_of(folder_of(program))
    assert first == settings_of(folder_of(another))
    assert len({str(setting) for _, _, setting, _, _ in first}) == 12
    whole = (*SPACE, "epochs=4", "hydra.sweeper.n_trials=5", "hydra.sweeper.confirm_seeds=0", *QUICK)
    whole = (*whole, "hydra/sweeper/pruner=none", "hydra.sweeper.seeds=[3]")  # which the search before did not train
    for name in ("one", "other"):  # two studies that ask for the same trainings
        program("-m", *whole, f"hydra.sweeper.study_name={name}")
    one, other = (trials_of(program.folder / "multirun" / name) for name in ("one", "other"))
    assert [trial["values"] for trial in one] == [trial["values"] for trial in other]
    assert sum(trial["examples"] for trial in one) > 0
    assert [(trial["examples"], trial["reused_examples"]) for trial in other] == [(0, trial["planned"]) for trial in one]
    program("-m", *whole, "hydra.sweeper.study_name=third", "hydra.sweeper.sampler.seed=1")
    third = trials_of(program.folder / "multirun" / "third")
    assert [trial["params"] for trial in third][1:] != [trial["params"] for trial in one][1:]


@pytest.mark.slow
def test_a_rate_at_which_training_diverges_ends_its_trial_and_no_more(program: Any) -> None:
    rates = ("hydra/sweeper=optuna", "hydra/sweeper/sampler=grid", "lr=0.05,1e30,0.1", "epochs=2")
    program("-m", *rates, "hydra.sweeper.n_trials=3", "hydra.sweeper.confirm_seeds=1", *QUICK)
    folder = folder_of(program)
    states = {trial["params"]["lr"]: trial["state"] for trial in trials_of(folder)}
    assert states["1e+30"] == "diverged"
    assert states["0.1"] == "done"
    assert len(states) == 3
    [diverged] = [trial for trial in trials_of(folder) if trial["state"] == "diverged"]
    assert diverged["error"]
    assert results_of(folder)[diverged["number"]]["status"] == "diverged"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_too_many_diverged_trials_end_the_search(program: Any) -> None:
    rates = ("hydra/sweeper=optuna", "lr=interval(1e29,1e30)", "epochs=1", "hydra/sweeper/sampler=random")
    _, err = program("-m", *rates, "hydra.sweeper.n_trials=30", *QUICK, status=1)
    assert "trials failed or diverged, more than hydra.sweeper.max_failure_rate=0.5" in err
    assert len(trials_of(folder_of(program))) < 15


def killed(program: Any, words: tuple[str, ...], after_s: float) -> None:
    process = program.start(*words)
    time.sleep(after_s)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_killed_three_times_no_trial_is_lost_and_none_is_done_twice(program: Any) -> None:
    words = ("-m", *SPACE, "epochs=30", "hydra.sweeper.n_trials=30", "hydra.sweeper.confirm_seeds=0", "report.formats=[]")
    words = (*words, "workers=2")
    for after_s in (14.0, 19.0, 11.0):
        killed(program, words, after_s)
    program(*words)
    folder = folder_of(program)
    trials = trials_of(folder)
    finished = [trial for trial in trials if trial["state"] in ("done", "pruned", "diverged", "failed")]
    assert len(finished) == 30
    assert {trial["state"] for trial in finished} <= {"done", "pruned"}
    assert {trial["state"] for trial in trials} <= {"done", "pruned", "lapsed", "surplus"}
    lapsed = {trial["number"] for trial in trials if trial["state"] == "lapsed"}
    assert lapsed == {trial["retry_of"] for trial in trials if trial["retry_of"] is not None}
    settings = [json.dumps(trial["params"]) for trial in finished]
    assert len(set(settings)) == 30
    best = max((trial for trial in finished if trial["values"]), key=lambda trial: trial["values"][0])
    written = yaml.safe_load((folder / "optimization_results.yaml").read_text())
    assert written["best_value"] == pytest.approx(best["values"][0])
    for trial in finished:  # what was trained before a kill was not trained again
        if trial["state"] == "done":
            assert trial["examples"] + trial["reused_examples"] == trial["planned"]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_two_processes_on_one_storage_share_the_trials(program: Any) -> None:
    shared = ("-m", *SPACE, "epochs=4", "hydra.sweeper.n_trials=14", "hydra.sweeper.confirm_seeds=1", *QUICK)
    shared = (*shared, "hydra.sweeper.storage=ours.journal", "hydra.sweeper.study_name=ours")
    processes = [program.start(*shared, f"hydra.sweep.dir=multirun/{name}") for name in ("left", "right")]
    for process in processes:
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
    left, right = (program.folder / "multirun" / name for name in ("left", "right"))
    program(*shared, "hydra.sweep.dir=multirun/left")  # both look again, now that all is done
    program(*shared, "hydra.sweep.dir=multirun/right")
    assert settings_of(left) == settings_of(right)
    finished = [trial for trial in trials_of(left) if trial["state"] in ("done", "pruned")]
    assert len(finished) == 14
    assert len({json.dumps(trial["params"]) for trial in finished}) == 14
    mine, others = set(results_of(left)), set(results_of(right))
    assert mine
    assert others
    assert not mine & others


@pytest.mark.slow
@pytest.mark.exhaustive
def test_what_cannot_be_searched_so_is_refused_in_one_line(program: Any) -> None:
    cases = {
        ("lr=0.1",): "A search needs a key to search over",
        ("lrr=interval(0.1,1)",): "Unknown key 'lrr'. Did you mean lr?",
        ("lr=interval(0.1,1)", "data.eval_on=test"): "A search must score on validation images",
        ("lr=interval(0.1,1)", "hydra.sweeper.n_trial=3"): "n_trials",
        ("lr=interval(0.1,1)", "retune=true"): "A search tunes the learning rate itself",
        (
            "lr=interval(0.1,1)",
            "hydra.sweeper.study_name=../mine",
        ): "hydra.sweeper.study_name must be a name for the study and its folder",
        (
            "lr=interval(0.1,1)",
            "+hydra.sweeper.pruner.reduction_factr=3",
        ): "Unknown key hydra.sweeper.pruner.reduction_factr for hyperband",
        ("lr=interval(-1,1)",): "1 of the searched values cannot be trained",
        (
            "lr=interval(0.1,1)",
            "hydra.sweeper.objectives=[accuracy,operations]",
        ): "Two objectives need hydra/sweeper/pruner=none",
    }
    for words, message in cases.items():
        _, err = program("-m", "hydra/sweeper=optuna", *words, status=1)
        assert message in err.splitlines()[-1], err
    _, err = program.command("plan", "hydra/sweeper=optuna", "lr=interval(0.1,1)", "hydra/sweeper/sampler=grid", status=1)
    assert "This sampler needs listed values or a range for every key" in err.splitlines()[-1]
    assert not (program.folder / "multirun").exists()
    assert not (program.folder / "runs").exists()


@pytest.mark.slow
@pytest.mark.exhaustive
def test_another_space_under_one_name_is_refused_with_what_differs(program: Any) -> None:
    named = ("hydra.sweeper.study_name=ours", "epochs=1", "hydra.sweeper.n_trials=1", "hydra.sweeper.confirm_seeds=0", *QUICK)
    program("-m", "hydra/sweeper=optuna", "lr=interval(0.1,0.2)", *named)
    before = (program.folder / "multirun" / "ours" / "trials.journal").read_bytes()
    _, err = program("-m", "hydra/sweeper=optuna", "lr=interval(0.1,0.3)", *named, status=1)
    assert "Choose a new hydra.sweeper.study_name" in err
    assert "space.lr.high: 0.2 there, 0.3 here" in err
    assert (program.folder / "multirun" / "ours" / "trials.journal").read_bytes() == before


@pytest.mark.slow
@pytest.mark.exhaustive
def test_two_objectives_have_a_front_and_words_can_be_searched(program: Any) -> None:
    words = ("hydra/sweeper=optuna", "hydra/sweeper/pruner=none", "augment=on,off", "lr=tag(log,interval(0.01,0.5))")
    words = (*words, "hydra.sweeper.objectives=[accuracy,operations]", "epochs=2", "hydra.sweeper.n_trials=5")
    program("-m", *words, "hydra.sweeper.confirm_seeds=1", *QUICK)
    folder = folder_of(program)
    assert all(len(trial["values"]) == 2 for trial in trials_of(folder))
    assert {trial["arm"]["augment"] for trial in trials_of(folder)} == {"on", "off"}
    assert yaml.safe_load((folder / "optimization_results.yaml").read_text())["solutions"]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_trial_of_several_seeds_is_their_mean_and_may_end_after_some(program: Any) -> None:
    words = (*SPACE, "hydra/sweeper/pruner=wilcoxon", "hydra.sweeper.pruner.p_threshold=0.4", "seed=0,1,2,3", "epochs=2")
    program("-m", *words, "hydra.sweeper.n_trials=6", "hydra.sweeper.confirm_seeds=1", "report.formats=[]", "workers=2")
    folder = folder_of(program)
    results = results_of(folder)
    for trial in trials_of(folder):
        of_trial = [results[4 * trial["number"] + place] for place in range(4)]
        if trial["state"] == "done":
            assert trial["values"][0] == pytest.approx(sum(one["accuracy"] for one in of_trial) / 4)
        else:
            assert {one["status"] for one in of_trial} == {"done", "pruned"}
    assert any(trial["state"] == "pruned" for trial in trials_of(folder))
    measured = folder / "confirmation" / "sweep.json"
    assert not measured.exists() or json.loads(measured.read_text())["seeds"] == [4]
