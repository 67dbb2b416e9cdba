"""A back end of another package: a module behind an entry point, and a YAML file."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.__main__ import main
from ablate.errors import AblateError
from ablate.running import backends, ensuring
from ablate.running.backend import Request
from ablate.trainers.networks import Networks
from tests.test_faults_injected import trained

Install = Callable[..., Path]

MODULE = '''
"""A back end that trains in this process, a few at once, and takes the place of the first training from it."""

import time

from ablate.resources import Share
from ablate.running import worker
from ablate.running.backend import Outcome, Place

LOG = []


class Toy:
    pace_key = "toy"

    def __init__(self, places, shared_files):
        self.places, self.share, self.shared_files = places, Share(1, 1), shared_files
        self.jobs, self.asked = {}, set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.jobs.clear()

    def room(self, threads):
        return self.places is None or len(self.jobs) + len(threads) <= self.places

    def adopt(self, fingerprints):
        return {}

    def submit(self, jobs):
        self.jobs |= {job.fingerprint: job for job in jobs}

    def wait(self, timeout_s):
        if not self.jobs:
            return []
        name, job = self.jobs.popitem()
        LOG.append(name)
        if len(LOG) == 1:
            return [Outcome(name, "died", "its place was given to another", cause="preempted")]
        return [worker.work(job, lambda each: each in self.asked)]

    def cancel(self, fingerprints):
        self.asked.update(fingerprints)

    def where(self, fingerprint):
        return Place("toy", "1", time.time(), "running") if fingerprint in self.jobs else None


def backend(asked, *, places=2, shared_files=True):
    return Toy(places, shared_files)
'''
CONFIG = "_target_: hydra_plugins.ablate_launcher.BackendLauncher\nplaces: 3\nshared_files: true\n"
SWEEP = ["augment=off,flip", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10"]
SEARCH = ["hydra/sweeper=optuna", "lr=0.05,0.1", "augment=off", "epochs=1"]
ASKED = {"n_trials": 2, "confirm_seeds": 1, "eval_epochs": 0.5}
CHOSEN = [
    "hydra/sweeper/sampler=grid",
    "hydra/sweeper/pruner=none",
    *(f"hydra.sweeper.{key}={value}" for key, value in ASKED.items()),
]


class Program:
    """The command line with the toy back end at hand; what it prints is kept in `err`."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.monkeypatch, self.capsys = root, monkeypatch, capsys
        self.out = self.err = ""

    def __call__(self, *words: str, launcher: str = "toy") -> int:
        own = [
            f"store={self.root}/runs",
            f"hydra.sweep.dir={self.root}/sweep",
            "report.formats=[]",
            f"hydra/launcher={launcher}",
        ]
        self.monkeypatch.setattr("sys.argv", ["ablate"])
        with pytest.raises(SystemExit) as ended:
            main(["-cd", str(self.root / "my"), "-m", "data=digits", "retries=0", *own, *words])
        self.out, self.err = self.capsys.readouterr()
        return ended.value.code or 0  # type: ignore[return-value]

    @property
    def trained(self) -> list[str]:
        """The fingerprints that the toy was waited for, in order."""
        return list(sys.modules["toy_backend"].LOG)  # type: ignore[attr-defined]


@pytest.fixture
def program(tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    entries = {"toy": "toy_backend:backend", "broken": "no_such_module:backend"}
    install("toy", {"toy_backend": MODULE}, {backends.BACKENDS.group: entries})
    (tmp_path / "my" / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "my" / "hydra" / "launcher" / "toy.yaml").write_text(CONFIG)
    monkeypatch.setattr(ensuring, "ensure", trained)
    monkeypatch.setattr(Networks, "keep", lambda *_: None)
    monkeypatch.setattr("ablate.running.engine.TICK_S", 0)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.setenv("COLUMNS", "200")
    return Program(tmp_path, monkeypatch, capsys)


def statuses(folder: Path) -> list[str]:
    found = sorted(folder.glob("[0-9]*/result.json"))
    return [json.loads(path.read_text())["status"] for path in found]


@pytest.mark.parametrize(
    ("launcher", "key", "told"),
    [
        ("toy", "place", "Unknown key 'hydra.launcher.place': hydra/launcher=toy does not have it."),
        ("joblib", "n_job", "Unknown key 'hydra.launcher.n_job'. Did you mean hydra.launcher.n_jobs?"),
        ("local", "n_job", "Unknown key 'hydra.launcher.n_job': hydra.launcher has no keys. Leave it out."),
    ],
)
def test_a_key_that_the_launcher_does_not_have(program: Program, launcher: str, key: str, told: str) -> None:
    assert program(*SWEEP, f"hydra.launcher.{key}=1", launcher=launcher) == 1
    assert program.err == f"ablate: {told}\n"


def test_a_sweep_on_a_back_end_of_another_package(program: Program) -> None:
    assert program(*SWEEP, "hydra.sweeper.plan=json") == 0
    described = json.loads(program.out)
    assert (described["launcher"], described["totals"]["workers"]) == ("toy", 3)
    assert program(*SWEEP) == 0, program.err
    assert statuses(program.root / "sweep") == ["done"] * 8
    first, *rest = program.trained
    assert sorted(rest) == sorted({first, *rest}), "the one that lost its place is repeated, without a retry to be had"
    assert len(rest) == 4
    assert "its place was given to another; trying again from its checkpoint" in program.err


def test_a_search_on_a_back_end_of_another_package(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.search.run.TICK_S", 0)
    monkeypatch.setattr("ablate.search.loop.LOOK_S", 0.0)
    assert program(*SEARCH, *CHOSEN) == 0, program.err
    trials = json.loads((program.root / "sweep" / "trials.json").read_text())["trials"]
    assert [trial["state"] for trial in trials] == ["done"] * 2
    assert len(program.trained) == len(set(program.trained)) + 1
    assert "its place was given to another; trying again from its checkpoint" in program.err
    assert set(statuses(program.root / "sweep" / "confirmation")) <= {"done"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hydra.launcher.places=null"], "workers=auto with hydra/launcher=toy would start all trials before the first ends"),
        (["hydra.launcher.shared_files=false", "hydra/sweeper/pruner=median"], "Write hydra/sweeper/pruner=none."),
    ],
)
def test_what_a_back_end_cannot_search_is_refused(program: Program, words: list[str], told: str) -> None:
    assert program(*SEARCH, *CHOSEN[:1], *words) == 1
    assert told in program.err
    assert program.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{CONFIG}place: 1\n", "Unknown key of hydra/launcher=toy 'place'. Choose from places, shared_files. Did you mean"),
        (CONFIG.replace("Backend", "Back"), "Back"),
    ],
)
def test_a_config_that_no_back_end_has_is_told_in_a_line(program: Program, text: str, told: str) -> None:
    (program.root / "my" / "hydra" / "launcher" / "toy.yaml").write_text(text)
    assert program(*SWEEP) == 1
    assert told in program.err
    assert program.err.count("\n") == 1
    assert not (program.root / "sweep").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("toyy", "Unknown backend 'toyy'. Choose from inline, local, broken, toy. Did you mean 'toy'?"),
        (
            "broken",
            "The backend broken cannot be loaded from no_such_module:backend: No module named 'no_such_module'. "
            "Reinstall its package.",
        ),
    ],
)
@pytest.mark.usefixtures("program")
def test_a_name_that_is_no_back_end(name: str, told: str) -> None:
    with pytest.raises(AblateError) as found:
        backends.named(name, {})
    assert str(found.value) == told


@pytest.mark.usefixtures("program")
def test_this_process_has_one_worker_and_nothing_is_written_where_more_are_asked_for(program: Program) -> None:
    assert program(*SWEEP, "workers=2", launcher="inline") == 1
    assert program.err == "ablate: hydra/launcher=inline has one worker, got workers=2. Use hydra/launcher=local.\n"
    assert not (program.root / "sweep").exists()


def test_a_back_end_of_two_packages_is_refused(install: Install) -> None:
    for package in ("other", "toy"):
        install(package, {}, {backends.BACKENDS.group: {"toy": "no_such_module:backend"}})
    with pytest.raises(
        AblateError, match=r"^Several packages define the backend toy: other and toy\. Uninstall all but one of them\.$"
    ):
        backends.named("toy", {})


def test_a_back_end_of_ours_is_not_replaced_by_one_of_another_package(install: Install, tmp_path: Path) -> None:
    install("other", {}, {backends.BACKENDS.group: {"local": "no_such_module:backend"}})
    asked = Request(2, 1, 5, tmp_path)
    assert backends.names() == ["inline", "local"]
    assert backends.named("local", {})(asked).places == 2
