"""The back end that the config names, and engines on it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from ablate import trainers
from ablate.config import own
from ablate.config.execution import Settings
from ablate.planning.runs import Run, Training, trainings
from ablate.resources import Share
from ablate.running import backends
from ablate.running.backend import Backend, Outcome, Request
from ablate.running.engine import Engine
from ablate.running.jobs import Jobs
from ablate.trainer import Trainer


class Launching:
    """Trains what runs stand on where hydra/launcher=NAME says, many at once; as a `Site` it tells a plan of that place.

    Args:
        config: the whole config, with the choices that Hydra made.
        options: the keys of the launcher's own config.
    """

    def __init__(self, context: HydraContext, task: TaskFunction, config: DictConfig, options: Mapping[str, Any]) -> None:
        self.context, self.task, self.config = context, task, config
        self.settings = Settings.of(config)
        self.launcher = str(config.hydra.runtime.choices["hydra/launcher"])
        self._made_for = backends.named(self.launcher, options)
        self._backend(1)  # what it refuses of the config is refused before anything is written

    @property
    def pace_key(self) -> str:
        """The host whose measured speeds a forecast may use."""
        return self._backend(1).pace_key

    @property
    def shared_files(self) -> bool:
        """Whether the evaluations of what is at work can be read here."""
        return self._backend(1).shared_files

    @property
    def is_bounded(self) -> bool:
        """Whether the back end says how many are at once, or takes as many as it is given."""
        return self._backend(1).places is not None

    def share(self, count: int) -> Share:
        """How many trainings are at once where so many are to be done, and what each is given."""
        backend = self._backend(count)
        places = count if backend.places is None else backend.places
        return replace(backend.share, at_once=max(1, places))

    def _backend(self, count: int) -> Backend:
        folder = Path(str(self.config.hydra.sweep.dir)) / "logs"
        of_tensorflow = trainers.of(self.config).name not in own.TRAINERS
        return self._made_for(Request(self.settings.workers, self.settings.threads, count, folder, of_tensorflow))

    @contextmanager
    def engine(
        self,
        count: int,
        ended: Callable[[Training, Outcome], bool],
        tick: Callable[[], None],
        within: str = "",
        *,
        trainer: Trainer,
    ) -> Iterator[Engine]:
        """An engine on the back end, whose processes end with it; see `ablate.running.engine.Engine`.

        Args:
            count: how many trainings are to be done, which decides how they share a machine.
            within: the folder, in that of the sweep, in which the runs have theirs.
            trainer: who trains all of them.
        """
        jobs = Jobs(self.context, self.task, self.config, within)

        def told(training: Training, outcome: Outcome) -> bool:
            well = ended(training, outcome)
            jobs.ended(training, outcome)
            return well

        settings = self.settings
        with self._backend(count) as backend:
            yield Engine(backend, backend.share, settings.retries, settings.fail_fast, told, tick, jobs.began, trainer.check)

    def ensure(
        self,
        runs: Sequence[Run],
        ended: Callable[[Training, Outcome], bool],
        tick: Callable[[], None],
        within: str = "",
    ) -> None:
        """Train what the runs stand on; see `engine`."""
        wanted = trainings(runs)
        with self.engine(len(wanted), ended, tick, within, trainer=runs[0].asked.trainer) as engine:
            engine.run(wanted)

    def within(self, folder: str) -> Callable[..., None]:
        """`ensure` for runs that have theirs in a folder of the sweep's."""
        return partial(self.ensure, within=folder)
