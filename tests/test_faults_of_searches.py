"""A failure at every call of the back end and every write of a search, its journal and its store: all ends, nothing is lost."""

import copy
import functools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from ablate.config import loading
from ablate.config.error_messages import one_line
from ablate.config.execution import Settings
from ablate.errors import AblateError
from ablate.planning.runs import Run, trainings
from ablate.running import ensuring
from ablate.running.engine import Engine
from ablate.search import loop, resolve, run, space, trial_queue
from ablate.search.settings import SearchSettings
from ablate.search.spec import SearchSpec
from ablate.trainers.networks import Networks
from tests.test_faults_injected import CALLS, Faults, Here, ending, other_error, system_error, trained, watched

WORDS = ["data=digits", "epochs=1", "lr=0.05,0.1,0.2", "augment=off"]
ASKED = ["hydra.sweeper.n_trials=3", "hydra.sweeper.confirm_seeds=1", "hydra/sweeper/sampler=grid", "hydra/sweeper/pruner=none"]
BEST = "0.2"
QUIET = ["hydra.sweeper.eval_epochs=0.5", "report.formats=[]"]


@functools.cache
def composed(*words: str) -> DictConfig:
    return loading.compose([*words, "report.formats=[]", "sweeper=optuna"])


@functools.cache
def made(store: Path) -> SearchSpec:
    node = loading.compose(["sweeper=optuna", *ASKED, *QUIET]).hydra.sweeper
    command = space.parse(OverridesParser.create().parse_overrides([*WORDS, f"store={store}"]))
    return resolve.make(command, SearchSettings.of(node, command.seeds), lambda words: copy.deepcopy(composed(*words)))


class Searched:
    """A small search in a folder of its own, done by the real engine, worker, journal and store."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "search"
        self.search = made(root / "runs")

    def run(self, faults: Faults | None = None) -> None:
        @contextmanager
        def engines(count: int, ended: Any, tick: Callable[[], None]) -> Iterator[Engine]:
            backend = Here()
            for name in CALLS if faults is not None else ():
                setattr(backend, name, faults.counted(getattr(backend, name)))  # type: ignore[union-attr]
            engine = Engine(backend, backend.share, 1, False, ended, tick)
            engine.tick_s = 0
            try:
                yield engine
            finally:
                backend.end()

        def train(runs: Sequence[Run], ended: Any, tick: Callable[[], None]) -> None:
            with engines(len(runs), ended, tick) as engine:
                engine.run(trainings(runs))

        settings = Settings(workers=2, threads=1, retries=1, fail_fast=False, watch=False, progress=False)
        with ending():
            run.run(self.search, self.folder, settings, engines, train, lambda _: None)

    def found(self) -> dict[str, Any]:
        """What came of each setting, and of the measuring of the best one."""
        trials = json.loads((self.folder / "trials.json").read_text())["trials"]
        measured = sorted((self.folder / "confirmation").glob("*/result.json"))
        return {
            "done": {one["params"]["lr"]: one["values"] for one in trials if one["state"] == "done"},
            "failed": {one["params"]["lr"]: one["error"] for one in trials if one["state"] == "failed"},
            "others": {one["state"] for one in trials if one["state"] not in ("done", "failed")},
            "measured": [json.loads(path.read_text())["accuracy"] for path in measured],
        }


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensuring, "ensure", trained)
    monkeypatch.setattr(Networks, "keep", lambda *_: None)
    monkeypatch.setattr("ablate.running.engine.TICK_S", 0)
    monkeypatch.setattr("ablate.running.engine.SILENT_S", 0.2)
    monkeypatch.setattr(run, "TICK_S", 0)
    monkeypatch.setattr(loop, "LOOK_S", 0.0)
    monkeypatch.setattr(trial_queue, "alive", lambda lease: False)  # whoever had a trial is gone
    monkeypatch.setattr(trial_queue, "UNLEASED_S", -1.0)


@pytest.fixture
def undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], int]:
    """What an undisturbed search finds, and how many calls it makes that could fail."""
    one, faults = Searched(tmp_path / "one"), Faults()
    with monkeypatch.context() as patch:
        watched(patch, faults, tmp_path)
        one.run(faults)
    found = one.found()
    assert (set(found["done"]), found["failed"], found["others"]) == ({"0.05", "0.1", "0.2"}, {}, set())
    assert len(found["measured"]) == 2
    shutil.rmtree(tmp_path / "one")
    return found, faults.count


def check_fault(wanted: dict[str, Any], root: Path, at: int, error: BaseException) -> bool:
    """A search in which one call fails, and the same again; whether there were so many calls."""
    one, faults = Searched(root), Faults()
    faults.at, faults.error = at, error
    failed: BaseException | None = None
    with pytest.MonkeyPatch.context() as patch:
        watched(patch, faults, root)
        try:
            one.run(faults)
        except (Exception, KeyboardInterrupt) as caught:
            failed = caught
    told = f"call {at}, {error!r}: {failed!r}"
    if isinstance(error, KeyboardInterrupt) and faults.count > at:
        assert failed is error, told
    elif failed is not None:
        assert isinstance(failed, AblateError) or failed is error, told
        [line] = one_line(failed).splitlines()  # type: ignore[arg-type]
        assert "Errno" not in line, told
    one.run()
    found = one.found()
    assert found["done"] | found["failed"] == wanted["done"] | found["failed"], told
    assert len(found["failed"]) <= 1, told  # whose training it was, and says so
    assert all(found["failed"].values()), told
    assert found["others"] <= {"lapsed"}, told  # given up by the one, done anew by the next
    assert found["measured"] == wanted["measured"] or BEST in found["failed"], told
    assert not list(root.rglob("*.tmp")), told
    shutil.rmtree(root)
    return faults.count > at


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_fault_here_and_there_in_a_search(undisturbed: tuple[dict[str, Any], int], tmp_path: Path) -> None:
    wanted, count = undisturbed
    assert count > 200
    for at in range(7, count, count // 5):
        assert check_fault(wanted, tmp_path / "one", at, system_error(at) if at % 2 else other_error(at))


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.usefixtures("one_thread")
def test_a_fault_at_every_call_and_every_write_of_a_search(undisturbed: tuple[dict[str, Any], int], tmp_path: Path) -> None:
    """The system refuses the one, something else happens at the next."""
    wanted, count = undisturbed
    at = 0
    while check_fault(wanted, tmp_path / "one", at, system_error(at) if at % 2 else other_error(at)):
        at += 1
    assert at > 0.9 * count
