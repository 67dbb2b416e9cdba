"""A failure at every call of the backend and at every write of store and sweep: all ends, and what was trained is kept."""

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import pytest

from ablate import store
from ablate.__main__ import main
from ablate.config import loading
from ablate.config.error_messages import one_line
from ablate.config.execution import Settings
from ablate.errors import AblateError, Stopped
from ablate.planning import plan, run_result
from ablate.planning.command import command_of
from ablate.planning.plan import Plan
from ablate.planning.runs import Run, trainings
from ablate.readout import Readout
from ablate.resources import Share
from ablate.running import ensuring, sweep, worker
from ablate.running.backend import Job, Outcome, Place
from ablate.running.engine import Engine
from ablate.store import Trajectory
from ablate.store.checkpoints import prune, resumable
from ablate.trainer import Watcher

WORDS = ["data=digits", "steps=20", "eval_every=10", "augment=off,flip", "ema=on,off", "seed=0,1", "report.formats=[]"]
CALLS = ("room", "adopt", "submit", "wait", "cancel", "end")
WRITES = ("open", "mkdir", "replace", "unlink", "fsync")
OF_FILES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.ESTALE, errno.EMFILE, errno.ENOENT)
AT_MOST_S = 60
BOTH = {"loss": 1.0, "lr": 0.1, "eval_loss_raw": 1.0, "eval_loss_averaged": 1.0}


def trained(job: Job, readout: Readout, trajectory: Trajectory, watcher: Watcher, stop: Callable[[], bool]) -> None:
    """Stands in for `ensuring.ensure`: it computes nothing, and writes what a training writes, in the same order."""
    if run_result.outcome(readout, trajectory) is not None:
        return
    recipe, last = job.spec.payload, readout.step
    try:
        trajectory.clean()
        trajectory.write_config(job.content, job.names)
        begun = next((int(path.stem) for path in resumable(trajectory, last, recipe.eval_every)), 0)
        trajectory.drop_after(begun)
        trajectory.add_segment({"threads": 1, "from_step": begun})
        trajectory.keep(last)
        trajectory.set_status("running", begun)
        grid = (step for step in range(1, last + 1) if step % recipe.eval_every == 0 or step == last)
        for step in (step for step in grid if step > begun):
            accuracy = (job.spec.seed + step + recipe.optimizer.lr) / 100
            scores = {"accuracy_raw": accuracy, "accuracy_averaged": accuracy / 2}
            row = {"step": step, "epoch": 1.0, "seconds": step / 10, "examples_per_second": 1.0, **BOTH, **scores}
            trajectory.add_evaluation(row, {name: np.arange(4) for name in ("raw", "averaged")})
            store.write_atomically(trajectory.checkpoint(step), b"")
            trajectory.set_status("running", step)
            prune(trajectory, step)
            if stop():
                raise Stopped(step)
        trajectory.set_status("done", last)
    except Exception as error:
        if not isinstance(error, Stopped):
            with suppress(OSError, AblateError):
                trajectory.set_status("failed", trajectory.status()["step"], run_result.reason_of(error))
        raise


class Here:
    """A backend that does its jobs in this process, each when its end is waited for."""

    places, share, shared_files, pace_key = 2, Share(2, 1), True, "here"

    def __init__(self, during: Callable[[int], None] = lambda waited: None) -> None:
        self.jobs: list[Job] = []
        self.canceled: set[str] = set()
        self.during, self.waited = during, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def room(self, threads: Sequence[int]) -> bool:
        return len(self.jobs) + len(threads) <= 2

    def adopt(self, fingerprints: Collection[str]) -> Mapping[str, str]:
        return {}

    def where(self, fingerprint: str) -> Place | None:
        return None

    def submit(self, jobs: Sequence[Job]) -> None:
        self.jobs += jobs

    def wait(self, timeout_s: float) -> list[Outcome]:
        if not self.jobs:
            return []
        self.waited += 1
        self.during(self.waited)
        return [worker.work(self.jobs.pop(0), lambda name: name in self.canceled)]

    def cancel(self, fingerprints: Collection[str]) -> None:
        self.canceled.update(fingerprints)

    def end(self) -> None:
        self.jobs.clear()


class Faults:
    """Counts calls, and has one of them fail."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.error: BaseException = RuntimeError()
        self.count = 0

    def counted(self, done: Callable[..., Any], root: Path | None = None) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            if root is None or isinstance(args[0], int) or Path(os.fspath(args[0])).is_relative_to(root):
                self.count += 1
                if self.count - 1 == self.at:
                    raise self.error
            return done(*args, **options)

        return wrapped


class Swept:
    """A small sweep in a folder of its own, done by the real engine, worker, store and sweep."""

    def __init__(self, root: Path, made: Plan) -> None:
        self.root, self.folder = root, root / "sweep"
        self.plan = replace(made, runs=tuple(self._placed(run) for run in made.runs))
        self.during: Callable[[int], None] = lambda waited: None

    def _placed(self, run: Run) -> Run:
        asked = replace(run.asked, store=self.root / "runs")
        return replace(run, asked=asked, trajectory=Trajectory(self.root / "runs", run.trajectory.fingerprint))

    def run(self, faults: Faults | None = None) -> list[dict[str, Any]]:
        def train(runs: Sequence[Run], ended: Any, tick: Callable[[], None]) -> None:
            backend = Here(self.during)
            for name in CALLS if faults is not None else ():
                setattr(backend, name, faults.counted(getattr(backend, name)))  # type: ignore[union-attr]
            engine = Engine(backend, backend.share, 1, False, ended, tick)
            engine.tick_s = 0
            try:
                engine.run(trainings(runs))
            finally:
                backend.end()

        settings = Settings(workers=2, threads=1, retries=1, fail_fast=False, watch=False, progress=False)
        with ending():
            return sweep.run(self.plan, self.folder, settings, train, lambda _: None)

    def segments(self) -> dict[str, int]:
        """How often each training that is done was gone on with."""
        made = [training.trajectory for training in self.plan.trainings]
        return {one.fingerprint: len(one.segments()) for one in made if one.status()["state"] == "done"}


class DoesNotEnd(BaseException):
    """What nobody who deals with errors takes for one."""


@contextmanager
def ending() -> Iterator[None]:
    """Within it what takes longer than it may is interrupted, and fails."""

    def late(number: int, frame: FrameType | None) -> None:
        raise DoesNotEnd

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(AT_MOST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def lasting(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results without what depends on the moment."""
    return json.loads(json.dumps(results))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made() -> Plan:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    command = command_of(OverridesParser.create().parse_overrides(WORDS))
    return plan.make(command, "factorial", loading.compose)


@pytest.fixture(autouse=True)
def without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensuring, "ensure", trained)
    monkeypatch.setattr("ablate.running.engine.TICK_S", 0)
    monkeypatch.setattr("ablate.running.engine.SILENT_S", 0.2)  # how long a back end is waited for that has lost a job


@pytest.fixture(scope="module")
def undisturbed(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], int]:
    """What an undisturbed sweep finds, and how many calls it makes that could fail."""
    faults = Faults()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensuring, "ensure", trained)
        one = Swept(tmp_path_factory.mktemp("undisturbed"), made)
        watched(patch, faults, one.root)
        return lasting(one.run(faults)), faults.count


def watched(patch: pytest.MonkeyPatch, faults: Faults, root: Path) -> None:
    """Count what is written below a folder."""
    for name in WRITES:
        patch.setattr(os, name, faults.counted(getattr(os, name), root))


def check_fault(made: Plan, wanted: list[dict[str, Any]], root: Path, at: int, error: BaseException) -> bool:
    """A sweep in which one call fails, and the same again; whether there were so many calls."""
    one, faults = Swept(root, made), Faults()
    faults.at, faults.error = at, error
    failed: BaseException | None = None
    with pytest.MonkeyPatch.context() as patch:
        watched(patch, faults, root)
        try:
            one.run(faults)
        except (Exception, KeyboardInterrupt) as caught:
            failed = caught
    if isinstance(error, KeyboardInterrupt) and faults.count > at:
        assert failed is error
    elif failed is not None:
        assert isinstance(failed, AblateError) or failed is error, repr(failed)
        assert isinstance(failed, Exception)
        [line] = one_line(failed).splitlines()
        assert "Errno" not in line
    kept = one.segments()
    assert lasting(one.run()) == wanted
    assert {name: count for name, count in one.segments().items() if name in kept} == kept, "what was done is not done again"
    assert not list(root.rglob("*.tmp"))
    shutil.rmtree(root)
    return faults.count > at


def system_error(at: int) -> OSError:
    """What the system refuses a call with: another error for each."""
    number = OF_FILES[at % len(OF_FILES)]
    return OSError(number, os.strerror(number), "some/file")


def other_error(at: int) -> BaseException:
    """What else can happen during a call."""
    return (KeyboardInterrupt(), MemoryError(), RuntimeError("can't start new thread"))[at % 3]


def test_a_fault_here_and_there(made: Plan, undisturbed: tuple[list[dict[str, Any]], int], tmp_path: Path) -> None:
    wanted, count = undisturbed
    assert count > 200
    for at in range(7, count, count // 5):
        assert check_fault(made, wanted, tmp_path / str(at), at, system_error(at) if at % 2 else other_error(at))


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("error", [system_error, other_error])
def test_a_fault_at_every_call_and_every_write(
    made: Plan, undisturbed: tuple[list[dict[str, Any]], int], tmp_path: Path, error: Callable[[int], BaseException]
) -> None:
    wanted, count = undisturbed
    at = 0
    while check_fault(made, wanted, tmp_path / str(at), at, error(at)):
        at += 1
    assert at > 0.9 * count  # the screen looks at files as often as there is time


@pytest.mark.parametrize("lost", ["sweep", "moved", "runs", "both"])
def test_a_folder_that_is_lost_meanwhile_is_told_and_not_made_anew_by_halves(
    made: Plan, undisturbed: tuple[list[dict[str, Any]], int], tmp_path: Path, lost: str
) -> None:
    one = Swept(tmp_path, made)

    def lose(waited: int) -> None:
        if waited != 2:
            return
        if lost == "moved":
            one.folder.rename(tmp_path / "elsewhere")
        if lost in ("sweep", "both"):
            shutil.rmtree(one.folder)
        if lost in ("runs", "both"):
            shutil.rmtree(tmp_path / "runs")

    one.during = lose
    if lost == "runs":  # what is trained from then on is whole
        results = one.run()
        assert {result["status"] for result in results} == {"done"}
        assert len(one.segments()) == 3
    else:
        with pytest.raises(AblateError) as told:
            one.run()
        assert str(told.value) == (
            f"{one.folder} was deleted or moved during the command. Finished trainings are in the store. Rerun the command to "
            "reuse them."
        )
        assert not one.folder.exists()
        assert len(one.segments()) == {"both": 1}.get(lost, 2)
    one.during = lambda waited: None
    assert lasting(one.run()) == undisturbed[0]


def test_a_training_whose_folder_is_lost_meanwhile_fails_and_leaves_nothing(
    made: Plan, undisturbed: tuple[list[dict[str, Any]], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Swept(tmp_path, made)
    lost = one.plan.trainings[0].trajectory
    add = Trajectory.add_evaluation

    def lose(trajectory: Trajectory, row: Any, predictions: Any) -> None:
        if trajectory.fingerprint == lost.fingerprint:
            shutil.rmtree(lost.path)
        trajectory.set_live({"step": 1})
        add(trajectory, row, predictions)

    monkeypatch.setattr(Trajectory, "add_evaluation", lose)
    with pytest.raises(sweep.RunsFailed, match="2 of 8 runs"):
        one.run()
    assert not lost.path.exists()
    [told] = {result["error"] for result in sweep.results(one.plan, one.folder) if result["status"] == "failed"}
    assert told == f"{lost.path} was deleted or moved during the command. Rerun the command to train it again."
    monkeypatch.undo()
    monkeypatch.setattr(ensuring, "ensure", trained)
    assert lasting(one.run()) == undisturbed[0]


CALLBACK = """
import json, os
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback

class Told(Callback):
    def on_job_start(self, config, *, task_function, **_):
        assert HydraConfig.get().job.num == config.hydra.job.num
        self.tell("start", config.hydra.job.num, config.seed, config.hydra.runtime.output_dir, os.environ["ABLATE_TEST"])

    def on_job_end(self, config, job_return, **_):
        assert "hydra" not in job_return.cfg and "data=digits" in job_return.overrides
        self.tell("end", config.hydra.job.num, job_return.status.name, job_return.return_value["status"])

    def on_multirun_end(self, config, **_):
        self.tell("all ended")

    def tell(self, *words):
        with open("LOG", "a") as file:
            file.write(json.dumps(words) + "\\n")
"""


def launched(root: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status of a sweep of two trainings and four runs, by the local launcher."""

    monkeypatch.setattr("ablate.running.backends.local.backend", lambda asked: Here())
    monkeypatch.setattr("sys.argv", ["ablate"])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    kept = [word for word in WORDS if not word.startswith("seed")]
    places = [f"store={root}/runs", f"hydra.sweep.dir={root}/sweep", "workers=1", "threads=1"]
    with pytest.raises(SystemExit) as ended:
        main(["-m", *kept, *places, *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.slow
def test_hydras_environment_and_callbacks_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    (tmp_path / "told_by_hydra.py").write_text(CALLBACK.replace("LOG", str(log)))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "told_by_hydra", raising=False)
    environments = []

    def ensure(job: Job, *rest: Any) -> None:
        environments.append(os.environ.get("ABLATE_TEST"))
        if job.spec.payload.augment.flip:
            raise ValueError("no such thing")
        trained(job, *rest)

    monkeypatch.setattr(ensuring, "ensure", ensure)
    words = ("+hydra.job.env_set.ABLATE_TEST=7", "+hydra.callbacks.told._target_=told_by_hydra.Told", "seed=5")
    assert launched(tmp_path, monkeypatch, *words) == 1, "some runs have no accuracy"
    assert set(environments) == {"7"}
    assert "ABLATE_TEST" not in os.environ
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert told.pop() == ["all ended"]
    starts = sorted(line for line in told if line[0] == "start")
    assert starts == [["start", number, 5, f"{tmp_path}/sweep/{number}", "7"] for number in range(4)]
    ends = sorted(line for line in told if line[0] == "end")
    state = ["done", "done", "failed", "failed"]
    assert ends == [["end", number, "COMPLETED", state[number]] for number in range(4)]
    for number in range(4):
        assert [line[0] for line in told if line[1] == number] == ["start", "end"]
