"""A storage that fails at any of its calls: the process that notices ends, and the next one loses and doubles nothing."""

from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.exceptions import StorageInternalError
from optuna.storages import InMemoryStorage

from ablate.search import trial_queue
from ablate.search.trial_queue import TrialQueue, counted, state_of

SPACE = {"lr": FloatDistribution(0.1, 1.0)}
TRIALS = 3
MOST = 30  # looks for a trial, after which one that does not end would have been found


class Failing:
    """A storage whose call of a number fails, before or after it did what was asked, and every one behind it."""

    def __init__(self, storage: InMemoryStorage, fails_at: int, after: bool) -> None:
        self.storage, self.fails_at, self.after, self.calls = storage, fails_at, after, 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.storage, name)

        def call(*words: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self.fails_at and self.after:
                method(*words, **named)
            if self.calls >= self.fails_at:
                raise StorageInternalError("the storage is gone")
            return method(*words, **named)

        return call if callable(method) else method


def work(storage: Any) -> None:
    """One process: it takes trials until there is none, says that it is there, and ends each."""
    study = optuna.create_study(study_name="one", storage=storage, direction="maximize", load_if_exists=True)
    study.sampler = optuna.samplers.RandomSampler(0)
    mine = TrialQueue(study, SPACE, TRIALS)
    mine.enqueue([{"lr": 0.5}])
    for _ in range(MOST):
        trial = mine.take()
        if trial is None:
            if mine.finished() >= TRIALS:
                return
            continue
        mine.renew()
        trial.report(0.5, 1)
        mine.end(trial.number, "done", [0.5], {"examples": 1})
    pytest.fail("it does not end")


@pytest.mark.parametrize("after", [False, True])
def test_whichever_call_fails_the_next_process_ends_with_all_trials(after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_queue, "alive", lambda lease: False)  # whoever had a trial is gone
    monkeypatch.setattr(trial_queue, "UNLEASED_S", -1.0)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    whole = Failing(InMemoryStorage(), 10**9, after)
    work(whole)
    assert whole.calls > 20
    for fails_at in range(1, whole.calls + 1):
        storage = InMemoryStorage()
        with pytest.raises(StorageInternalError):
            work(Failing(storage, fails_at, after))
        work(storage)
        trials = storage.get_all_trials(storage.get_study_id_from_name("one"))
        kept = counted(trials)
        assert [state_of(trial) for trial in kept] == ["done"] * TRIALS, fails_at
        assert sum(trial.user_attrs.get(trial_queue.POINT) is not None for trial in kept) <= 1, fails_at
        assert sum(trial.params["lr"] == 0.5 for trial in kept) == 1, fails_at
