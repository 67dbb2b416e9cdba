"""Who tries what: the trials of a study, shared by processes that come, go and die.

Optuna's storages take care that a waiting trial is taken by one process alone, and that a trial ends once. What they leave open
is settled by rules over the numbers of the trials, which all processes see alike, so that nobody has to be asked:

- A running trial has a lease, a sign of life of the process that does it. Where it lapsed, another trial with the same
  parameters is enqueued in its place before it is marked; of two such, the one with the smaller number counts.
- Of the trials that count, the first `n_trials` by number are the search; who finds that its own comes after them gives it up.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from ablate import machine
from ablate.search import optuna_private
from ablate.search.algorithms import Seeded
from ablate.store import alive, canonical_json, sign_of_life
from ablate.store.liveness import SILENT_S
from ablate.store.state import State

LEASE, STATUS, RECORD, RETRY, POINT = "lease", "status", "record", "retry_of", "enqueued"
UNLEASED_S = 60.0  # after which a running trial without a lease counts as lapsed: its process died before it could take one

_OF_OPTUNA: Mapping[TrialState, State] = {
    TrialState.WAITING: State.WAITING,
    TrialState.RUNNING: State.RUNNING,
    TrialState.COMPLETE: State.DONE,
    TrialState.PRUNED: State.PRUNED,
    TrialState.FAIL: State.FAILED,
}
# A diverged trial is pruned as far as Optuna knows, so that samplers learn to keep away from where it was.
_TOLD: Mapping[State, TrialState] = {
    State.DONE: TrialState.COMPLETE,
    State.PRUNED: TrialState.PRUNED,
    State.DIVERGED: TrialState.PRUNED,
    State.FAILED: TrialState.FAIL,
    State.LAPSED: TrialState.FAIL,
    State.SURPLUS: TrialState.FAIL,
}


def state_of(trial: FrozenTrial) -> State:
    """What became of a trial, in our words."""
    told: list[State] = [state for state, of in _TOLD.items() if of == trial.state and state == trial.user_attrs.get(STATUS)]
    return told[0] if told else _OF_OPTUNA[trial.state]


def counted(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that count, by number: not those that lapsed and are retried, nor second ones for the same."""
    taken: set[tuple[str, Any]] = set()
    retried = {trial.user_attrs[RETRY] for trial in trials if RETRY in trial.user_attrs}
    kept = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        place = [(key, trial.user_attrs[key]) for key in (RETRY, POINT) if key in trial.user_attrs]
        if any(each in taken for each in place):
            continue
        taken.update(place)
        if trial.number not in retried and state_of(trial) not in ("lapsed", "surplus"):
            kept.append(trial)
    return kept


class TrialQueue:
    """One process's view of the trials of a study, and its part in them.

    Args:
        study: to which no pruner is attached, or its sampler would see the trials of one bracket alone.
        n_trials: how many are to be finished.
        once: whether no setting is to be tried twice, as in a grid; two processes may draw one at the same moment.
    """

    def __init__(self, study: optuna.Study, space: Mapping[str, BaseDistribution], n_trials: int, once: bool = False) -> None:
        self.study, self.space, self.n_trials, self.once = study, dict(space), n_trials, once
        self.mine: dict[int, optuna.Trial] = {}  # that this process does, by number
        self._seen: dict[int, tuple[Any, float]] = {}  # of others: their lease, and since when it has been that one

    def trials(self) -> list[FrozenTrial]:
        """All trials, whatever became of them; not to be changed."""
        return self.study.get_trials(deepcopy=False)

    def finished(self) -> int:
        """How many trials of the search have ended."""
        return sum(trial.state.is_finished() for trial in counted(self.trials())[: self.n_trials])

    def enqueue(self, points: Sequence[Mapping[str, Any]]) -> None:
        """Have these settings tried first; again it changes nothing."""
        there = {trial.user_attrs.get(POINT) for trial in self.trials()}
        for point in points:
            name = canonical_json(dict(point))
            if name not in there:
                self.study.enqueue_trial(dict(point), user_attrs={POINT: name})

    def take(self) -> optuna.Trial | None:
        """A trial for this process to do, with a lease; None where there is none now."""
        self._retry_lapsed()
        trials = counted(self.trials())[: self.n_trials]
        if len(trials) >= self.n_trials and not any(trial.state == TrialState.WAITING for trial in trials):
            return None
        try:
            trial = self.study.ask(self.space)
            trial.set_user_attr(LEASE, sign_of_life())
        except UpdateFinishedTrialError:
            return None  # it took so long that others took it for lapsed
        self.mine[trial.number] = trial
        first = counted(self.trials())[: self.n_trials]
        again = self.once and any(other.number < trial.number and other.params == trial.params for other in first)
        if again or trial.number not in {each.number for each in first}:
            self.end(trial.number, State.SURPLUS)
            return None
        return trial

    def renew(self) -> None:
        """Say that this process is still there."""
        for trial in list(self.mine.values()):
            if not self.note(trial, LEASE, sign_of_life()):
                self.mine[trial.number] = trial  # `lost` tells of it

    def lost(self) -> list[int]:
        """Trials that this process did until another took them for lapsed; they are no longer its own."""
        running = {trial.number for trial in self.trials() if trial.state == TrialState.RUNNING}
        gone = [number for number in self.mine if number not in running]
        for number in gone:
            del self.mine[number]
        return gone

    def end(
        self, number: int, state: State, values: Sequence[float] | None = None, record: Mapping[str, Any] | None = None
    ) -> bool:
        """Say what became of a trial of this process; whether it was still its own."""
        trial = self.mine.pop(number)
        told = _TOLD[state]
        try:
            if record is not None:
                trial.set_user_attr(RECORD, json.loads(json.dumps(record)))
            trial.set_user_attr(STATUS, state)
            self.study.tell(trial, list(values) if values is not None and told == TrialState.COMPLETE else None, told)
        except (ValueError, UpdateFinishedTrialError):
            if optuna_private.stored(self.study, trial).state == TrialState.RUNNING:
                raise  # it is still this process's, so something else is wrong
            return False
        return True

    def release(self) -> None:
        """Let others have what this process did not finish."""
        for trial in list(self.mine.values()):
            self.note(trial, LEASE, {})
        self.mine.clear()

    def note(self, trial: optuna.Trial, key: str, value: Any) -> bool:
        """Note something about a trial of this process; whether it still is its own."""
        try:
            trial.set_user_attr(key, value)
        except UpdateFinishedTrialError:
            self.mine.pop(trial.number, None)
            return False
        return True

    def _retry_lapsed(self) -> None:
        trials = self.trials()
        retried = {trial.user_attrs.get(RETRY) for trial in trials}
        for trial in trials:
            if trial.state != TrialState.RUNNING or trial.number in self.mine or not self._lapsed(trial):
                continue
            if trial.number not in retried and trial in counted(trials):
                self._retry(trial)
            try:
                optuna_private.note(self.study, trial, STATUS, "lapsed")
                self.study.tell(trial.number, state=TrialState.FAIL)
            except (ValueError, UpdateFinishedTrialError):
                continue  # another process was faster

    def _retry(self, trial: FrozenTrial) -> None:
        """Have a setting tried again; one not drawn to its end is drawn anew, unless enqueued or of a grid."""
        params = dict(trial.params)
        if params.keys() != self.space.keys():
            params = dict(trial.system_attrs.get("fixed_params", {}))
        if params.keys() != self.space.keys():
            params = self.study.sampler.point(trial) if isinstance(self.study.sampler, Seeded) else {}
        if params:
            self.study.enqueue_trial(params, user_attrs={RETRY: trial.number})

    def _lapsed(self, trial: FrozenTrial) -> bool:
        """Whether the process that had a running trial is gone.

        On this machine it is asked. Others are judged by how long their lease has not changed, by the clock of this one, since
        clocks of two machines may differ.
        """
        lease = trial.user_attrs.get(LEASE)
        if lease is not None and lease.get("host", machine.host()) == machine.host():
            return not alive(lease)
        seen, since = self._seen.get(trial.number, (None, 0.0))
        if trial.number not in self._seen or seen != lease:
            self._seen[trial.number] = lease, time.monotonic()
            return False
        return time.monotonic() - since > (UNLEASED_S if lease is None else SILENT_S)
