"""Searches over a Python function, without TensorFlow."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ablate
from ablate import trainers
from ablate.config import loading, own
from ablate.errors import AblateError
from ablate.report import footnotes
from ablate.report.search import repeat
from ablate.results.search import SearchResults
from ablate.store.trials import same_set
from ablate.trainers.function import task

MODULE = """
import math
import time
from pathlib import Path


def train(config, seed, log, eval_on):
    with Path("calls").open("a") as calls:
        calls.write(f"{config} {seed} {eval_on}\\n")
    quality = 0.9 - abs(math.log10(config["lr"]) + 1) / 5 - 0.1 * (config["wd"] is None)
    for epoch in range(1, 6):
        log(epoch, accuracy=quality * epoch / 5 + 0.001 * seed, loss=1 - quality * epoch / 5)
        if config.get("slow") and quality < 0.5:
            time.sleep(0.1)
            Path("late").touch(exist_ok=True) if epoch == 5 else None


def predicts(config, seed, log):
    log(1, accuracy=1 - abs(config["x"] - 2) / 2, bleu=config["x"], predictions=[0, 1] if config["x"] == 2 else [0, 0])


def fails(config, seed):
    raise ValueError("no")


def blind(config, seed):
    return {"loss": (config["x"] - 3) ** 2 + 0.01 * seed}
"""
SPACE: dict[str, Any] = {"lr": ablate.log_interval(1e-4, 1.0), "wd": [0, None]}
QUIET: dict[str, Any] = {"progress": False, "formats": [], "workers": 0}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the user's, in the current folder."""
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "searched.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    import searched  # type: ignore[import-not-found]

    yield searched
    del sys.modules["searched"]


def calls() -> list[str]:
    return Path("calls").read_text().splitlines()


@pytest.mark.slow
def test_the_best_setting_is_measured_with_fresh_seeds_on_the_test_set(module: Any) -> None:
    def asked() -> SearchResults:
        return ablate.optimize(module.train, SPACE, trials=4, confirm_seeds=2, default={"lr": 0.001}, **QUIET)

    found = asked()
    assert calls()[0] == "{'lr': 0.001, 'wd': 0} 0 validation", "the default setting first, with values as given"
    assert len(found.trials) == 4
    assert sum(call.endswith("validation") for call in calls()) == 4
    assert sorted(call.split()[-2:] for call in calls()[4:]) == [["1", "test"]] * 2 + [["2", "test"]] * 2
    assert found.confirmation is not None
    assert found.confirmation.verdicts["points"].gt(0).all()
    assert found.curves["examples"].max() == 5
    assert found.evaluation_set == "validation"
    count = len(calls())
    assert asked().best == found.best
    assert len(calls()) == count, "nothing is trained again"
    assert repeat.again(found) == (
        "ablate.optimize(train, space={'lr': ablate.log_interval(0.0001, 1.0), 'wd': [0, None]}, trials=4, confirm_seeds=2, "
        "default={'lr': 0.001}, metric='accuracy', seeds=range(1), workers=0)"
    )
    again = eval(repeat.again(found).replace("ablate.optimize(train", "ablate.optimize(module.train"))
    assert again.folder.resolve() == found.folder.resolve()
    assert len(calls()) == count


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_trials_that_are_behind_are_ended(module: Any, workers: int) -> None:
    found = ablate.optimize(
        module.train,
        {"lr": [0.1, 1e-4]},
        config={"wd": 0, "slow": True},
        trials=2,
        confirm_seeds=0,
        pruner={"name": "median", "n_startup_trials": 1},
        **(QUIET | {"workers": workers}),
    )
    assert dict(zip(found.trials["lr"], found.trials["state"], strict=True)) == {"0.1": "done", "0.0001": "pruned"}
    assert not Path("late").exists()
    assert found.trials["planned_examples"].tolist() == [5, 5]


@pytest.mark.slow
def test_whole_numbers_another_metric_and_a_function_that_is_not_told_the_set(module: Any) -> None:
    found = ablate.optimize(
        module.blind,
        {"x": ablate.interval(0, 9)},
        trials=8,
        metric="loss",
        sampler={"name": "random", "seed": 3},
        confirm_seeds=2,
        **(QUIET | {"formats": ["md"]}),
    )
    assert found.objective.better == -1
    tried = found.done["x"].tolist()
    assert found.setting(found.best or 0)["x"] == min(tried, key=lambda x: abs(x - 3))
    said = same_set("evaluation", "function")
    assert said is not None
    assert said.capitalize() in (found.folder / "report" / "table.md").read_text()
    assert found.confirmation is not None
    assert said.capitalize() in " ".join(found.confirmation.fill(footnotes.verdict_notes))


@pytest.mark.slow
@pytest.mark.parametrize("labels", [None, [0, 1]])
def test_predictions_of_trials_are_left_out_and_those_of_the_confirmation_kept(module: Any, labels: list[int] | None) -> None:
    metrics = [{"name": "accuracy", "margin": 1.0}, {"name": "bleu", "better": "higher"}]
    found = ablate.optimize(
        module.predicts, {"x": [1, 2]}, trials=2, confirm_seeds=2, sampler="grid", metrics=metrics, labels=labels, **QUIET
    )
    assert found.confirmation is not None
    kept = found.confirmation.results.labels
    assert (None if kept is None else kept.tolist()) == labels
    assert [one["name"] for one in found.sweep.metrics] == ["bleu"]
    with pytest.raises(AblateError, match=r"is given twice, by metrics and by margin\."):
        ablate.optimize(module.predicts, {"x": [1, 2]}, metrics=metrics, margin=2.0, **QUIET)


@pytest.mark.slow
def test_a_search_in_which_no_trial_has_a_score_raises(module: Any) -> None:
    with pytest.raises(AblateError, match=r"No trial has a score \(2 failed\). Correct what is trained, and search again."):
        ablate.optimize(module.fails, {"x": [1, 2]}, trials=2, **QUIET)


@pytest.mark.parametrize("number", [np.float64(0.5), np.float32(0.5), np.int64(1)])
def test_the_ends_of_a_range_may_be_scalars_of_numpy(number: Any) -> None:
    assert ablate.interval(number, 2) == ablate.interval(number.item(), 2)
    assert "np" not in ablate.log_interval(number, 2).written


def blind(config: Any, seed: int) -> float:
    return float(config["lr"]) + seed


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"space": {}}, "space must map names to what is searched"),
    ({"space": [1]}, "space must be a dict"),
    ({"space": {"lr": 0.1}}, "space['lr'] must be a list of values, got 0.1."),
    ({"space": {"lr": [0.1]}}, "space['lr'] needs two values or more, got only 0.1. Fixed values belong in config."),
    ({"space": {"lr": [0.1, 0.1]}}, "space['lr'] has the value 0.1 more than once."),
    ({"space": {"seed": [1, 2]}}, "space has the key seed, which ablate uses itself."),
    ({"config": {"lr": 1}}, "lr is in space and in config. Leave one of them out."),
    ({"default": {"wd": 1}}, "default has wd, which is not searched. Fixed values belong in config."),
    ({"default": 3}, "default must be a dict, got 3."),
    ({"default": {"lr": "abc"}}, "The default of lr must be a number, since tag(log,interval(0.1,1)) is a range, got 'abc'."),
    ({"trials": 0}, "hydra.sweeper.n_trials must be a whole number from 1"),
    ({"trials": "many"}, "hydra.sweeper.n_trials must be a whole number from 1"),
    ({"sampler": "tpee"}, "Did you mean"),
    ({"sampler": 3}, "sampler must be a name, or a dict of name and parameters, got 3."),
    ({"pruner": "hyperbandd"}, "Did you mean"),
    ({"sampler": "grid"}, "needs listed values or a range for every key"),
    ({"metric": "bleu"}, "bleu is not a known metric"),
    ({"timeout": -1}, "hydra.sweeper.timeout must be a number above 0"),
    ({"confirm_seeds": -1}, "hydra.sweeper.confirm_seeds must be a whole number from 0"),
    ({"seeds": []}, "seeds is empty."),
    ({"train": lambda config: 1}, "has no parameter seed"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("given", "told"), WRONG)
def test_searches_that_cannot_be_are_refused_in_a_line(module: Any, given: dict[str, Any], told: str) -> None:
    usual: dict[str, Any] = {"train": blind, "space": {"lr": ablate.log_interval(0.1, 1)}, **QUIET}
    with pytest.raises(AblateError) as error:
        ablate.optimize(**(usual | given))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "ends", "told"),
    [
        (ablate.interval, (1, 0), "interval must go from a smaller to a larger number, got interval(1, 0)."),
        (ablate.interval, ("0", 1), "interval must have two finite numbers, got '0'."),
        (ablate.interval, (True, 2), "interval must have two finite numbers, got true."),
        (ablate.log_interval, (0, 1), "log_interval must begin above 0, got log_interval(0, 1)."),
        (ablate.log_interval, (1, float("inf")), "log_interval must have two finite numbers, got inf."),
    ],
)
def test_ranges_that_are_none_are_refused(make: Any, ends: tuple[Any, Any], told: str) -> None:
    with pytest.raises(AblateError) as error:
        make(*ends)
    assert str(error.value) == told


def seeing(config: Any, seed: int, eval_on: str) -> float:
    return float(config["lr"]) + seed


@pytest.mark.parametrize(("train", "shared"), [(blind, True), (seeing, False)])
def test_what_it_is_evaluated_on_is_part_of_a_training_that_is_told(train: Any, shared: bool) -> None:
    made = task.Task(train)
    task.keep(made)
    words = ("trainer=function", f"trainer.digest='{made.key}'", "lr=1")
    contents = [
        trainers.content_of(trainers.asked(loading.compose(own.for_hydra([*words, f"trainer.eval_on={on}"]))))
        for on in ("validation", "test")
    ]
    assert (contents[0] == contents[1]) == shared
    assert "eval_on" not in contents[1], "as it was before there were searches"
