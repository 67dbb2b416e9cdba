import json

import pandas as pd
import pytest
import yaml

from ablate.errors import AblateError
from ablate.report.search import files, tables, write_results, written
from ablate.results import load as load_sweep
from ablate.results.search import load
from ablate.stats import searches
from ablate.stats.importance import importance
from ablate.store.trials import Trial

TRAIN, EPOCHS = 45_000, 10


def test_every_trial_is_a_row_and_only_those_that_are_done_have_a_score(made):
    found = load(made())
    trials = found.trials
    assert len(trials) == 27
    assert found.counts == {"done": 16, "pruned": 7, "diverged": 1, "failed": 1, "lapsed": 1, "surplus": 1}
    assert len(found.finished) == 25
    assert trials["validation_accuracy"].notna().tolist() == trials["state"].eq("done").tolist()
    assert trials.loc[trials["default"], "number"].tolist() == [0]
    assert str(trials["batch_size"].dtype) == "str"
    assert trials["lr"].dtype == "float64"
    assert trials.set_index("number").loc[25, "retry_of"] == 24
    pruned = trials[trials["state"] == "pruned"]
    assert pruned["last_value"].notna().all()
    assert set(pruned["came_examples"]) == {3 * TRAIN}
    curve = found.curves[found.curves["number"] == 0]
    assert curve["epochs"].tolist() == pytest.approx(list(range(1, EPOCHS + 1)))
    assert curve["validation_accuracy"].iloc[-1] == pytest.approx(trials["validation_accuracy"].iloc[0])


def test_the_history_goes_by_the_time_of_finishing_and_counts_what_is_done(made):
    found = load(made())
    history = searches.history(found.trials, found.objective)
    assert len(history) == 25
    assert history["ended"].is_monotonic_increasing
    assert history["best"].dropna().is_monotonic_increasing
    assert history["best"].iloc[-1] == found.trials["validation_accuracy"].max()
    first = history[history["state"] == "done"].index[0]
    assert history["best"].isna().tolist() == [place < first for place in range(25)]
    assert history["best_number"].iloc[-1] == searches.ranked(found.trials, found.objective)["number"].iloc[0]


def test_a_smaller_loss_is_better(made):
    losses = [
        Trial(number, "done", {"lr": 0.1, "batch_size": "64"}, (loss,), ended=number) for number, loss in enumerate((2, 1, 3))
    ]
    found = load(made(losses, objectives=["loss"], directions=["minimize"]))
    assert searches.history(found.trials, found.objective)["best"].tolist() == [2, 1, 1]
    assert searches.ranked(found.trials, found.objective)["number"].tolist() == [1, 0, 2]


def test_what_was_saved_is_what_nobody_trained(made):
    spent = searches.spent(load(made()).trials).set_index("what")
    assert spent.loc["saved by pruning", "examples"] == 7 * 7 * TRAIN
    assert spent.loc["saved by pruning", "seconds"] == pytest.approx(7 * 7 * 60)
    # a trial found an epoch of another study; what a retry found of its lapsed trial is no saving
    assert spent.loc["saved by reuse", "examples"] == TRAIN
    done, pruned, diverged, lapsed, retried = 15 * EPOCHS - 1, 7 * 3, 1, 4, 6
    assert spent.loc["trained", "examples"] == (done + pruned + diverged + lapsed + retried) * TRAIN
    assert spent.loc["not trained, because the trial diverged or failed", "examples"] == (9 + 10) * TRAIN
    assert spent["share"].sum() == pytest.approx(1)


def test_what_a_lapsed_trial_cannot_tell_its_retry_does(made):
    where = {"lr": 0.1, "batch_size": "64"}
    lapsed = Trial(0, "lapsed", where, planned=100)
    retry = Trial(1, "done", where, (0.8,), "retried", examples=60, seconds=6, reused_examples=40, planned=100, retry_of=0)
    spent = searches.spent(load(made([lapsed, retry])).trials).set_index("what")
    assert spent.loc["trained", "examples"] == 100
    assert spent.loc["saved by reuse", "examples"] == 0


def test_the_front_is_of_trials_that_no_other_beats(made, two_objectives):
    found = load(made(two_objectives[0], **two_objectives[1]))
    frame = searches.fronts(found.trials, found.objectives)
    assert frame.loc[frame["front"], "number"].tolist() == [1, 4, 7]  # the best rate of each model


def test_importance_is_of_what_moves_the_score(made):
    frame, notes = load(made()).importances
    assert frame["parameter"].tolist() == ["lr", "batch_size"]
    assert frame["importance"].sum() == pytest.approx(1)
    assert (frame["low"] <= frame["importance"]).all()
    assert (frame["importance"] <= frame["high"]).all()
    assert set(frame["evaluator"]) == {"fANOVA"}
    assert notes == []


def test_where_importance_cannot_be_told_that_is_said(made, monkeypatch):
    found = load(made([Trial(0, "done", {"lr": 0.1, "batch_size": "64"}, (0.8,))]))
    assert found.importances[0].empty
    assert "at least 6 finished trials, got 1" in found.importances[1][0]
    inside = load(made([Trial(number, "done", {"lr": 0.1, "batch_size": "64"}, (0.8,)) for number in range(3)]))
    outside = importance(inside.trials.assign(lr=0.9), inside.space, inside.objectives)
    assert "3 of 3 trials that lie outside" in outside[1][0]
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    assert "Optuna is not installed" in load(made()).importances[1][0]


def test_what_is_computed_from_the_model_has_no_importance(made, two_objectives):
    found = load(made(two_objectives[0], **two_objectives[1]))
    frame, notes = found.importances
    assert set(frame["objective"]) == {"validation accuracy"}
    assert notes == ["Importances for FLOPs are left out: they are computed from the model, not measured by trials"]
    alone = {"objectives": ["parameters"], "directions": ["minimize"], "pruner": {"name": "none"}}
    counts = [Trial(n, "done", {"lr": 0.1, "batch_size": "64"}, (n,)) for n in range(9)]
    frame, notes = load(made(counts, name="alone", **alone)).importances
    assert frame.empty
    assert len(notes) == 1
    assert "Importances for parameters are left out" in notes[0]


def test_the_time_that_pruning_saved_is_unknown_where_nothing_was_trained(made):
    where = {"lr": 0.1, "batch_size": "64"}
    reused = Trial(0, "pruned", where, examples=0, reused_examples=40, reused_seconds=4.0, planned=100)
    found = load(made([reused]))
    spent = searches.spent(found.trials).set_index("what")
    assert spent.loc["saved by pruning", "examples"] == 60
    assert pd.isna(spent.loc["saved by pruning", "seconds"])
    assert spent.loc["not trained, because the trial diverged or failed", "seconds"] == 0
    assert tables.spent(found).text.set_index("training").loc["saved by pruning", "time"] == "–"
    assert (
        "pruning saved 60 examples and reusing earlier trainings saved"
        in " ".join(files.TEXTS["md"]["methods.md"](found).split()).lower()
    )


def test_the_best_settings_show_all_that_they_stand_on(made):
    where = {"lr": 0.2, "batch_size": "64"}
    winner = Trial(0, "done", where, (0.9,), examples=0, reused_examples=100, reused_seconds=7.0, planned=100)
    other = Trial(1, "done", {**where, "lr": 0.3}, (0.8,), examples=100, seconds=6.0, planned=100)
    table = tables.best(load(made([winner, other])))
    assert table.text["examples"].tolist() == ["100", "100"]
    assert table.text["reused examples"].tolist() == ["100", "0"]
    assert table.text["seconds"].tolist() == ["7", "6"]
    assert any(note.startswith("Reused: ") for note in table.notes)
    assert "reused examples" not in tables.best(load(made([other], name="none"))).text


def test_the_best_is_written_as_hydras_own_sweeper_writes_it(made):
    folder = made()
    paths = write_results(folder)
    assert [path.name for path in paths] == ["trials.csv", "optimization_results.yaml"]
    best = yaml.safe_load(paths[1].read_text())
    assert best["name"] == "optuna"
    assert best["best_params"] == {"lr": 0.061300000123, "batch_size": 64}
    rows = json.loads((folder / "trials.json").read_text())["trials"]
    assert best["best_value"] == max(row["values"][0] for row in rows if row["values"])
    frame = pd.read_csv(paths[0])
    assert list(frame.columns[:6]) == ["number", "state", "source", "lr", "batch_size", "validation_accuracy"]
    assert len(frame) == 27


def test_two_objectives_have_solutions(made, two_objectives):
    found = load(made(two_objectives[0], **two_objectives[1]))
    best = written.best(found)
    assert list(best) == ["name", "solutions"]
    assert [solution["params"]["model"] for solution in best["solutions"]] == ["tuto", "alex2", "squeeze1"]
    assert best["solutions"][0]["values"][1] == 37_745_098


def test_without_a_score_there_is_no_best_to_write(made):
    running = [Trial(0, "running", {"lr": 0.1, "batch_size": "64"}), Trial(1, "waiting", {})]
    folder = made(running)
    assert [path.name for path in write_results(folder)] == ["trials.csv"]
    assert not (folder / "optimization_results.yaml").exists()


def test_what_is_no_search_is_refused_and_a_search_is_no_sweep(made, sweeps):
    folder = made()
    plan = sweeps.planned("lr=0.1,0.05", "seed=0", "steps=10")
    sweep = sweeps.trained(plan, 5, 10)
    with pytest.raises(AblateError, match=r"is a search, not a sweep\. Name it alone"):
        load_sweep(folder, sweep)
    with pytest.raises(AblateError, match=r"must be the folder of a search, got design=factorial"):
        load(sweep)
    content = json.loads((folder / "sweep.json").read_text())
    del content["search"]["budget"]
    (folder / "sweep.json").write_text(json.dumps(content))
    with pytest.raises(AblateError, match=r"sweep\.json: search\.budget is missing"):
        load(folder)
