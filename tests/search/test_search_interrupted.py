"""Searches in which something comes in between: another winner, the end of the time, another machine, a first failure."""

import json
import time
from pathlib import Path
from typing import Any

import optuna
import pytest

from ablate.search import storage
from ablate.search.trial_queue import RETRY, STATUS

pytestmark = pytest.mark.slow

SEARCH = ("-m", "hydra/sweeper=optuna", "lr=tag(log,interval(1e-6,1))", "report.formats=[csv,md]", "workers=1")
ALONE = (*SEARCH, "hydra.sweeper.study_name=ours")


def trials_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "trials.json").read_text())["trials"]
    return found


@pytest.mark.exhaustive
def test_another_winner_is_measured_on_other_seeds_and_the_report_counts_the_looks(program: Any) -> None:
    folder = program.folder / "multirun" / "ours"
    words = (*ALONE, "epochs=15", "hydra.sweeper.confirm_seeds=2", "hydra/sweeper/pruner=none")
    program(*words, "hydra.sweeper.n_trials=1", "hydra.sweeper.enqueue=[{lr:1e-6}]")
    first = json.loads((folder / "confirmation" / "sweep.json").read_text())
    assert first["seeds"] == [1, 2]
    _, err = program(*words, "hydra.sweeper.n_trials=2", "hydra.sweeper.enqueue=[{lr:1e-6},{lr:0.3}]")
    assert "more trials found a better setting" in err
    assert json.loads((folder / "confirmation-1" / "sweep.json").read_text())["runs"] == first["runs"]
    second = json.loads((folder / "confirmation" / "sweep.json").read_text())
    assert second["seeds"] == [3, 4]
    assert "This is not the first confirmation: an earlier one" in (folder / "report" / "table.md").read_text()
    _, err = program(*words, "hydra.sweeper.n_trials=2")
    assert "more trials found" not in err
    assert json.loads((folder / "confirmation" / "sweep.json").read_text()) == second
    _, err = program(*words, "hydra.sweeper.n_trials=1")
    assert "2 trials are already finished, so the search has 2, not 1" in err


@pytest.mark.exhaustive
def test_the_end_of_the_time_ends_the_search_and_what_there_is_is_measured(program: Any) -> None:
    words = (*ALONE, "epochs=2", "hydra.sweeper.n_trials=500", "hydra.sweeper.confirm_seeds=1", "hydra.sweeper.timeout=1")
    program(*words)
    folder = program.folder / "multirun" / "ours"
    count = len([trial for trial in trials_of(folder) if trial["state"] in ("done", "pruned")])
    assert 1 <= count < 500
    best = max((trial for trial in trials_of(folder) if trial["values"]), key=lambda trial: trial["values"][0])
    assert (folder / "confirmation" / "sweep.json").exists() or best["params"]["lr"] == 0.1
    program(*words)  # as much time again
    assert len(trials_of(folder)) > count


@pytest.mark.exhaustive
def test_the_first_failure_ends_a_search_that_asks_for_it(program: Any) -> None:
    words = ("-m", "hydra/sweeper=optuna", "hydra/sweeper/sampler=grid", "lr=1e29,1e30", "epochs=1", "workers=1")
    _, err = program(*words, "fail_fast=true", "report.formats=[]", status=1)
    assert "The search stopped at the first trial that failed or diverged" in err
    [folder] = (program.folder / "multirun").iterdir()
    assert [trial["state"] for trial in trials_of(folder)] == ["diverged"]


def test_trials_at_work_on_one_training_pay_for_it_once(program: Any) -> None:
    space = ("-m", "hydra/sweeper=optuna", "ema=on,off", "hydra/sweeper/sampler=grid", "hydra/sweeper/pruner=none")
    program(*space, "epochs=20", "workers=2", "hydra.sweeper.n_trials=2", "hydra.sweeper.confirm_seeds=0", "report.formats=[]")
    [folder] = (program.folder / "multirun").iterdir()
    one, other = trials_of(folder)
    assert one["began"] < other["began"] < one["ended"]
    assert one["examples"] + other["examples"] == one["planned"] == other["planned"]
    assert other["reused_examples"] == other["planned"] - other["examples"]


@pytest.mark.exhaustive
def test_a_trial_that_another_machine_took_over_is_left_to_it(program: Any) -> None:
    """As after a laptop slept: the lease lapsed, and the trial goes on elsewhere."""
    words = (*ALONE, "epochs=1500", "hydra.sweeper.n_trials=1", "hydra.sweeper.confirm_seeds=0", "hydra.sweeper.eval_epochs=5")
    process = program.start(*words)
    folder = program.folder / "multirun" / "ours"
    until = time.monotonic() + 120
    while not any(program.folder.glob("runs/*/metrics.jsonl")):
        assert time.monotonic() < until
        time.sleep(0.1)
    study = optuna.load_study(study_name="ours", storage=storage.opened(None, folder))
    [running] = study.trials
    study.enqueue_trial(running.params, user_attrs={RETRY: running.number})
    study._storage.set_trial_user_attr(running._trial_id, STATUS, "lapsed")
    study.tell(running.number, state=optuna.trial.TrialState.FAIL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "another process took it over" in err
    first, second = trials_of(folder)
    assert (first["state"], second["state"], second["retry_of"]) == ("lapsed", "done", 0)
    assert second["values"]
