"""The keys of hydra.sweeper: what each can have, and one line in our words for anything else."""

import dataclasses
from typing import Any

import pytest
from omegaconf import OmegaConf

from ablate.errors import AblateError
from ablate.search import algorithms
from ablate.search.pruners import PRUNERS
from ablate.search.samplers import SAMPLERS
from ablate.search.settings import SearchSettings
from ablate.store.trials import Dimension
from hydra_plugins import ablate_optuna_sweeper as plugin

ODD: tuple[Any, ...] = (
    *("", "abc", "1h", "true", True, False, -1, 0, 1, 2, 7, 0.5, 1.5, -0.5, 1e300, float("nan"), float("inf")),
    *(10**30, -(10**30), [], [1], {}, {"a": 1}),
)
NUMBERED = {"lr": Dimension("float", "interval(0.1,1)", low=0.1, high=1.0)}
LISTED = {"lr": Dimension("categorical", "0.1,0.2", choices=("0.1", "0.2"))}
KEYS = [field.name for field in dataclasses.fields(plugin.OptunaSweeperConf)][5:]


def settings(**changes: Any) -> SearchSettings:
    node = {"sampler": {"name": "tpe"}, "pruner": {"name": "none"}, **changes}
    usual = OmegaConf.structured(plugin.OptunaSweeperConf)
    return SearchSettings.of(OmegaConf.merge(usual, OmegaConf.create(node)), None)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("n_trials", 0, "must be a whole number from 1 to 100,000, got 0."),
        ("n_trials", "abc", "must be a whole number from 1 to 100,000, got 'abc'."),
        ("n_trials", True, "must be a whole number from 1 to 100,000, got True."),
        ("n_trials", 10**20, "must be a whole number from 1 to 100,000, got 100000000000000000000."),
        ("timeout", 0, "must be a number above 0, or null, got 0."),
        ("timeout", "1h", "must be a number above 0, or null, got '1h'."),
        ("min_epochs", float("nan"), "must be a number above 0, got nan."),
        ("eval_epochs", "x", "must be a number above 0, got 'x'."),
        ("confirm_seeds", 99999999999999, "must be a whole number from 0 to 10,000, got 99999999999999."),
        ("confirm_epochs", 1e300, "must be a number above 0 and at most 1,000,000,000, or null, got 1e+300."),
        ("allow_test", 1, "must be true or false, got 1."),
        ("max_failure_rate", "half", "must be a fraction from 0 to 1, got 'half'."),
        ("seeds", 0, "must be a list of different whole numbers from 0 to 2,147,483,647, as in [0,1,2], got 0."),
        ("seeds", [99999999999], "must be a list of different whole numbers from 0 to 2,147,483,647"),
        ("enqueue", {"lr": 0.1}, "must be a list of settings, as in [{lr:0.1,batch_size:128}], got {'lr': 0.1}."),
        ("objectives", [], "must be one or two different ones, as in [accuracy,operations], got []."),
        ("direction", "minimize", "must be maximize, that of accuracy, got 'minimize'."),
        ("storage", "trials", "must be a file that ends with .journal, or a URL such as sqlite:///trials.db"),
        ("storage", "file:x.journal", "must be a file that ends with .journal, or a URL such as"),
        ("storage", 3, "must be text, or null, got 3."),
        ("study_name", "a/b", "must be a name for the study and its folder, without slashes"),
        ("study_name", "..", "must be a name for the study and its folder, without slashes"),
        ("study_name", "é" * 101, "must be a name of at most 200 bytes"),
        ("sampler", 3, "must be a name, as in hydra/sweeper/sampler=NAME, got 3."),
    ],
)
def test_a_key_with_a_value_that_it_cannot_have_is_told(key: str, value: Any, message: str) -> None:
    with pytest.raises(AblateError) as caught:
        settings(**{key: value})
    assert str(caught.value).startswith(f"hydra.sweeper.{key} {message}")


@pytest.mark.parametrize("key", KEYS)
def test_any_value_of_a_key_is_taken_or_told_in_one_line(key: str) -> None:
    taken = 0
    for value in (*ODD, None):
        if key == "objectives" and isinstance(value, dict):
            continue  # Hydra refuses it
        try:
            settings(**{key: value})
        except AblateError as error:
            told = str(error)
        else:
            told, taken = "", taken + 1
        assert not told or (f"hydra.sweeper.{key}" in told and len(told) < 400 and told.isprintable())
    assert taken < len(ODD)


@pytest.mark.parametrize("kind", ["sampler", "pruner"])
def test_what_a_parameter_can_have_optuna_takes(kind: str) -> None:
    """And anything else is told in one line, before Optuna sees it."""
    known = SAMPLERS if kind == "sampler" else PRUNERS
    for name in known.ours():
        if name == "gp":
            continue  # it needs torch
        space = LISTED if name in ("grid", "brute_force") else NUMBERED
        for key in known.find(name).parameters:
            wrong = 0
            for value in ODD:
                config = {"name": name, key: value, **({"multivariate": True} if key == "group" else {})}  # which needs it
                try:
                    if kind == "sampler":
                        algorithms.sampler(config, space, 1 if name != "nsgaii" else 2)
                    else:
                        algorithms.pruner(config, 1, 10)
                except AblateError as error:
                    wrong += 1
                    told = str(error)
                    assert f"hydra.sweeper.{kind}.{key} must be " in told
                    assert told.isprintable()
            assert 0 < wrong < len(ODD) + (key == "qmc_type"), (name, key)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"name": "tpe", "seed": "abc"},
            "hydra.sweeper.sampler.seed must be a whole number from 0 to 4,294,967,295, got 'abc'.",
        ),
        ({"name": "tpe", "seed": True}, "hydra.sweeper.sampler.seed must be a whole number from 0 to 4,294,967,295, got True."),
        ({"name": "tpe", "seed": 2**32}, "hydra.sweeper.sampler.seed must be a whole number from 0 to 4,294,967,295, got"),
        ({"name": "tpe", "group": True, "multivariate": False}, "group=true needs hydra.sweeper.sampler.multivariate=true"),
        ({"name": "tpe", "gamma": 3}, "Unknown key hydra.sweeper.sampler.gamma for tpe. Choose from seed, multivariate,"),
        ({"name": "cmaes", "with_margin": True, "lr_adapt": True}, "sampler.lr_adapt=true cannot go together"),
        ({"name": "cmaes", "x0": {"lr": 1}}, "Unknown key hydra.sweeper.sampler.x0 for cmaes. Choose from seed,"),
        ({"name": "cmaes", "popsize": 1}, "hydra.sweeper.sampler.popsize must be a whole number from 2 to"),
        ({"name": "cmaes", "sigma0": 0}, "hydra.sweeper.sampler.sigma0 must be a number above 0, got 0."),
    ],
)
def test_parameters_that_a_sampler_cannot_have_are_told(config: dict[str, Any], message: str) -> None:
    with pytest.raises(AblateError) as caught:
        algorithms.sampler(config, NUMBERED, 1)
    assert message in str(caught.value)


def test_the_wilcoxon_pruner_asks_for_seeds_that_it_can_judge() -> None:
    with pytest.raises(AblateError, match=r"p_threshold must be a number above 0 up to 1, got 'abc'"):
        settings(pruner={"name": "wilcoxon", "p_threshold": "abc"}, seeds=[0, 1, 2, 3, 4])
    with pytest.raises(AblateError, match=r"its smallest p is 0\.5, so with p_threshold=0\.1 it would never end one"):
        settings(pruner={"name": "wilcoxon"}, seeds=[0, 1])
    assert settings(pruner={"name": "wilcoxon"}, seeds=[0, 1, 2, 3, 4]).seeds == (0, 1, 2, 3, 4)


def test_names_and_numbers_that_are_meant_are_taken() -> None:
    found = settings(study_name=12, min_epochs=2, storage="ours.journal", n_trials=3)
    assert (found.study_name, found.min_epochs, found.storage, found.n_trials) == ("12", 2.0, "ours.journal", 3)
    assert found.enqueue == ({},)
    assert settings(enqueue=[]).enqueue == ()
