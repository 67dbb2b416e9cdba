"""The sweeper class that Hydra finds here; the logic is in `ablate.plan` and `ablate.sweep`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict


@dataclass
class AblateSweeperConf:
    """Config of `hydra/sweeper: ablate`. params: overrides of a named study; the command line replaces them key by key."""

    _target_: str = "hydra_plugins.ablate_sweeper.AblateSweeper"
    name: str = "unnamed"  # of the sweep's folder; set by the sweeper
    params: dict[str, Any] | None = field(default_factory=dict)


ConfigStore.instance().store(group="hydra/sweeper", name="ablate", node=AblateSweeperConf, provider="ablate")


class AblateSweeper(Sweeper):
    """Runs the arms of a design, each with every seed."""

    def __init__(self, name: str, params: dict[str, Any] | None) -> None:
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what `sweep` needs."""
        self.context, self.task, self.master = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Plan, launch what is missing, report."""
        from ablate import plan, sweep
        from ablate.errors import AblateError

        if any(word.startswith("hydra.sweep.subdir") for word in self.master.hydra.overrides.hydra):
            raise AblateError("Expected no hydra.sweep.subdir: the runs of a sweep lie in folders by their number.")
        loader = self.context.config_loader
        words = [f"{key}={value}" for key, value in self.params.items()] + arguments
        command = plan.parse(OverridesParser.create(config_loader=loader).parse_overrides(words))

        def compose(overrides: Sequence[str]) -> DictConfig:
            return loader.load_sweep_config(self.master, list(overrides))

        made = plan.make(command, str(self.master.design), compose)
        with open_dict(self.master):
            self.master.hydra.sweeper.name = made.name
        folder = Path(str(self.master.hydra.sweep.dir))

        def launch(runs: Sequence[plan.Run]) -> None:
            launcher = Plugins.instance().instantiate_launcher(
                hydra_context=self.context, task_function=self.task, config=self.master
            )
            place = f"hydra.sweeper.name={made.name}"  # a job is composed anew from its overrides
            jobs = [[*run.overrides, place, f"hydra.sweep.subdir={run.number}"] for run in runs]
            launcher.launch(jobs, initial_job_idx=0)

        return sweep.run(made, folder, launch)
