"""The sweeper class of a search that Hydra finds here; the logic is in `ablate.search`."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

# Optuna's parameters by its own names, with its own defaults unless a comment says otherwise.
SAMPLERS: dict[str, dict[str, Any]] = {
    "tpe": {
        "seed": 0,
        "multivariate": True,  # Optuna leaves it open; the best rate depends on the batch size
        "group": False,
        "constant_liar": True,
        "n_startup_trials": 10,
        "n_ei_candidates": 24,
    },
    "random": {"seed": 0},
    "gp": {"seed": 0, "n_startup_trials": 10, "deterministic_objective": False},
    "cmaes": {"seed": 0, "n_startup_trials": 1, "sigma0": None, "popsize": None, "with_margin": False, "lr_adapt": False},
    "qmc": {"seed": 0, "qmc_type": "sobol", "scramble": False},
    "grid": {"seed": 0},
    "brute_force": {"seed": 0},
    "nsgaii": {"seed": 0, "population_size": 50, "mutation_prob": None, "crossover_prob": 0.9, "swapping_prob": 0.5},
}
PRUNERS: dict[str, dict[str, Any]] = {
    "none": {},
    "median": {"n_startup_trials": 5, "n_min_trials": 1},
    "percentile": {"percentile": 25.0, "n_startup_trials": 5, "n_min_trials": 1},
    # Optuna's own is 3, with which ten epochs are looked at after 1, 3 and 9; with 4, as in ASHA's paper, after 1 and 4.
    "hyperband": {"min_resource": None, "max_resource": None, "reduction_factor": 4, "bootstrap_count": 0},
    "successive_halving": {
        "min_resource": None,
        "reduction_factor": 4,
        "min_early_stopping_rate": 0,
        "bootstrap_count": 0,
    },
    "wilcoxon": {"p_threshold": 0.1, "n_startup_steps": 2},
}


@dataclass
class OptunaSweeperConf:
    """Config of `hydra/sweeper: optuna`; see `ablate.search.settings.SearchSettings`."""

    _target_: str = "hydra_plugins.ablate_optuna_sweeper.OptunaSweeper"
    defaults: list[Any] = field(default_factory=lambda: ["_self_", {"sampler": "tpe"}, {"pruner": "hyperband"}])
    name: str = "unnamed"  # of the search's folder; set by the sweeper
    plan: str | None = None  # table or json: print the plan and try nothing
    params: dict[str, Any] | None = field(default_factory=dict)  # overrides of a named study
    # Any value is taken here, and checked by `SearchSettings`, which says what a key can have.
    n_trials: Any = 20
    timeout: Any = None
    sampler: Any = None
    pruner: Any = None
    objectives: Any = field(default_factory=lambda: ["accuracy"])
    direction: Any = None
    storage: Any = None
    study_name: Any = None
    seeds: Any = None
    enqueue: Any = None  # stands for [{}], the default setting
    min_epochs: Any = 1.0
    eval_epochs: Any = 1.0
    confirm_seeds: Any = 5
    confirm_epochs: Any = None
    allow_test: Any = False
    max_failure_rate: Any = 0.5


_STORE = ConfigStore.instance()
_STORE.store(group="hydra/sweeper", name="optuna", node=OptunaSweeperConf, provider="ablate")
for _kind, _nodes in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
    for _name, _parameters in _nodes.items():
        _STORE.store(group=f"hydra/sweeper/{_kind}", name=_name, node={"name": _name, **_parameters}, provider="ablate")


class OptunaSweeper(Sweeper):
    """Searches for a good setting by trials on held-out training images."""

    def __init__(self, plan: str | None, params: dict[str, Any] | None, **_: object) -> None:
        self.plan = plan
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what `sweep` needs."""
        self.context, self.task, self.master = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Plan; then print the plan, or search."""
        from ablate.config.cached_loader import config_dir
        from ablate.report.writing import at_end
        from ablate.running import jobs
        from ablate.running.sweep import RunsFailed
        from ablate.search import command
        from hydra_plugins.ablate_launcher import launching

        folder = config_dir(self.master)
        with jobs.environment(self.master):
            try:
                trains = launching(self.context, self.task, self.master)
                return command.run(self.context, trains, self.master, self.params, arguments, self.plan, folder, at_end)
            except RunsFailed:  # all that could be done was done
                jobs.end_multirun(self.context, self.master)
                raise
