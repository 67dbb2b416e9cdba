"""The sweeper class that Hydra finds here; the logic is in `ablate.planning.plan` and `ablate.running.sweep`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

if TYPE_CHECKING:
    from ablate.planning.command import Command
    from ablate.planning.plan import Plan
    from ablate.planning.runs import Run
    from ablate.running.retune import Retuning, Settings


@dataclass
class AblateSweeperConf:
    """Config of `hydra/sweeper: ablate`. params: overrides of a named study; the command line replaces them key by key."""

    _target_: str = "hydra_plugins.ablate_sweeper.AblateSweeper"
    name: str = "unnamed"  # of the sweep's folder; set by the sweeper
    plan: str | None = None  # table, explain or json: print the plan and train nothing
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

    def sweep(self, arguments: list[str]) -> Path:
        """Plan; then print the plan, or run it; the folder of the sweep."""
        from ablate.running import jobs
        from ablate.running.sweep import RunsFailed

        with jobs.environment(self.master):
            try:
                self._sweep(arguments)
            except RunsFailed as error:  # all that could be done was done
                jobs.end_multirun(self.context, self.master)
                error.folder = self._folder
                raise
        return self._folder

    @property
    def _folder(self) -> Path:
        return Path(str(self.master.hydra.sweep.dir))

    def _sweep(self, arguments: list[str]) -> None:
        from ablate.config import loading
        from ablate.config.execution import Settings
        from ablate.errors import AblateError
        from ablate.planning import overview, screen
        from ablate.planning.site import by_another
        from ablate.report.writing import at_end
        from ablate.running import retune, sweep
        from hydra_plugins.ablate_launcher import launching

        if any(word.startswith("hydra.sweep.subdir") for word in self.master.hydra.overrides.hydra):
            raise AblateError("hydra.sweep.subdir cannot be set: the runs of a sweep are in numbered folders. Leave it out.")
        settings = Settings.of(self.master)
        tuned = retune.Settings.of(self.master)
        made = self._retuning(arguments, tuned) if tuned.retune else self._plan(arguments)
        with open_dict(self.master):
            self.master.hydra.sweeper.name = made.name
        folder = self._folder
        if not isinstance(made, retune.Retuning):
            made = self._as_become(made, folder)
        trains = launching(self.context, self.task, self.master)
        place = by_another(self._launcher) if trains is None else trains
        if self.plan is not None:
            if isinstance(made, retune.Retuning):
                screen.show(retune.describe(made, folder, place), self.plan, self._command_line(arguments))
            else:
                described = overview.describe(sweep.as_fixed(made, folder), place)
                screen.show(described, self.plan, self._command_line(arguments))
            return

        def redact(text: str) -> str:
            return loading.redacted(text, self.master)

        train = self._launched(made.name) if trains is None else trains.within
        if isinstance(made, retune.Retuning):
            asked = made.shared.runs[0].asked.report
            finished = at_end(asked.formats, asked.style)
            retune.run(made, folder, settings, train, finished, redact, place)
            return
        asked = made.runs[0].asked.report
        finished = at_end(asked.formats, asked.style)
        sweep.run(made, folder, settings, train(""), finished, redact, place)

    def _as_become(self, made: "Plan", folder: Path) -> "Plan":
        """The plan with what was added to its sweep since."""
        from ablate.config.cached_loader import reading_once
        from ablate.planning import growing
        from ablate.running import sweep

        file = sweep.fixed(folder)
        if file is None:
            return made
        with reading_once(self.context.config_loader):
            return growing.as_become(made, file.sweep, self._compose)

    def _command_line(self, arguments: Sequence[str]) -> str:
        """The command that trains what was planned."""
        from ablate import escaping
        from ablate.config.cached_loader import config_dir
        from ablate.config.own import as_typed

        own = config_dir(self.master)
        given = [
            word for word in self.master.hydra.overrides.hydra if not word.startswith(("hydra.sweeper.plan=", "hydra.mode="))
        ]
        words = as_typed([*arguments, *given])
        return f"ablate -m {escaping.command([*([] if own is None else ['-cd', own]), *words])}"

    @property
    def _launcher(self) -> str:
        return str(self.master.hydra.runtime.choices["hydra/launcher"])

    def _retuning(self, arguments: Sequence[str], settings: "Settings") -> "Retuning":
        from ablate.config.cached_loader import reading_once
        from ablate.running import retune

        made = retune.Retuning(self._command(arguments), self._plan(arguments), settings, self._compose)
        with reading_once(self.context.config_loader):
            _ = made.name  # what it is over is composed for it, and kept
        return made

    def _command(self, arguments: Sequence[str]) -> "Command":
        from ablate.config.overrides import parse_all
        from ablate.config.own import is_own
        from ablate.planning.command import command_of, of_study

        params = {} if is_own(arguments) else self.params  # of such a study they are among the arguments
        return command_of(parse_all(of_study(params, arguments), self.context.config_loader))

    def _compose(self, overrides: Sequence[str]) -> DictConfig:
        return self.context.config_loader.load_sweep_config(self.master, list(overrides))

    def _plan(self, arguments: Sequence[str]) -> "Plan":
        from ablate.config.about import about_of
        from ablate.config.cached_loader import config_dir, reading_once
        from ablate.config.overrides import parse_all
        from ablate.planning import plan
        from ablate.planning.command import check_study

        loader = self.context.config_loader
        study = self.master.hydra.runtime.choices.get("study")
        with reading_once(loader):
            if study is not None:
                given = [word for word in parse_all(arguments, loader) if not word.is_sweep_override()]
                without = self._compose([str(word.input_line) for word in given if word.key_or_group != "study"])
                check_study(study, self.master, without)
            design, resolution = str(self.master.design), self.master.resolution
            made = plan.make(self._command(arguments), design, self._compose, resolution, study)
        return replace(made, question=self.master.question, about=about_of(self.master), config_dir=config_dir(self.master))

    def _launched(self, name: str) -> Callable[[str], Callable[..., None]]:
        """How a launcher that is none of ours trains runs: a job a run, in its own way.

        Returns:
            That by the folder, in that of the sweep, in which the runs have theirs.
        """
        from ablate.config.syntax import key_of
        from ablate.errors import AblateError
        from ablate.running import backends

        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=self.context, task_function=self.task, config=self.master
        )
        for word in self.master.hydra.overrides.task:
            if key_of(word) in ("workers", "retries", "fail_fast"):
                ours = " or ".join(backends.names())
                raise AblateError(f"{word} works only with hydra/launcher={ours}, not with hydra/launcher={self._launcher}.")

        def launch(within: str, runs: "Sequence[Run]", *_: object) -> None:
            place = f"hydra.sweeper.name={name}"  # a job is composed anew from its overrides
            folders = [Path(within, str(run.number)).as_posix() for run in runs]
            jobs = [[*run.overrides, place, f"hydra.sweep.subdir={folder}"] for run, folder in zip(runs, folders, strict=True)]
            launcher.launch(jobs, initial_job_idx=0)

        return lambda within: partial(launch, within)
