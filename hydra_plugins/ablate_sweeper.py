"""The sweeper class that Hydra finds here; the logic is in `ablate.plan` and `ablate.sweep`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

if TYPE_CHECKING:
    from ablate.plan import Plan, Run


def _config_dir(master: DictConfig) -> str | None:
    """The folder that --config-dir names, as seen from the current one; None where none was named."""
    for source in master.hydra.runtime.config_sources:
        if source.provider == "command-line" and source.schema == "file":
            path = Path(str(source.path)).resolve()
            return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
    return None


@dataclass
class AblateSweeperConf:
    """Config of `hydra/sweeper: ablate`. params: overrides of a named study; the command line replaces them key by key."""

    _target_: str = "hydra_plugins.ablate_sweeper.AblateSweeper"
    name: str = "unnamed"  # of the sweep's folder; set by the sweeper
    plan: str | None = None  # table or json: print the plan and train nothing
    params: dict[str, Any] | None = field(default_factory=dict)


ConfigStore.instance().store(group="hydra/sweeper", name="ablate", node=AblateSweeperConf, provider="ablate")


class AblateSweeper(Sweeper):
    """Runs the arms of a design, each with every seed."""

    def __init__(self, name: str, plan: str | None, params: dict[str, Any] | None) -> None:
        self.plan = plan
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what `sweep` needs."""
        self.context, self.task, self.master = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Plan; then print the plan, or run it."""
        from ablate import config, sweep
        from ablate.commands import plan as plan_command
        from ablate.errors import AblateError
        from ablate.launch.settings import Settings

        if any(word.startswith("hydra.sweep.subdir") for word in self.master.hydra.overrides.hydra):
            raise AblateError("Expected no hydra.sweep.subdir: the runs of a sweep lie in folders by their number.")
        settings = Settings.of(self.master)
        made = self._plan(arguments)
        if self.plan is not None:
            plan_command.show_plan(
                made, settings.workers, settings.threads, as_json=self.plan == "json", launcher=self._launcher
            )
            return None
        with open_dict(self.master):
            self.master.hydra.sweeper.name = made.name
        folder = Path(str(self.master.hydra.sweep.dir))
        return sweep.run(
            made, folder, settings, self._train(made.name), lambda text: config.redacted(text, self.master), self._launcher
        )

    @property
    def _launcher(self) -> str:
        return str(self.master.hydra.runtime.choices["hydra/launcher"])

    def _plan(self, arguments: Sequence[str]) -> "Plan":
        from ablate import plan
        from ablate.repository import reading_once

        loader = self.context.config_loader
        study = self.master.hydra.runtime.choices.get("study")
        parser = OverridesParser.create(config_loader=loader)
        command = plan.parse(parser.parse_overrides(plan.of_study(self.params, arguments)))

        def compose(overrides: Sequence[str]) -> DictConfig:
            return loader.load_sweep_config(self.master, list(overrides))

        with reading_once(loader):
            if study is not None:
                given = [word for word in parser.parse_overrides(list(arguments)) if not word.is_sweep_override()]
                without = compose([str(word.input_line) for word in given if word.key_or_group != "study"])
                plan.check_study(study, self.master, without)
            made = plan.make(command, str(self.master.design), compose, self.master.resolution, study)
        return replace(made, question=self.master.question, config_dir=_config_dir(self.master))

    def _train(self, name: str) -> Callable[..., None]:
        """How the configured launcher trains runs: ours all their trainings at once, others a job a run, in their own way."""
        from ablate.errors import AblateError

        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=self.context, task_function=self.task, config=self.master
        )
        if self._launcher == "local":
            return launcher.ensure  # type: ignore[attr-defined, no-any-return]
        for word in self.master.hydra.overrides.task:
            if word.lstrip("+").partition("=")[0] in ("workers", "retries", "fail_fast"):
                raise AblateError(f"Expected hydra/launcher=local with {word}. Received: hydra/launcher={self._launcher}.")

        def launch(runs: "Sequence[Run]", *_: object) -> None:
            place = f"hydra.sweeper.name={name}"  # a job is composed anew from its overrides
            jobs = [[*run.overrides, place, f"hydra.sweep.subdir={run.number}"] for run in runs]
            launcher.launch(jobs, initial_job_idx=0)

        return launch
