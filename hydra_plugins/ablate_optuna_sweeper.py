"""The sweeper class of a search that Hydra finds here; the logic is in `ablate.search`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from ablate.search.algorithm import node
from ablate.search.pruners import PRUNERS
from ablate.search.samplers import SAMPLERS


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
    objectives: Any = None  # stands for the metric
    direction: Any = None
    storage: Any = None
    study_name: Any = None
    seeds: Any = None
    enqueue: Any = None  # stands for [{}], the default setting
    default: Any = None  # of searches over training code of the user's own
    min_epochs: Any = 1.0
    eval_epochs: Any = 1.0
    confirm_seeds: Any = 5
    confirm_epochs: Any = None
    allow_test: Any = False
    max_failure_rate: Any = 0.5


_STORE = ConfigStore.instance()
_STORE.store(group="hydra/sweeper", name="optuna", node=OptunaSweeperConf, provider="ablate")
for _kind, _known in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
    for _name in _known.names():
        _STORE.store(group=f"hydra/sweeper/{_kind}", name=_name, node=node(_known, _name), provider="ablate")


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
            except RunsFailed as error:  # all that could be done was done
                error.folder = Path(str(self.master.hydra.sweep.dir))
                jobs.end_multirun(self.context, self.master)
                raise
