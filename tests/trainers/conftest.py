import os
import sys
from pathlib import Path

import pytest
from own_command import SCRIPT, TRICKS, Program


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    for name in ("tensorflow", "keras"):
        (blocked / f"{name}.py").write_text('raise ImportError("it is blocked")\n')
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(blocked), str(root)]))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    program = Program(folder, capsys)
    program.write(train=SCRIPT, tricks=TRICKS)
    return program
