"""Optuna's samplers and pruners as a search uses them."""

import inspect
import math
import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hydra.core.config_store import ConfigStore
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from ablate.errors import AblateError
from ablate.search import algorithms
from ablate.search.algorithm import node
from ablate.search.pruners import PRUNERS
from ablate.search.samplers import SAMPLERS
from ablate.store.trials import Dimension
from ablate.system.plugins import Plugins

RATE = {"lr": Dimension("float", "interval(0.1,1)", low=0.1, high=1.0)}
LISTED = {"lr": Dimension("categorical", "0.1,0.2,0.3", choices=("0.1", "0.2", "0.3"))}
OURS = {  # that differ from Optuna's defaults
    *(("tpe", "multivariate"), ("tpe", "constant_liar")),
    *(("percentile", "percentile"), ("hyperband", "reduction_factor")),
}


@pytest.mark.parametrize(("kind", "known"), [("sampler", SAMPLERS), ("pruner", PRUNERS)])
def test_what_the_config_lists_are_optunas_own_parameters_and_defaults(kind: str, known: Plugins) -> None:
    for name in known.ours():
        given = {"search_space": {"lr": [1]}} if name == "grid" else {"percentile": 25.0} if name == "percentile" else {}
        if name in ("none", "gp"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            theirs = inspect.signature(type(known.find(name).made(**given))).parameters
        for key, one in known.find(name).parameters.items():
            assert key in theirs
            if (name, key) not in OURS and key != "seed" and one.default is not None:
                assert theirs[key].default == one.default, (name, key)
        import hydra_plugins.ablate_optuna_sweeper  # noqa: F401 - which fills it

        config = ConfigStore.instance().load(f"hydra/sweeper/{kind}/{name}.yaml").node
        assert config["name"] == name
        assert all(known.find(name).parameters[key].default == value for key, value in config.items() if key != "name")


TOYS = """
from ablate.search.algorithm import Pruner, Sampler
from ablate.search.parameters import SEED, Parameter, Whole


def lowest(seed, places=3):
    from optuna.samplers import BaseSampler

    class Lowest(BaseSampler):
        def infer_relative_search_space(self, study, trial):
            return {}

        def sample_relative(self, study, trial, search_space):
            return {}

        def sample_independent(self, study, trial, name, distribution):
            return round(distribution.low, places)

    return Lowest()


def never():
    from optuna.pruners import NopPruner

    return NopPruner()


LOWEST = Sampler("toy_search:lowest", {"seed": SEED, "places": Parameter(Whole(0, 9), 2)}, objectives=(1,))
NEVER = Pruner("toy_search:never", {})
"""


def test_those_of_another_package_are_used_as_ours_are(install: Callable[..., Path]) -> None:
    entries = {
        SAMPLERS.group: {"lowest": "toy_search:LOWEST", "lost": "toy_search:LOST"},
        PRUNERS.group: {"never": "toy_search:NEVER"},
    }
    install("toy-search", {"toy_search": TOYS}, entries)
    assert node(SAMPLERS, "lowest") == {"name": "lowest", "seed": 0, "places": 2}
    assert node(SAMPLERS, "lost") == {"name": "lost"}
    study = optuna.create_study(sampler=algorithms.sampler(node(SAMPLERS, "lowest"), RATE, 1))
    assert study.ask({"lr": FloatDistribution(0.123, 1.0)}).params == {"lr": 0.12}
    assert algorithms.pruner(node(PRUNERS, "never"), 1, 10) is not None
    with pytest.raises(
        AblateError, match=r"^Unknown key hydra\.sweeper\.sampler\.place for lowest\. Choose from seed, places\."
    ):
        algorithms.sampler({"name": "lowest", "place": 1}, RATE, 1)
    with pytest.raises(AblateError, match=r"^hydra/sweeper/sampler=lost cannot be loaded from toy_search:LOST: .*Reinstall"):
        algorithms.sampler({"name": "lost"}, RATE, 1)


def drawn(study: optuna.Study, count: int) -> list[float]:
    found = []
    for _ in range(count):
        trial = study.ask({"lr": FloatDistribution(0.1, 1.0)})
        study.tell(trial, trial.params["lr"])
        found.append(trial.params["lr"])
    return found


@pytest.mark.parametrize("name", ["tpe", "random", "qmc"])
def test_draws_depend_on_the_seed_and_the_trials_before_alone(name: str) -> None:
    def study(seed: int, storage: Any = None) -> optuna.Study:
        made = algorithms.sampler({"name": name, "seed": seed}, RATE, 1)
        return optuna.create_study(study_name="one", storage=storage, sampler=made, load_if_exists=True)

    straight = drawn(study(1), 14)
    storage = optuna.storages.InMemoryStorage()
    broken = [value for _ in range(7) for value in drawn(study(1, storage), 2)]  # opened anew for every two
    assert broken == straight
    assert len(set(straight)) == len(straight)
    if name != "qmc":
        assert drawn(study(2), 14) != straight


def test_a_grid_is_tried_whole_and_once() -> None:
    for name in ("grid", "brute_force"):
        study = optuna.create_study(sampler=algorithms.sampler({"name": name, "seed": 0}, LISTED, 1))
        found = []
        for _ in range(3):
            trial = study.ask({"lr": algorithms.distribution(LISTED["lr"])})
            study.tell(trial, 1.0)
            found.append(trial.params["lr"])
        assert sorted(found) == ["0.1", "0.2", "0.3"], name
    with pytest.raises(AblateError, match="needs listed values or a range for every key"):
        algorithms.sampler({"name": "grid"}, RATE, 1)


@pytest.mark.parametrize(
    ("config", "objectives", "message"),
    [
        ({"name": "tpee"}, 1, "Unknown hydra/sweeper/sampler 'tpee'. Choose from brute_force, cmaes"),
        (
            {"name": "cmaes"},
            2,
            "Unknown hydra/sweeper/sampler 'cmaes'. Choose from brute_force, gp, grid, nsgaii, qmc, random, tpe",
        ),
        (
            {"name": "tpe", "n_start": 3},
            1,
            r"Unknown key hydra\.sweeper\.sampler\.n_start for tpe\. Choose from seed, .*n_startup_trials",
        ),
        ({"name": "qmc", "qmc_type": "dice"}, 1, "hydra.sweeper.sampler.qmc_type must be sobol or halton, got 'dice'"),
    ],
)
def test_samplers_that_are_none_are_refused(config: dict[str, Any], objectives: int, message: str) -> None:
    with pytest.raises(AblateError, match=message):
        algorithms.sampler(config, RATE, objectives)


def test_pruners_take_their_resources_in_examples() -> None:
    assert algorithms.pruner({"name": "none"}, 100, 1000) is None
    hyperband = algorithms.pruner({"name": "hyperband", "min_resource": None, "reduction_factor": 3}, 100, 1000)
    assert (hyperband._min_resource, hyperband._max_resource) == (100, 1000)  # type: ignore[union-attr]
    with pytest.raises(AblateError, match="Choose from hyperband, median, none"):
        algorithms.pruner({"name": "asha"}, 1, 10)
    with pytest.raises(
        AblateError, match=r"hydra\.sweeper\.pruner\.reduction_factor must be a whole number from 2 to .*, got 1\."
    ):
        algorithms.pruner({"name": "successive_halving", "reduction_factor": 1}, 1, 10)
    with pytest.raises(
        AblateError, match=r"hydra\.sweeper\.pruner\.max_resource must be 100 examples or more, which is min_resource, got 10\."
    ):
        algorithms.pruner({"name": "hyperband", "max_resource": 10, "reduction_factor": 3}, 100, 1000)
    with pytest.raises(AblateError, match=r"hydra\.sweeper\.pruner\.min_resource must be a whole number from 1 to .*, got 0\."):
        algorithms.pruner({"name": "hyperband", "min_resource": 0, "reduction_factor": 3}, 100, 1000)


@pytest.mark.parametrize("name", ["median", "hyperband", "successive_halving"])
def test_a_trial_is_pruned_among_its_own_arm_alone(name: str) -> None:
    """Slow starters of one arm are not judged by fast ones of another."""
    study = optuna.create_study(direction="maximize", study_name="one")
    pruner = algorithms.pruner({"name": name, **({"n_startup_trials": 1} if name == "median" else {})}, 1, 9)
    assert pruner is not None

    def judge(arm: str, level: float) -> bool:
        study.enqueue_trial({"arm": arm})
        trial = study.ask({"arm": optuna.distributions.CategoricalDistribution(["fast", "slow"])})

        def fits(other: FrozenTrial) -> bool:
            return other.params.get("arm") == arm

        for step in range(1, 10):
            trial.report(level, step)
            frozen = study._storage.get_trial(trial._trial_id)
            if pruner.prune(algorithms.Beside(study, fits), frozen):
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                return True
        study.tell(trial, level)
        return False

    for level in (0.9, 0.8, 0.95, 0.85, 0.9, 0.92, 0.97, 0.99, 0.995):
        judge("fast", level)
    assert not judge("slow", 0.3)
    assert sum(judge("fast", 0.3) for _ in range(6)) >= 3


PLANE = {"lr": FloatDistribution(0.01, 1.0, log=True), "layers": IntDistribution(1, 9), "decay": FloatDistribution(0.0, 1.0)}


def tried(study: optuna.Study, count: int) -> list[dict[str, Any]]:
    """Settings that a study draws one after the other, scored by their distance from a point within."""
    found = []
    for _ in range(count):
        trial = study.ask(PLANE)
        lr, layers, decay = trial.params["lr"], trial.params["layers"], trial.params["decay"]
        study.tell(trial, -((math.log10(lr) + 1) ** 2) - (layers / 9 - 0.4) ** 2 - (decay - 0.3) ** 2)
        found.append(trial.params)
    return found


def cmaes(storage: Any, **parameters: Any) -> optuna.Study:
    space = {"lr": RATE["lr"]}
    made = algorithms.sampler({"name": "cmaes", "seed": 0, **parameters}, space, 1)
    return optuna.create_study(study_name="one", storage=storage, sampler=made, direction="maximize", load_if_exists=True)


@pytest.mark.parametrize(
    "parameters", [{}, {"with_margin": True}, {"popsize": 4, "lr_adapt": True}, {"use_separable_cma": True}]
)
def test_cmaes_without_pickles_draws_what_optunas_own_draws(
    parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = optuna.storages.InMemoryStorage()
    ours = [setting for _ in range(8) for setting in tried(cmaes(storage, **parameters), 5)]  # opened anew for every five
    assert [
        trial.system_attrs for trial in cmaes(storage).trials if any("optimizer" in key for key in trial.system_attrs)
    ] == []
    monkeypatch.setattr("ablate.search.cmaes_state.CmaEs", optuna.samplers.CmaEsSampler)
    theirs = tried(cmaes(optuna.storages.InMemoryStorage(), **parameters), 40)
    np.testing.assert_allclose(*([list(each.values()) for each in found] for found in (ours, theirs)), rtol=1e-6)


def test_cmaes_of_several_processes_agree_and_find_the_best(tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    studies = [cmaes(storage) for _ in range(3)]
    for _ in range(25):
        trials = [study.ask(PLANE) for study in studies]
        for study, trial in reversed(list(zip(studies, trials, strict=True))):  # the last begun is the first to end
            lr, layers, decay = (trial.params[key] for key in PLANE)
            study.tell(trial, -((math.log10(lr) + 1) ** 2) - (layers / 9 - 0.4) ** 2 - (decay - 0.3) ** 2)
    assert studies[0].best_value > -0.01
    assert max(trial.system_attrs.get("cma:generation", 0) for trial in studies[0].trials) >= 7


def test_a_pickle_that_somebody_put_into_a_storage_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "run"),)

    storage = optuna.storages.InMemoryStorage()
    study = cmaes(storage)
    tried(study, 5)
    trial = study.ask(PLANE)
    for prefix in ("cma", "cmawm", "sepcma"):
        study._storage.set_trial_system_attr(trial._trial_id, f"{prefix}:optimizer:0", pickle.dumps(Evil()).hex())
    study.tell(trial, 1.0)
    for parameters in ({}, {"with_margin": True}, {"use_separable_cma": True}):
        tried(cmaes(storage, **parameters), 12)
    assert not (tmp_path / "run").exists()
