"""What Hydra promises for its jobs, kept where the trainings of many runs are done at once: their environment and callbacks."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobRuntime, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from ablate.errors import AblateError
from ablate.planning import run_result
from ablate.planning.runs import Run, Training
from ablate.readout import before
from ablate.running.backend import Outcome

_OF_A_RUN = re.compile(r"\$\{\s*(hydra:|[^:{}]*\})")  # an expression that the config of a run decides


@contextmanager
def environment(config: DictConfig) -> Iterator[None]:
    """Within it the environment has what `hydra.job.env_set` says; so have the processes that are started.

    Raises:
        AblateError: it differs from run to run, or no environment can have it.
    """
    node = config.hydra.job.env_set
    written = OmegaConf.to_container(node, resolve=False)
    for name, value in written.items() if isinstance(written, dict) else ():
        if isinstance(value, str) and _OF_A_RUN.search(value):
            raise AblateError(f"hydra.job.env_set.{name!s} must be the same for all runs, got {value!r}.")
    wanted = {str(name): str(value) for name, value in node.items()}
    before = {name: os.environ.get(name) for name in wanted}
    try:
        for name, text in wanted.items():
            try:
                os.environ[name] = text
            except (OSError, ValueError):
                raise AblateError(f"hydra.job.env_set.{name} cannot be set as an environment variable, got {text!r}.") from None
        yield
    finally:
        for name, found in before.items():
            if found is not None:
                os.environ[name] = found
            elif name in os.environ:
                del os.environ[name]


def end_multirun(context: HydraContext, config: DictConfig) -> None:
    """Tell callbacks that all runs are over, where some failed: Hydra tells it only where nothing is raised then."""
    context.callbacks.on_multirun_end(config=config, config_name=config.hydra.job.config_name)


class Jobs:
    """The job callbacks of the runs that an engine trains, each called once for each run, here in the parent.

    Args:
        within: the folder, in that of the sweep, in which the runs have theirs.
    """

    def __init__(self, context: HydraContext, task: TaskFunction, config: DictConfig, within: str = "") -> None:
        self.context, self.task, self.config = context, task, config
        self.folder = Path(str(config.hydra.sweep.dir)) / within
        self._begun: dict[int, DictConfig] = {}

    def began(self, training: Training) -> None:
        """The runs that read a training begin."""
        for run in training.runs if self.context.callbacks.callbacks else ():
            if run.number not in self._begun:
                self._begun[run.number] = self._composed(run)
                with _hydra_config(self._begun[run.number]) as config:
                    self.context.callbacks.on_job_start(config=config, task_function=self.task)

    def ended(self, training: Training, outcome: Outcome) -> None:
        """They have ended."""
        self.began(training)  # another process may have trained it
        for run in training.runs if self.context.callbacks.callbacks else ():
            with _hydra_config(self._begun[run.number]) as config:
                self.context.callbacks.on_job_end(config=config, job_return=self._returned(run, outcome, config))

    def _composed(self, run: Run) -> DictConfig:
        """The config of a run as Hydra has it for a job, with its folder."""
        choices = self.config.hydra.runtime.choices
        sweeper = ["sweeper=optuna"] if choices["hydra/sweeper"] == "optuna" else []  # it knows the keys of a search
        config = self.context.config_loader.load_sweep_config(self.config, [*run.overrides, *sweeper])
        with read_write(config.hydra), open_dict(config.hydra):
            config.hydra.sweep.dir = str(self.folder)
            config.hydra.sweep.subdir = str(run.number)
            config.hydra.job.id, config.hydra.job.num = str(run.number), run.number
        with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = str((self.folder / str(run.number)).absolute())
        return config

    def _returned(self, run: Run, outcome: Outcome, config: DictConfig) -> JobReturn:
        result: dict[str, Any] | None = run_result.read(run.asked, run.trajectory)
        if result is None:
            result = run_result.failure(outcome.error or f"it ended {before(run.asked.step)}", run.asked, run.trajectory)
        own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        hydra = OmegaConf.masked_copy(config, ["hydra"])
        name = JobRuntime.instance().get("name")
        job = JobReturn(list(run.overrides), own, hydra, os.getcwd(), name, JobStatus.COMPLETED)  # noqa: PTH109
        job.return_value = result
        return job


@contextmanager
def _hydra_config(config: DictConfig) -> Iterator[DictConfig]:
    """Within it this is the config of `HydraConfig.get()`, as during a job of Hydra's own."""
    instance = HydraConfig.instance()
    before = instance.cfg
    instance.set_config(config)
    try:
        yield config
    finally:
        instance.cfg = before
