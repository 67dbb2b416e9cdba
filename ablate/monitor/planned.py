"""What a sweep is to train, from its sweep.json, and of a search its trials so far."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.monitor import trials as of_trials
from ablate.monitor.states import SearchStatus
from ablate.planning.data_title import data_title
from ablate.planning.folders import find_store
from ablate.readout import END, diverged_loss_of, judged_by
from ablate.store import SWEEP, known_sweeps, sweep_file, trials_file
from ablate.store.sweep import Sweep
from ablate.store.sweep_identity import FUNCTION
from ablate.store.sweep_runs import SweepRun
from ablate.store.trials import Trial

_DAMAGED = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what reading other content than expected raises


@dataclass(frozen=True)
class Planned:
    """A trajectory and the runs that stand on it, as sweep.json has them. labels: of their arms, the first first."""

    fingerprint: str
    labels: tuple[str, ...]
    runs: tuple[SweepRun, ...]
    metric: str = ACCURACY

    @property
    def longest(self) -> SweepRun:
        """The first of the runs that ask for the most steps."""
        return max(self.runs, key=lambda run: run.readout.step)

    @property
    def arms(self) -> tuple[int, ...]:
        """The arms of its runs."""
        return tuple(run.arm for run in self.runs)


@dataclass(frozen=True)
class Read:
    """A sweep that was read.

    trainings: in order of their first run.
    store: where they lie; None where that is not found.
    named: how sweep.json names it.
    search, trials: of a search, how far it is.
    limit: the training loss above which a run has diverged.
    head: what is trained, on which data, to which step.
    by_call: whether a call in Python trains it, and no command line.
    """

    trainings: tuple[Planned, ...]
    store: Path | None
    named: str
    search: SearchStatus | None
    trials: tuple[Trial, ...]
    limit: float
    head: tuple[str, ...] = ()
    by_call: bool = False


def read(folder: Path) -> Read:
    """The sweep in a folder.

    Raises:
        ValueError: its sweep.json cannot be used; the message says why.
    """
    try:
        file = sweep_file.read(folder)
        if file is None:
            raise ValueError(f"{folder / SWEEP} is gone.")
        whole, trials = trials_file.whole(file.sweep, folder)
        search = of_trials.status_of(whole, trials) if whole.is_search else None
        limit = diverged_loss_of(whole)
        by_call = whole.trainer == FUNCTION
        return Read(_trainings(whole), _store(whole, folder), whole.store, search, tuple(trials), limit, head(whole), by_call)
    except AblateError as error:
        raise ValueError(str(error)) from error
    except (*_DAMAGED, OSError):
        raise ValueError(f"{folder / trials_file.TRIALS} is damaged. Rerun the search's command to rewrite it.") from None


def _store(planned: Sweep, folder: Path) -> Path | None:
    """Where the trajectories are; before there is one, the store seen from here in which the sweep is registered."""
    found = find_store(planned, folder)
    if found is None:
        here = Path(planned.store)
        with suppress(AblateError):
            return here if any(sweep.folder == folder.resolve() for sweep in known_sweeps(here)) else None
    return found


def _trainings(sweep: Sweep) -> tuple[Planned, ...]:
    runs: dict[str, list[SweepRun]] = {}
    for run in sweep.runs:
        runs.setdefault(run.fingerprint, []).append(run)
    return tuple(
        Planned(name, tuple(phrases.of_label(sweep.arms[run.arm].label) for run in group), tuple(group), judged_by(sweep))
        for name, group in runs.items()
    )


def head(sweep: Sweep) -> tuple[str, ...]:
    """What is trained, on which data, to which step."""
    steps = sorted({run.readout.step for run in sweep.runs})
    to = f"step {steps[0]:,}" if len(steps) == 1 else f"steps {steps[0]:,} to {steps[-1]:,}" if steps else ""
    to = "" if END in steps else to
    return tuple(part for part in (sweep.called, data_title(sweep), to) if part)
