"""Which training goes next and what becomes of it, on a backend that trains nothing."""

import os
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import composed

from ablate.planning import plan, run_result
from ablate.planning.command import command_of
from ablate.planning.runs import Training
from ablate.resources import Share
from ablate.running.backend import Cause, Job, Outcome, Place, refused
from ablate.running.engine import IN_VAIN, Engine
from ablate.trainer import Resume


def trainings(tmp_path: Path, *words: str) -> list[Training]:
    command = command_of(OverridesParser.create().parse_overrides([*words, f"store={tmp_path / 'runs'}"]))
    return plan.make(command, "factorial", lambda overrides: composed(["data=digits", *overrides])).trainings


class Script:
    """A backend on which each job ends as a list of states says; afterwards jobs end well."""

    shared_files, pace_key = True, "nowhere"

    def __init__(self, at_once: int | None, states: dict[str, list[str]] | None = None) -> None:
        self.places, self.states = at_once, states or {}
        self.share = Share(at_once or 1, 1)
        self.cause: Cause = "error"
        self.left: dict[str, str] = {}
        self.submitted: list[Job] = []
        self.at_work: list[Job] = []
        self.most = 0
        self.canceled: list[str] = []
        self.during: Callable[[], None] = lambda: None

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def room(self, threads: Sequence[int]) -> bool:
        return self.places is None or len(self.at_work) + len(threads) <= self.places

    def adopt(self, fingerprints: Collection[str]) -> Mapping[str, str]:
        return {name: number for name, number in self.left.items() if name in fingerprints}

    def where(self, fingerprint: str) -> Place | None:
        return Place("node7", self.left[fingerprint], 0.0, "running") if fingerprint in self.left else None

    def submit(self, jobs: Sequence[Job]) -> None:
        assert self.room([job.threads for job in jobs])
        self.submitted += jobs
        self.at_work += jobs
        self.most = max(self.most, len(self.at_work))

    def wait(self, timeout_s: float) -> list[Outcome]:
        self.during()
        job = self.at_work.pop(0)
        state = "stopped" if job.fingerprint in self.canceled else (self.states.get(job.fingerprint) or ["ended"]).pop(0)
        died = {"error": "its process was killed", "cause": self.cause} if state == "died" else {}
        return [Outcome(job.fingerprint, state, **died)]  # type: ignore[arg-type]

    def cancel(self, fingerprints: Collection[str]) -> None:
        self.canceled += fingerprints


def engine(backend: Script, retries: int = 2, fail_fast: bool = False) -> tuple[Engine, list[tuple[str, str]]]:
    ended: list[tuple[str, str]] = []

    def end(training: Training, outcome: Outcome) -> bool:
        ended.append((training.trajectory.fingerprint, outcome.state))
        return outcome.state == "ended"

    return Engine(backend, backend.share, retries, fail_fast, end, lambda: None), ended


def prints(wanted: Sequence[Training]) -> list[str]:
    return [training.trajectory.fingerprint for training in wanted]


def test_the_longest_goes_first_and_all_places_are_used(tmp_path: Path) -> None:
    wanted = trainings(tmp_path, "model=alex2,tuto", "seed=0,1", "batch_size=32,128")
    backend = Script(3)
    run, ended = engine(backend)
    run.run(wanted)
    assert sorted(prints(wanted)) == sorted(fingerprint for fingerprint, _ in ended)
    assert backend.most == 3
    sizes = [job.spec.payload.batch_size for job in backend.submitted]
    assert sizes == sorted(sizes, reverse=True)


def test_runs_of_one_trajectory_are_one_job_that_stops_at_each_of_their_steps(tmp_path: Path) -> None:
    [training] = trainings(tmp_path, "steps=300,100,200", "ema=on,off", "eval_every=100")
    backend = Script(2)
    run, ended = engine(backend)
    run.run([training])
    [job] = backend.submitted
    assert [readout.step for readout in job.readouts] == [100, 200, 300]
    assert len(training.runs) == 6
    assert ended == [(job.fingerprint, "ended")]


def test_a_training_whose_process_dies_is_tried_again_as_often_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = trainings(tmp_path, "seed=0,1")
    first, second = prints(wanted)
    backend = Script(1, {first: ["died", "died", "ended"], second: ["died", "died", "died", "ended"]})
    run, ended = engine(backend, retries=2)
    run.run(wanted)
    assert sorted(ended) == sorted([(first, "ended"), (second, "died")])
    assert len(backend.submitted) == 6
    assert "its process was killed; trying again from its checkpoint (2 of 2)" in capsys.readouterr().err


def test_failed_is_not_tried_again_and_the_others_go_on(tmp_path: Path) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2")
    bad = prints(wanted)[0]
    backend = Script(1, {bad: ["failed"]})
    run, ended = engine(backend)
    run.run(wanted)
    assert sorted(state for _, state in ended) == ["ended", "ended", "failed"]
    assert len(backend.submitted) == 3


def test_fail_fast_stops_at_the_first(tmp_path: Path) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2,3,4")
    backend = Script(2, {prints(wanted)[0]: ["failed"]})
    run, ended = engine(backend, fail_fast=True)
    run.run(wanted)
    assert ended[0] == (prints(wanted)[0], "failed")
    assert len(backend.submitted) == 2
    assert backend.canceled == prints(wanted)[1:2]


def test_what_another_process_trains_is_passed_over_and_read_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.running.engine.BUSY_S", 0)
    monkeypatch.setattr("ablate.running.engine.TICK_S", 0)
    wanted = trainings(tmp_path, "seed=0,1,2")
    taken = prints(wanted)[0]
    backend = Script(1, {taken: ["busy"] * 4})
    looks = []

    def read(recipe: object, trajectory: object) -> dict[str, object] | None:
        looks.append(trajectory)
        return {"status": "done"} if len(looks) > 3 else None

    monkeypatch.setattr(run_result, "read", read)
    run, ended = engine(backend)
    run.run(wanted)
    assert sorted(ended) == sorted((fingerprint, "ended") for fingerprint in prints(wanted))
    order = [job.fingerprint for job in backend.submitted]
    assert order[0] == taken
    assert set(prints(wanted)[1:]) < set(order)
    assert backend.states[taken], "it was read when it was there, and not asked for until it was trained here"
    assert wanted[0].trajectory.final_steps() == [10_000], "whoever trains it keeps the checkpoint"


def test_an_error_of_the_engines_own_lets_all_save(tmp_path: Path) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2")
    backend = Script(2)
    run, _ = engine(backend)

    def full() -> None:
        raise OSError(28, "No space left on device")

    run.tick = full
    with pytest.raises(OSError, match="No space left"):
        run.run(wanted)
    assert backend.canceled
    assert backend.at_work == []


ERRORS = (
    OSError(24, "Too many open files"),
    RuntimeError("can't start new thread"),
    MemoryError(),
    BrokenPipeError(32, "Broken pipe"),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_training_that_cannot_be_submitted_has_died_and_the_others_go_on(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ablate.running.engine.TICK_S", 0)
    wanted = trainings(tmp_path, "seed=0,1,2")
    bad, *good = prints(wanted)
    backend = Script(2)
    submit, wait = backend.submit, backend.wait
    told: list[Outcome] = []

    def refuse(jobs: Sequence[Job]) -> None:
        told.extend(refused(job.fingerprint, error) for job in jobs if job.fingerprint == bad)
        submit([job for job in jobs if job.fingerprint != bad])

    def tell(timeout_s: float) -> list[Outcome]:
        return [told.pop()] if told else wait(timeout_s)

    monkeypatch.setattr(backend, "submit", refuse)
    monkeypatch.setattr(backend, "wait", tell)
    run, ended = engine(backend, retries=1)
    run.run(wanted)
    assert sorted(ended) == sorted([(bad, "died"), *((name, "ended") for name in good)])
    assert run.at_work == {}
    [line] = capsys.readouterr().err.splitlines()
    assert "its process could not be started: " in line
    assert line.endswith("trying again from its checkpoint (1 of 1)")


@pytest.mark.parametrize("calls", [("room",), ("wait",), ("cancel", "wait"), ("ended",), ("tick", "cancel"), ("tick", "wait")])
def test_a_backend_that_only_fails_ends_the_engine(
    tmp_path: Path, calls: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2")
    backend = Script(2)
    run, _ = engine(backend)
    run.tick_s = 0

    def fail(*_: object) -> bool:
        raise RuntimeError("gone")

    for call in calls:
        monkeypatch.setattr(run if call in ("ended", "tick") else backend, call, fail)
    with pytest.raises(RuntimeError, match="gone"):
        run.run(wanted)


def test_two_that_end_at_once_are_both_let_go_of_where_the_first_cannot_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = trainings(tmp_path, "seed=0,1")
    backend = Script(2)
    run, _ = engine(backend)

    def all_at_once(timeout_s: float) -> list[Outcome]:
        jobs, backend.at_work = backend.at_work, []
        return [Outcome("unheard of", "ended"), *(Outcome(job.fingerprint, "ended") for job in jobs)]

    def refuse(training: Training, outcome: Outcome) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backend, "wait", all_at_once)
    run.ended = refuse
    with pytest.raises(OSError, match="No space left"):
        run.run(wanted)
    assert run.at_work == {}


def test_an_interrupt_lets_all_save_and_starts_no_more(tmp_path: Path) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2,3")
    backend = Script(2)
    backend.during = lambda: os.kill(os.getpid(), signal.SIGINT) if not backend.canceled else None
    run, ended = engine(backend)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run.run(wanted)
    assert signal.getsignal(signal.SIGINT) is before
    assert len(backend.submitted) == 2
    assert {state for _, state in ended} <= {"ended"}
    assert backend.canceled[0] == prints(wanted)[1]


def test_a_trajectory_that_was_begun_goes_on_with_its_threads(tmp_path: Path) -> None:
    wanted = trainings(tmp_path, "seed=0,1")
    begun = wanted[0].trajectory
    begun.add_segment({"threads": 3})
    begun.checkpoint(10).parent.mkdir(parents=True)
    begun.checkpoint(10).write_bytes(b"")
    backend = Script(1)
    run, _ = engine(backend)
    run.run(wanted)
    assert {job.fingerprint: job.threads for job in backend.submitted} == dict(zip(prints(wanted), (3, 1), strict=True))


def test_a_backend_that_has_nothing_to_tell_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.running.engine.SILENT_S", 0.01)
    backend = Script(2)
    run, _ = engine(backend)

    def refuse() -> None:
        raise OSError(28, "No space left on device")

    run.tick = refuse
    monkeypatch.setattr(backend, "wait", lambda timeout_s: [])
    with pytest.raises(OSError, match="No space left"):
        run.run(trainings(tmp_path, "seed=0,1"))
    assert len(backend.canceled) == 2


def test_a_training_that_was_given_up_is_not_tried_again_elsewhere(tmp_path: Path) -> None:
    [wanted] = trainings(tmp_path)
    name = wanted.trajectory.fingerprint
    backend = Script(1)
    run, ended = engine(backend)
    backend.during = lambda: run.give_up(name)
    wait = backend.wait

    def busy(timeout_s: float) -> list[Outcome]:
        return [Outcome(each.fingerprint, "busy") for each in wait(timeout_s)]

    backend.wait = busy  # type: ignore[method-assign]
    run.run([wanted])
    assert ended == [(name, "stopped")]
    assert len(backend.submitted) == 1
    assert run.given_up == set()


def test_fail_fast_starts_no_more_after_one_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2")
    backend = Script(3)
    tried: list[Sequence[Job]] = []

    def refuse(jobs: Sequence[Job]) -> None:
        tried.append(jobs)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(backend, "submit", refuse)
    run, ended = engine(backend, retries=0, fail_fast=True)
    run.run(wanted)
    assert ended == [(prints(wanted)[0], "died")]
    assert len(tried) == 1


@pytest.mark.parametrize("cause", ["preempted", "node", "lost"])
def test_what_the_place_does_uses_up_no_retry_while_it_is_not_in_vain(
    tmp_path: Path, cause: Cause, capsys: pytest.CaptureFixture[str]
) -> None:
    [wanted] = trainings(tmp_path)
    name = wanted.trajectory.fingerprint
    backend = Script(1, {name: ["died"] * 25})
    backend.cause = cause
    backend.during = lambda: wanted.trajectory.set_status("running", len(backend.submitted))
    run, ended = engine(backend, retries=0)
    run.run([wanted])
    assert ended == [(name, "ended")]
    assert "its process was killed; trying again from its checkpoint" in capsys.readouterr().err
    backend = Script(1, {name: ["died"] * 25})
    backend.cause = cause
    run, ended = engine(backend, retries=2)
    run.run([wanted])
    assert ended == [(name, "died")]
    assert len(backend.submitted) == 1 + IN_VAIN + 2


def test_a_time_limit_uses_up_a_retry_only_where_nothing_was_gained(tmp_path: Path) -> None:
    [wanted] = trainings(tmp_path)
    backend = Script(1, {wanted.trajectory.fingerprint: ["died"] * 9})
    backend.cause = "time_limit"
    backend.during = lambda: wanted.trajectory.set_status("running", min(5, len(backend.submitted)))
    run, ended = engine(backend, retries=1)
    run.run([wanted])
    assert [state for _, state in ended] == ["died"]
    assert len(backend.submitted) == 5 + 2


def test_what_a_process_that_died_left_at_work_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_result, "read", lambda *_: {"status": "done"})
    wanted = trainings(tmp_path, "seed=0,1,2")
    backend = Script(2)
    run, ended = engine(backend)
    run.run([wanted[0]])
    [job] = backend.submitted
    backend.at_work, backend.left = [job], {job.fingerprint: "4711"}
    run, ended = engine(backend)
    run.run(wanted)
    assert sorted(ended) == sorted((name, "ended") for name in prints(wanted))
    assert prints(wanted).count(job.fingerprint) == 1 == [each.fingerprint for each in backend.submitted].count(job.fingerprint)
    assert f"({wanted[0].trajectory.path}): still running as job 4711 on node7" in capsys.readouterr().err


@pytest.mark.parametrize("state", ["ended", "stopped"])
def test_what_was_left_at_work_and_ends_before_the_last_step_goes_on(tmp_path: Path, state: str) -> None:
    """The process that died had asked it for fewer steps, or to stop."""
    [wanted] = trainings(tmp_path)
    name = wanted.trajectory.fingerprint
    backend = Script(1, {name: ["ended", state]})
    run, _ = engine(backend)
    run.run([wanted])
    backend.at_work, backend.left = list(backend.submitted), {name: "4711"}
    run, ended = engine(backend)
    run.run([wanted])
    assert ended == [(name, "ended")]
    assert len(backend.submitted) == 2


def test_a_place_without_an_end_takes_all_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = trainings(tmp_path, "seed=0,1,2,3,4")
    backend = Script(None)
    calls: list[int] = []
    submit = backend.submit

    def counted(jobs: Sequence[Job]) -> None:
        calls.append(len(jobs))
        submit(jobs)

    monkeypatch.setattr(backend, "submit", counted)
    run, ended = engine(backend)
    run.run(wanted)
    assert calls == [5]
    assert len(ended) == 5


@pytest.mark.parametrize(
    ("resumes", "told"),
    [
        (["exact"], "Stopping: 1 training saves its checkpoint…"),
        (["exact", "exact"], "Stopping: 2 trainings save their checkpoints…"),
        (["never", "never"], "Stopping: 2 trainings end, and will start over…"),
        (
            ["own", "never"],
            "Stopping: 1 training ends, and will resume from what it saved; 1 training ends, and will start over…",
        ),
        ([], "Stopping: no training runs…"),
    ],
)
def test_a_stop_says_what_becomes_of_what_is_at_work(tmp_path: Path, resumes: list[Resume], told: str) -> None:
    [training] = trainings(tmp_path)
    run, _ = engine(Script(1))
    for place, kind in enumerate(resumes):
        asked = replace(training.asked, spec=replace(training.asked.spec, resume=kind))
        run.at_work[str(place)] = Training((replace(training.runs[0], asked=asked),))
    assert run._stopping() == f"{told} (Ctrl-C again stops at once)"
