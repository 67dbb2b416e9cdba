"""Nothing that lies in the current folder is run because it has the name of a Python module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ablate
from ablate.system import own_path

CHECKOUT = str(Path(ablate.__file__).parents[1])
# Of the standard library, of what ablate needs, and of what its workers load first; runpy's own cannot be kept away.
NAMES = ("yaml", "json", "pathlib", "typing", "pickle", "multiprocessing", "numpy", "pandas", "hydra", "rich", "tensorflow")
EVIL = "open({!r}, 'w').write('run')\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with modules of these names, each of which leaves a file when it is imported."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in NAMES:
        Path(f"{name}.py").write_text(EVIL.format(str(tmp_path / f"ran {name}")))
    return tmp_path


def test_modules_of_the_current_folder_are_not_run(folder, environment):
    Path("runs").mkdir()
    done = subprocess.run([sys.executable, "-m", "ablate", "runs"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(folder.glob("ran *"))


@pytest.mark.slow
def test_nor_by_the_workers_of_a_sweep_and_its_report(folder, program, environment):
    words = [*program.base, "-m", "data.path=../my.npz", "seed=0,1", "steps=4", "eval_every=4", "report.formats=[html,png]"]
    done = subprocess.run([sys.executable, "-m", "ablate", *words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(folder.glob("ran *"))


@pytest.fixture
def path(monkeypatch):
    """A path of Python that is the test's own."""
    for name in ("PYTHONSAFEPATH", "PYTHONPATH"):
        monkeypatch.setenv(name, "")  # so that what is set in it is undone
        monkeypatch.delenv(name)

    def is_now(*entries: str) -> list[str]:
        monkeypatch.setattr(own_path, "is_program", False)
        monkeypatch.setattr(sys, "path", list(entries))
        own_path.leave_out_current_folder()
        own_path.leave_out_current_folder()  # as `python -m ablate` does: what PYTHONPATH names is not its to take
        return sys.path

    return is_now


def test_the_current_folder_leaves_the_path_and_that_of_other_processes(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    assert path("", "/lib") == ["/lib"]
    assert path(str(tmp_path), "/lib", str(tmp_path)) == ["/lib", str(tmp_path)], "PYTHONPATH names it: it stays there"
    assert path("/lib") == ["/lib"]
    assert os.environ["PYTHONSAFEPATH"] == "1"
    assert "PYTHONPATH" not in os.environ


def test_a_checkout_that_is_not_installed_runs_from_its_own_folder(monkeypatch, path):
    monkeypatch.chdir(CHECKOUT)
    assert path("", "/lib") == ["/lib", CHECKOUT]
    assert os.environ["PYTHONPATH"] == CHECKOUT
    monkeypatch.setenv("PYTHONPATH", "/mine")
    assert path(CHECKOUT, "/lib", CHECKOUT) == ["/lib", CHECKOUT]
    assert os.environ["PYTHONPATH"] == "/mine"


def test_a_current_folder_that_was_deleted_is_none(tmp_path, monkeypatch, path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert path("/lib") == ["/lib"]
