"""The launcher class that Hydra finds here; the logic is in `ablate.launch`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from ablate.planning.plan import Run, Training
    from ablate.running.backend import Outcome
    from ablate.running.engine import Engine


@dataclass
class LocalLauncherConf:
    """Config of `hydra/launcher: local`; it obeys workers, threads, retries and fail_fast of the config."""

    _target_: str = "hydra_plugins.ablate_launcher.LocalLauncher"


ConfigStore.instance().store(group="hydra/launcher", name="local", node=LocalLauncherConf, provider="ablate")


class LocalLauncher(Launcher):
    """Trains what runs stand on in processes of this machine, many at once."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what is needed later."""
        self.context, self.task, self.config = hydra_context, task_function, config

    @contextmanager
    def engine(
        self, trainings: int, ended: "Callable[[Training, Outcome], bool]", tick: Callable[[], None], within: str = ""
    ) -> "Iterator[Engine]":
        """An engine with its processes, which end with it; see `ablate.running.engine.Engine`.

        Args:
            trainings: how many are to be done, which decides how they share the machine.
            within: the folder, in that of the sweep, in which the runs have theirs.
        """
        from ablate.config.execution import Settings
        from ablate.resources import share
        from ablate.running.engine import Engine
        from ablate.running.jobs import Jobs
        from ablate.running.local import local

        settings = Settings.of(self.config)
        shared = share(settings.workers, settings.threads, trainings)
        jobs = Jobs(self.context, self.task, self.config, within)

        def told(training: "Training", outcome: "Outcome") -> bool:
            well = ended(training, outcome)
            jobs.ended(training, outcome)
            return well

        with local(shared, Path(str(self.config.hydra.sweep.dir)) / "logs") as backend:
            yield Engine(backend, shared, settings.retries, settings.fail_fast, told, tick, jobs.began)

    def ensure(
        self,
        runs: "Sequence[Run]",
        ended: "Callable[[Training, Outcome], bool]",
        tick: Callable[[], None],
        within: str = "",
    ) -> None:
        """Train what the runs stand on; see `engine`."""
        from ablate.planning.plan import trainings

        wanted = trainings(runs)
        with self.engine(len(wanted), ended, tick, within) as engine:
            engine.run(wanted)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Refused: the runs of another sweeper than ours have no plan."""
        from ablate.errors import AblateError

        raise AblateError(
            "Expected hydra/sweeper=ablate with hydra/launcher=local. Received: another sweeper. "
            "Use it with hydra/launcher=basic."
        )
