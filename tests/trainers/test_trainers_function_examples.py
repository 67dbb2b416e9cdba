"""What docs/ shows of sweeps over Python functions does what it says."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ablate.results import load
from ablate.system import sources

ROOT = Path(__file__).parents[2]
SCRIPT, NOTEBOOK = ROOT / "docs" / "examples" / "function.py", ROOT / "docs" / "examples" / "function.ipynb"


def function(text: str) -> str:
    """The digest of the function that is trained."""
    return next(sources.digest_of(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))


def test_page_script_and_notebook_have_one_function() -> None:
    blocks = re.findall(r"```py\n(.*?)```", (ROOT / "docs" / "own-code.md").read_text(), re.DOTALL)
    [block] = [block for block in blocks if "def train(config, seed, log):" in block]
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    code = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert len({function(text) for text in (block, SCRIPT.read_text(), code)}) == 1


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """That of a reader who cannot import TensorFlow."""
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    for name in ("tensorflow", "keras"):
        (blocked / f"{name}.py").write_text('raise ImportError("it is blocked")\n')
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(blocked), str(ROOT)]))
    monkeypatch.chdir(tmp_path)
    return dict(os.environ)


def verdicts(folder: Path) -> dict[str, str]:
    [sweep] = (folder / "multirun").iterdir()
    found = load(sweep).verdicts
    return dict(zip(found["override"], map(str, found["verdict"]), strict=True))


@pytest.mark.slow
def test_the_script_runs(tmp_path: Path, environment: dict[str, str]) -> None:
    shutil.copy(SCRIPT, tmp_path)
    done = subprocess.run([sys.executable, "function.py"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert verdicts(tmp_path)["average=true"] == "helps", done.stdout
    assert (next((tmp_path / "multirun").iterdir()) / "report" / "index.html").exists()


@pytest.mark.slow
def test_the_notebook_runs_and_prints_how_it_goes(tmp_path: Path, environment: dict[str, str]) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = notebook.cells[-1].outputs
    printed = "".join(each.get("text", "") for each in outputs)
    assert "40 runs (4 arms × 10 seeds)" in printed
    assert "40/40 trainings" in printed
    kinds = {kind for each in outputs for kind in each.get("data", {})}
    assert kinds == {"text/plain", "text/html"}, "and no widget"
    assert verdicts(tmp_path)["average=true"] == "helps"
