"""A project with a training script of its own, on which `ablate` is run as a command's."""

import subprocess
import sys
from pathlib import Path

import pytest
from program import printed_by

from ablate.store import Trajectory

SCRIPT = """
import argparse
import os
import pathlib
import time

from ablate import log
from tricks import gain

parser = argparse.ArgumentParser()
for name in ("--trick", "--lr", "--out", "--slow"):
    parser.add_argument(name)
parser.add_argument("--seed", type=int)
given = parser.parse_args()
state = pathlib.Path(given.out) / "state"
begun = int(state.read_text()) if os.environ.get("ABLATE_RESUME") and state.exists() else 0
for step in range(begun + 10, 50, 10):
    log(step, accuracy=0.5 + gain(given.trick) + float(given.lr) + (7 * given.seed + step) % 5 / 1000, loss=1 / step)
    state.write_text(str(step))
    time.sleep(float(given.slow or 0))
"""
TRICKS = """
def gain(trick):
    return 0.1 * (trick == "on")
"""
COMMAND = ("--", "python", "train.py", "--trick={trick}", "--lr", "{lr}", "--seed", "{seed}", "--out", "{dir}")
QUICK = ("workers=2", "progress=false", "report.formats=[csv]")
SWEEP = ("design=one_factor", "trick=off,on", "lr=0.10,5e-2", "seed=0,1", *QUICK)


class Program:
    """Runs `python -m ablate` in a folder with a script, here or in a process of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        """What it prints."""
        return printed_by(self.capsys, *words, status=status)

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start it in a process of its own."""
        return subprocess.Popen([sys.executable, "-m", "ablate", *words], cwd=self.folder, stderr=subprocess.DEVNULL)

    def write(self, **files: str) -> None:
        """Python files of the folder, by module."""
        for name, content in files.items():
            (self.folder / f"{name}.py").write_text(content)

    def script(self, body: str, *words: str, status: int = 0) -> str:
        """What is printed where a script with this body is run alone, with `log` and its seed."""
        self.write(own=f"import os, sys\nfrom ablate import log\nseed = int(sys.argv[1])\n{body}\n")
        return self("progress=false", "hydra.run.dir=out", *words, "--", "python", "own.py", "{seed}", "{dir}", status=status)

    @property
    def trainings(self) -> list[Trajectory]:
        folders = (path for path in (self.folder / "runs").iterdir() if path.is_dir() and not path.name.startswith("."))
        return [Trajectory(self.folder / "runs", path.name) for path in sorted(folders)]

    @property
    def sweep(self) -> Path:
        [folder] = (self.folder / "multirun").iterdir()
        return folder
