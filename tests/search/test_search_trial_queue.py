"""Trials shared by processes that come, go and die: none is lost, none counts twice, and the totals are right."""

import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from ablate.search import algorithms, storage, trial_queue
from ablate.search.trial_queue import TrialQueue, counted, state_of
from ablate.store.trials import Dimension

SPACE = {"lr": FloatDistribution(0.1, 1.0)}
NAME = "a search"


def begun(path: Path, n_trials: int, points: int = 1) -> TrialQueue:
    """One process's queue on the journal of a folder."""
    study = optuna.create_study(
        study_name=NAME,
        storage=storage.opened(None, path),
        sampler=optuna.samplers.RandomSampler(0),
        direction="maximize",
        load_if_exists=True,
    )
    made = TrialQueue(study, SPACE, n_trials)
    made.enqueue([{"lr": 0.1 + number / 100} for number in range(points)])
    return made


class Processes:
    """Several processes on one journal, of which each can take a trial, end one, or die with all that it has."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, n_trials: int, points: int) -> None:
        self.folder, self.n_trials, self.points = folder, n_trials, points
        self.living: set[int] = set()
        self.pids = 0
        monkeypatch.setattr(trial_queue, "alive", lambda lease: lease.get("pid") in self.living)
        monkeypatch.setattr(trial_queue, "sign_of_life", lambda: {"pid": self.current})
        self.current = 0
        self.queues: dict[int, TrialQueue] = {}

    def start(self) -> int:
        self.pids += 1
        self.living.add(self.pids)
        self.queues[self.pids] = begun(self.folder, self.n_trials, self.points)
        return self.pids

    def of(self, pid: int) -> TrialQueue:
        self.current = pid
        return self.queues[pid]

    def die(self, pid: int) -> None:
        self.living.discard(pid)
        del self.queues[pid]

    def trials(self) -> list[FrozenTrial]:
        return begun(self.folder, self.n_trials, self.points).trials()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    n_trials=st.integers(1, 6),
    points=st.integers(0, 3),
    acts=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["take", "take", "end", "die", "fail"])), max_size=25),
)
def test_whoever_comes_and_dies_all_trials_are_done_once(
    tmp_path_factory: pytest.TempPathFactory, n_trials: int, points: int, acts: list[tuple[int, str]]
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        at = Processes(tmp_path_factory.mktemp("study"), monkeypatch, n_trials, points)
        pids = [at.start() for _ in range(3)]
        for place, act in acts:
            one = at.of(pids[place])
            if act == "take":
                one.take()
            elif act == "die":
                at.die(pids[place])
                pids[place] = at.start()
            elif one.mine:
                one.end(min(one.mine), "done" if act == "end" else "failed", [0.5] if act == "end" else None)
        for pid in pids:  # what is left is done by whoever is still there
            one = at.of(pid)
            while one.mine or one.take() is not None:
                one.end(min(one.mine), "done", [0.5])
        trials = at.trials()
        kept = counted(trials)[:n_trials]
        assert [state_of(trial) for trial in kept if state_of(trial) not in ("done", "failed")] == []
        assert len(kept) == n_trials
        assert sum(state_of(trial) in ("done", "failed") for trial in trials) == n_trials
        tried = [trial.user_attrs[trial_queue.POINT] for trial in kept if trial_queue.POINT in trial.user_attrs]
        assert len(tried) == len(set(tried))
        retried = {trial.user_attrs[trial_queue.RETRY]: trial for trial in trials if trial_queue.RETRY in trial.user_attrs}
        for number, retry in retried.items():  # the same setting again
            assert state_of(trials[number]) == "lapsed"
            assert {key: retry.params.get(key, value) for key, value in trials[number].params.items()} == trials[number].params


def test_two_that_take_the_last_trial_at_once_do_it_once(tmp_path: Path) -> None:
    first, second = begun(tmp_path, 1, points=0), begun(tmp_path, 1, points=0)
    second.study.ask(SPACE)  # between the other's count and its question
    original = first.study.ask

    def late(space: Any) -> optuna.Trial:
        return original(space)

    first.study.ask = late  # type: ignore[method-assign, assignment]
    first_counted = trial_queue.counted
    calls = iter([[], None])

    def blind(trials: Any) -> list[FrozenTrial]:
        found = next(calls, None)
        return found if found is not None else first_counted(trials)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial_queue, "counted", blind)
        assert first.take() is None
    assert [state_of(trial) for trial in first.trials()] == ["running", "surplus"]
    assert len(counted(first.trials())) == 1


def test_a_setting_that_is_tried_once_is_given_up_by_the_second_that_drew_it(tmp_path: Path) -> None:
    one, other = begun(tmp_path, 3, points=0), begun(tmp_path, 3, points=0)
    for each in (one, other):
        each.study.sampler = optuna.samplers.RandomSampler(0)
        each.space = {"lr": FloatDistribution(0.1, 0.2, step=0.1)}
    other.once = True
    first = one.take()
    assert first is not None
    taken = [trial for trial in (other.take() for _ in range(20)) if trial is not None]
    assert [trial.params for trial in taken] == [{"lr": 0.1 if first.params["lr"] == 0.2 else 0.2}]
    assert {state_of(trial) for trial in one.trials() if trial.params == first.params} == {"running", "surplus"}


def test_a_trial_whose_process_died_before_it_had_a_lease_is_taken_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = begun(tmp_path, 1, points=0)
    one.study.ask(SPACE)
    assert one.take() is None
    now = time.monotonic()
    monkeypatch.setattr(trial_queue.time, "monotonic", lambda: now + 2 * trial_queue.UNLEASED_S)
    trial = one.take()
    assert trial is not None
    assert [state_of(each) for each in one.trials()] == ["lapsed", "running"]


def test_who_comes_back_late_finds_its_trial_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = begun(tmp_path, 1), begun(tmp_path, 1)
    trial = slow.take()
    assert trial is not None
    monkeypatch.setattr(trial_queue, "alive", lambda lease: False)
    again = fast.take()
    assert again is not None
    assert again.params == trial.params
    assert slow.end(trial.number, "done", [0.9]) is False
    assert fast.end(again.number, "done", [0.8]) is True
    assert fast.study.best_value == 0.8
    assert slow.lost() == []


def test_a_trial_that_was_lost_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = begun(tmp_path, 1), begun(tmp_path, 1)
    trial = slow.take()
    assert trial is not None
    slow.renew()
    assert slow.lost() == []
    monkeypatch.setattr(trial_queue, "alive", lambda lease: False)
    assert fast.take() is not None
    assert slow.lost() == [trial.number]
    assert not slow.mine


def test_diverged_trials_teach_samplers_and_are_told_apart(tmp_path: Path) -> None:
    one = begun(tmp_path, 3, points=0)
    for state in ("diverged", "pruned", "failed"):
        trial = one.take()
        assert trial is not None
        one.end(trial.number, state)  # type: ignore[arg-type]
    assert [state_of(trial) for trial in one.trials()] == ["diverged", "pruned", "failed"]
    assert [trial.state for trial in one.trials()] == [TrialState.PRUNED, TrialState.PRUNED, TrialState.FAIL]
    assert one.take() is None
    assert one.finished() == 3


def test_what_is_let_go_of_can_be_taken_at_once(tmp_path: Path) -> None:
    one, other = begun(tmp_path, 1, points=0), begun(tmp_path, 1, points=0)
    first = one.take()
    assert first is not None
    assert other.take() is None
    one.release()
    again = other.take()
    assert again is not None
    assert again.params == first.params


def test_a_trial_of_another_machine_lapses_when_its_lease_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, here = begun(tmp_path, 1, points=0), begun(tmp_path, 1, points=0)
    sign = {"host": "elsewhere", "pid": 1, "time": 0.0}  # a clock that is decades behind
    monkeypatch.setattr(trial_queue, "sign_of_life", lambda: dict(sign))
    trial = there.take()
    assert trial is not None
    now = time.monotonic()
    for minute in range(10):
        monkeypatch.setattr(trial_queue.time, "monotonic", lambda minute=minute: now + 60.0 * minute)
        sign["time"] += 60.0
        there.renew()
        assert here.take() is None
    monkeypatch.setattr(trial_queue.time, "monotonic", lambda: now + 600 + 2 * trial_queue.SILENT_S)
    assert here.take() is not None  # it has not changed since


def test_a_score_that_is_no_number_is_not_swallowed(tmp_path: Path) -> None:
    one = begun(tmp_path, 1, points=0)
    trial = one.take()
    assert trial is not None
    with pytest.raises(ValueError, match="not acceptable"):
        one.end(trial.number, "done", [float("nan")])


def test_points_are_known_by_what_they_are(tmp_path: Path) -> None:
    one = begun(tmp_path, 3, points=1)
    one.enqueue([{"lr": 0.3}, {"lr": 0.1}])
    settings_ = [trial.params["lr"] for trial in (one.take(), one.take()) if trial is not None]
    assert settings_ == [0.1, 0.3]


def test_a_place_of_a_grid_that_was_not_drawn_to_its_end_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {key: Dimension("categorical", "", choices=("1", "2")) for key in ("a", "b")}
    study = optuna.create_study(
        study_name=NAME, storage=storage.opened(None, tmp_path), sampler=algorithms.sampler({"name": "grid"}, listed, 1)
    )
    one = TrialQueue(study, {key: algorithms.distribution(each) for key, each in listed.items()}, 4)
    study.ask({"a": one.space["a"]})  # killed before b was drawn
    now = time.monotonic()
    found = []
    for step in range(8):
        monkeypatch.setattr(trial_queue.time, "monotonic", lambda step=step: now + step * 2 * trial_queue.UNLEASED_S)
        trial = one.take()
        if trial is not None:
            found.append((trial.params["a"], trial.params["b"]))
            one.end(trial.number, "done", [0.5])
    assert sorted(found) == [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")]
