"""Versions of what training code of one's own imports are recorded with each training."""

import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from own_command import Program

from ablate.trainers import versions
from ablate.trainers.command import training


def uses_numpy(config: dict[str, Any], seed: int) -> float:
    import yaml

    return float(np.mean([seed])) + len(yaml.__name__)


def test_what_a_function_uses_is_known_by_its_globals_and_imports() -> None:
    import yaml

    assert yaml is not None
    assert {"numpy", "yaml", "pytest"} <= versions.used(uses_numpy)
    assert not {"sys", "pathlib", "ablate", "own_command"} & versions.used(uses_numpy)


def test_a_distribution_of_another_name_is_found_and_own_modules_are_none(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    here = tmp_path / "numpy"  # a folder above tells nothing of what is own
    (here / "train.py").write_text("import os, yaml, numpy as np, sklearn.svm\nfrom tricks import gain\nimport ablate\n")
    (here / "tricks.py").write_text("import no_such_package\n")
    names = versions.imported(here, ["train.py", "tricks.py", "data.npz"])
    assert names == {"yaml", "numpy", "sklearn", "no_such_package"}
    found = {name: metadata.version(name) for name in ("PyYAML", "numpy", "scikit-learn")}
    assert versions.installed(sorted(names)) == found
    assert versions.of_command(["nothing", sys.executable, "train.py"], tmp_path, names) == (None, {}), "it is no program"


@pytest.mark.slow
def test_a_command_has_the_versions_of_its_own_python(own: Program) -> None:
    own.script("import numpy\nlog(1, accuracy=0.5)")
    [segment] = own.trainings[0].segments()
    assert segment["python"] == ".".join(map(str, sys.version_info[:3]))
    assert segment["versions"] == {"ablate-tf": segment["versions"]["ablate-tf"], "numpy": np.__version__}
    (own.folder / "go.sh").write_text('echo "ablate: {\\"step\\": 1, \\"accuracy\\": 0.$1}"\n')
    own("progress=false", "hydra.run.dir=out", "trainer.code=[go.sh]", "--", "sh", "go.sh", "{seed}")
    segments = [one.segments()[0] for one in own.trainings]
    assert sorted(str(one["python"]) for one in segments)[-1] == "None", "a shell script has none"


HERE = ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize("words", [["bash", "go.sh", "--lang"], ["./go.sh"], ["nice", "-n", "5", "bash", "go.sh"]])
def test_no_script_of_the_user_is_run_for_versions(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "go.sh").write_text("#!/bin/sh\ntouch ran\n")
    (tmp_path / "go.sh").chmod(0o755)
    assert versions.of_command([*words, "python", "{seed}"], tmp_path, []) == (None, {})
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("words", [["env", "PYTHONHASHSEED={seed}", "A=1"], ["nice", "-n", "5", "env", "-i"]])
def test_a_python_behind_launchers_is_asked(words: list[str], tmp_path: Path) -> None:
    assert training._versions((*words, sys.executable, "train.py"), tmp_path, ())[0] == HERE


def test_a_python_that_does_not_answer_ends_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "ANSWER_S", 0.3)
    (tmp_path / "python").write_text("#!/bin/sh\nsleep 60 &\necho $! > left\nwait\n")
    (tmp_path / "python").chmod(0o755)
    assert versions.of_command([str(tmp_path / "python"), "train.py"], tmp_path, []) == (None, {})
    left = int((tmp_path / "left").read_text())
    until = time.monotonic() + 5
    while psutil.pid_exists(left) and psutil.Process(left).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.01)
