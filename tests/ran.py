"""Sweeps whose trainings are made up, run by the engine as a command runs them, so that their looks are entered."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from made_up import alike, composed, evaluation, in_store

from ablate.config.execution import Settings
from ablate.planning import growing
from ablate.planning.runs import Run
from ablate.running import sweep
from ablate.running.backend import Outcome
from ablate.store import sweep_file

SCATTER = (0.4, -0.3, 0.1, 0.6, -0.5, 0.2, -0.1)
Ran = Callable[..., Path]


def plain(run: Run) -> bool:
    return True


def scattered(run: Run) -> float:
    return 0.8 + (SCATTER[run.seed % 7] + run.arm) / 100 * (1 + run.arm)


@pytest.fixture
def run(sweeps) -> Ran:
    """Runs the command of a sweep whose trainings are made up; `of` says which of its runs are trained, `value` what to."""

    def ran(
        *words: str,
        of: Callable[[Run], bool] = plain,
        folder: Path | None = None,
        value: Callable[[Run], float] = scattered,
        design: str = "one_factor",
        become: bool = False,
    ) -> Path:
        made = sweeps.planned(*words, design=design)
        place = folder or sweeps.multirun / made.name
        if become:  # with what was added since
            file = sweep_file.read(place)
            made = in_store(growing.as_become(made, file.sweep, composed), sweeps.store)

        def train(runs, ended, tick) -> None:
            for each in filter(of, runs):
                if not each.trajectory.rows():
                    each.trajectory.write_config(each.content, each.names)
                    each.trajectory.add_evaluation(evaluation(each.asked.step, each.seed, **alike(value(each))), None)
                    each.trajectory.set_status("done", each.asked.step)
            for training in made.trainings:
                if all(map(of, training.runs)):
                    ended(training, Outcome(training.trajectory.fingerprint, "ended"))

        with suppress(sweep.RunsFailed):
            sweep.run(made, place, Settings("auto", 1, 2, False, False, False), train, lambda _: None)
        return place

    return ran
