import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

pytest_plugins = ["reading", "ran"]  # the fixtures of made-up sweeps, for all who read or run them

settings.register_profile("ours", deadline=None)  # a slow or busy machine is no fault; speed is measured in tests/bench
settings.load_profile("ours")

CONF = Path(__file__).parent / "training" / "conf"


@pytest.fixture(scope="session", autouse=True)
def no_traces_of_the_home_folder(tmp_path_factory):
    """Caches lie in the temporary folder; no window is opened; tracebacks are as users have them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ABLATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("MPLBACKEND", "agg")
        patch.delenv("HYDRA_FULL_ERROR", raising=False)
        yield


@pytest.fixture(scope="session")
def one_thread() -> None:
    """For every test that uses TensorFlow in this process: it takes its threads once, and bits are equal for equal threads."""
    from ablate.training import device

    assert device.configure(1) == 1


@pytest.fixture
def environment():
    """The environment variables for a program that a test starts: nothing of the checkout is on its path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "HYDRA_FULL_ERROR")}
    return kept | {"COLUMNS": "120"}


class OneFile(SingleFileSnapshotExtension):
    """A text file a snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def read_by_users(snapshot):
    """What users read, kept as a file to look at: `--snapshot-update` takes what is new."""
    return snapshot.use_extension(OneFile)


@pytest.fixture
def install(tmp_path_factory, monkeypatch):
    """Installs packages of other people as pip does: the modules by dotted name and text, the entry points by group."""
    from ablate.system import plugins

    before = set(sys.modules)

    def installed(name: str, modules: dict[str, str], entries: dict[str, dict[str, str]]) -> Path:
        site = tmp_path_factory.mktemp("site")
        for dotted, source in modules.items():
            path = site.joinpath(*dotted.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        info = site / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [line for group, of in entries.items() for line in (f"[{group}]", *(f"{one} = {at}" for one, at in of.items()))]
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(str(site))
        plugins.forget()
        return site

    yield installed
    monkeypatch.undo()
    plugins.forget()
    for module in set(sys.modules) - before:
        if str(tmp_path_factory.getbasetemp()) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]


def pytest_addoption(parser):
    parser.addoption("--bench-rounds", type=int, default=5, help="how often each benchmark is measured")


class Program:
    """Runs `python -m ablate` in a folder of its own, on a tiny data set and model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        generator = np.random.default_rng(0)
        labels = np.arange(200) % 4
        images = generator.integers(0, 100, (200, 16, 16, 3)) + 40 * labels[:, None, None, None]
        arrays = {
            "train_images": images,
            "train_labels": labels,
            "test_images": images[:60],
            "test_labels": labels[:60],
        }
        np.savez(folder / "my.npz", **{k: v.astype(np.uint8 if "images" in k else np.int64) for k, v in arrays.items()})
        self.base = ["-cd", str(CONF), "data=arrays", "data.path=my.npz", "model=tiny", "batch_size=16", "threads=1"]
        self.base += ["readout.last=1"]  # so that a test knows each evaluation; what reads more of them has tests of its own
        self.base += ["report.formats=[csv,md]"]  # what else a report is made of has tests of its own, and takes seconds
        hidden = ("HYDRA_FULL_ERROR", "TF_CPP_MIN_LOG_LEVEL", "PYTHONPATH")
        self.env = {name: value for name, value in os.environ.items() if name not in hidden}

    def words(self, *words: str) -> list[str]:
        """The words and those of the tiny data set and model; a key is given once."""
        given = {word.partition("=")[0] for word in words if "=" in word}
        return [*(word for word in self.base if word.partition("=")[0] not in given), *words]

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ablate", *self.words(*words)],
            cwd=self.folder,
            env=self.env | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a group of its own, which a test can interrupt as a terminal does
        )

    def __call__(self, *words: str, status: int = 0, env: dict[str, str] | None = None) -> tuple[str, str]:
        """Standard output and error of a run that ends with `status`."""
        process = self.start(*words, env=env)
        out, err = process.communicate(timeout=600)
        assert process.returncode == status, err
        assert "Traceback" not in err
        return out, err

    def command(self, *words: str, status: int = 0) -> tuple[str, str]:
        """Standard output and error of one of the commands, which take no config of a training."""
        done = subprocess.run(
            [sys.executable, "-m", "ablate", *words], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    def trajectories(self) -> list[Path]:
        return sorted(path for path in (self.folder / "runs").iterdir() if path.is_dir() and not path.name.startswith("."))

    def results(self) -> list[dict[str, Any]]:
        files = sorted(self.folder.glob("multirun/*/*/result.json"), key=lambda path: int(path.parent.name))
        return [json.loads(path.read_text()) for path in files]


@pytest.fixture(scope="session")
def programs() -> type[Program]:
    """From an empty folder to a program in it, for tests that share one."""
    return Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def another(tmp_path: Path) -> Program:
    """The same in another folder."""
    (tmp_path / "another").mkdir()
    return Program(tmp_path / "another")
