import ast
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbclient
import nbformat
import pytest

from ablate.commands import report
from ablate.errors import AblateError
from ablate.report import notebook

PARTS = ("question", "answer", "notes", "repeat")


@pytest.fixture
def sweep(sweeps) -> Path:
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10")
    return sweeps.trained(made, 10, 20)


def code(cells) -> list[str]:
    return [cell.source for cell in cells if cell.cell_type == "code"]


def test_the_committed_notebook_has_no_outputs_and_no_logic():
    cells = nbformat.read(notebook.template(), as_version=4).cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells if cell.cell_type == "code")
    for source in code(cells):
        for statement in ast.parse(source).body:
            assert isinstance(statement, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr), source
        assert not any(isinstance(node, ast.comprehension | ast.Lambda | ast.IfExp) for node in ast.walk(ast.parse(source)))
    assert [cell.metadata["tags"] for cell in cells if "tags" in cell.metadata] == [["parameters"]]


def test_it_is_executed_on_a_sweep_and_written_beside_its_report(sweep, monkeypatch, capfd):
    monkeypatch.chdir(sweep.parents[1])
    told = Path("multirun") / sweep.name
    assert report.run([str(told), "--format", "csv", "--notebook"]) == 0
    path = sweep / "report" / "report.ipynb"
    assert str(path.relative_to(sweep.parents[1])) in capfd.readouterr().out
    made = nbformat.read(path, as_version=4)
    nbformat.validate(made)
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)
    shown = {kind for cell in cells for output in cell.outputs for kind in output.get("data", {})}
    assert {"text/markdown", "text/html"} <= shown
    text = path.read_text()
    assert str(sweep.parent) not in text, "no path of this machine"
    assert "no augmentation" in str(made)
    # what a table says is what the library says
    table = notebook.Report(str(told)).table("verdicts").markdown
    assert table in [output.data.get("text/markdown") for cell in cells for output in cell.outputs if "data" in output]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_it_runs_in_our_python_and_nothing_around_it_runs_or_changes_it(sweep, monkeypatch, environment):
    above = sweep.parents[1]
    home = above / "home"
    spec = home / ".local" / "share" / "jupyter" / "kernels" / "python3"
    startup = home / ".ipython" / "profile_default" / "startup"
    for folder in (spec, startup):
        folder.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "theirs", "language": "python"}')
    for path in (startup / "00.py", home / "startup.py", above / "yaml.py", above / "pandas.py"):
        path.write_text(f"open({str(above / 'RUN')!r}, 'w').write('run')")
    monkeypatch.chdir(above)
    written = []
    for name, home_too in (("plain", {}), ("theirs", {"HOME": str(home), "PYTHONSTARTUP": str(home / "startup.py")})):
        others = {"VIRTUAL_ENV": str(above), "JUPYTER_PATH": str(home / ".local" / "share" / "jupyter")} if home_too else {}
        words = ["report", str(sweep.relative_to(above)), "--notebook", "--format", "md", "--out", name]
        done = subprocess.run(
            [sys.executable, "-m", "ablate", *words], env=environment | home_too | others, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        written.append((above / name / "report.ipynb").read_bytes())
    assert written[0] == written[1]
    assert not (above / "RUN").exists()


@pytest.mark.slow
def test_a_kernel_that_does_not_start_is_told_in_one_line(sweep, tmp_path, monkeypatch):
    monkeypatch.setattr(notebook.kernel, "START", "raise SystemExit(3)")
    with pytest.raises(AblateError, match=r"Cannot run the report notebook in .*python.*: Kernel died.* Check its ipykernel"):
        notebook.execute(str(sweep), tmp_path)
    monkeypatch.setattr(notebook.kernel, "find_spec", lambda name: None)
    with pytest.raises(AblateError, match=r"has no ipykernel\. Install it: pip install"):
        notebook.execute(str(sweep), tmp_path)
    assert not (tmp_path / "report.ipynb").exists()


@pytest.mark.slow
def test_the_notebook_is_read_as_the_report_beside_it(sweep, tmp_path, capsys):
    report.run([str(sweep), "--format", "md", "--notebook", "--at-step", "10", "--out", str(tmp_path / "out")])
    text = (tmp_path / "out" / "report.ipynb").read_text()
    assert "exploratory: changed after training (evaluated at step 10 instead of 20)" in text


def test_a_part_that_a_sweep_has_nothing_for_is_said(sweeps):
    made = sweeps.planned("lr=0.1,0.05", "seed=0", "steps=20", "eval_every=10", design="one_factor")
    shown = notebook.Report(str(sweeps.trained(made, 10, 20)))
    assert shown.table("shapley").markdown == "This sweep has no table `shapley`."
    assert shown.figure("shapley").markdown == "This sweep has no figure `shapley`."
    assert shown.search().markdown == "This sweep is no search."
    assert all(getattr(shown, part)().markdown for part in PARTS)


@pytest.mark.slow
def test_an_executed_copy_has_no_heading_and_no_cell_without_anything_under_it(sweeps, tmp_path):
    made = sweeps.planned("lr=0.1,0.05", "seed=0,1", "steps=20", "eval_every=10", design="one_factor")
    cells = nbformat.read(notebook.execute(str(sweeps.trained(made, 10, 20)), tmp_path), as_version=4).cells
    headings = [cell.source.partition("\n")[0] for cell in cells if cell.cell_type == "markdown"]
    assert "## What was compared" in headings
    assert not {"## The trials of a search", "## How factors interact"} & set(headings)
    assert not any("learning rate" in heading for heading in headings)
    assert "This sweep " not in str([cell.outputs for cell in cells if cell.cell_type == "code"])
    assert not any(one == other == "markdown" for one, other in pairwise(cell.cell_type for cell in cells))
    assert all(cell.execution_count is not None for cell in cells if cell.cell_type == "code")


@pytest.mark.slow
def test_the_notebook_as_it_is_runs_on_the_sweep_of_the_demo_beside_it(sweeps, tmp_path):
    demo = type(sweeps)(tmp_path / "demo")
    demo.trained(demo.planned("augment=on,off", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10"), 10, 20)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(notebook.template(), tmp_path / "notebooks")
    made = nbformat.read(tmp_path / "notebooks" / notebook.NAME, as_version=4)
    nbclient.NotebookClient(
        made, kernel_name="python3", resources={"metadata": {"path": str(tmp_path / "notebooks")}}
    ).execute()
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)
    assert "report demo/multirun/" in str(cells[-1].outputs)


@pytest.mark.slow
def test_papermill_executes_it_with_a_sweep_of_its_own(sweep, tmp_path, monkeypatch):
    papermill = pytest.importorskip("papermill", reason="papermill is not installed")
    monkeypatch.chdir(sweep.parents[1])
    out = tmp_path / "executed.ipynb"
    named = {"sweep": str(sweep.relative_to(sweep.parents[1]))}
    papermill.execute_notebook(str(notebook.template()), str(out), named, kernel_name="python3", progress_bar=False)
    cells = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.metadata["tags"] for cell in cells if cell.metadata.get("tags")] == [["parameters"], ["injected-parameters"]]
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)
    assert '<img alt="' in str(cells)


@pytest.mark.parametrize("here", [".", "notebooks"])
def test_a_folder_that_holds_one_sweep_is_that_sweep_and_of_several_none_is_taken(sweeps, tmp_path, monkeypatch, here):
    words = ("seed=0,1", "steps=20", "eval_every=10")
    first = sweeps.trained(sweeps.planned("lr=0.1,0.05", *words), 10, 20)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / here)
    shown = notebook.Report("multirun")
    assert list(shown.analysis.results.factors) == ["lr"]
    assert shown.repeat().markdown.endswith(f"report multirun/{first.name}\n```")
    second = sweeps.trained(sweeps.planned("ema=on,off", *words), 10, 20)
    names = ", ".join(sorted([first.name, second.name]))
    with pytest.raises(AblateError, match=f"multirun must hold one sweep, got 2: {names}. Name one"):
        notebook.Report("multirun").question()


def test_without_what_executes_notebooks_it_says_what_to_install(sweep):
    program = (
        "import sys; sys.modules['nbclient'] = None\n"
        "from pathlib import Path\n"
        "from ablate.errors import AblateError\n"
        "from ablate.report import notebook\n"
        "try:\n    notebook.execute(sys.argv[1], Path(sys.argv[1]))\n"
        "except AblateError as error:\n    print(error)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(sweep)], check=True, capture_output=True, text=True)
    assert "pip install 'ablate-tf[notebook]'" in ended.stdout


def test_a_cell_that_fails_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AblateError, match=r"A cell of .*report\.ipynb fails on nowhere: AblateError"):
        notebook.execute("nowhere", tmp_path)
    assert not (tmp_path / "report.ipynb").exists()
