"""What is told of a search while it goes on, from its trials."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ablate.metrics import PERCENT
from ablate.monitor.states import SearchStatus
from ablate.readout import END
from ablate.store import trials as record
from ablate.store.state import FINISHED, State
from ablate.store.sweep import Sweep
from ablate.store.trials import Trial


def status_of(sweep: Sweep, trials: Sequence[Trial]) -> SearchStatus:
    """How far a search is, from what it fixed and its trials."""
    asked = sweep.searched
    finished = {state: sum(trial.state == state for trial in trials) for state in FINISHED}
    sign = 1 if asked["directions"][0] == "maximize" else -1
    done = [trial for trial in trials if trial.state == "done" and trial.values]
    best = max(done, key=lambda trial: (sign * trial.values[0], -trial.number) if trial.values else (), default=None)
    told = None
    if best is not None and best.values:
        percent = asked["objectives"][0] == sweep.fixed.metric and (sweep.metric or {"unit": PERCENT})["unit"] == PERCENT
        value = f"{100 * best.values[0]:.1f}%" if percent else f"{best.values[0]:.4g}"
        told = f"{value} by {record.label(best.number, best.params)}"
    return SearchStatus(int(asked["n_trials"]), finished, told, record.same_set(sweep.fixed.evaluation_set, sweep.trainer))


def not_begun(search: SearchStatus, trials: Sequence[Trial], at_once: int) -> float | None:
    """Seconds that the trials will take which nobody has begun, if they take as long as those that are finished.

    None where none is finished, which would tell.
    """
    taken = [trial.seconds for trial in trials if trial.state.is_finished]
    left = search.trials - sum(trial.state.is_finished or trial.state == State.RUNNING for trial in trials)
    if left <= 0:
        return 0.0
    return left * fmean(taken) / max(1, at_once) if taken else None


def result_of(trial: Trial, steps: int) -> Mapping[str, Any]:
    """What the study says of a finished trial, as the result of one of its runs; steps: that the run has as a whole."""
    accuracy = trial.values[0] if trial.values and trial.state == "done" else None
    share = trial.came / trial.per_seed if trial.per_seed else 0.0
    step = trial.came if steps == END else round(share * steps)
    return {"status": trial.state, "step": step, "error": trial.error, "accuracy": accuracy}
