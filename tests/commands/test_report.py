import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ablate import app, config, plan, results
from ablate.commands import report
from ablate.errors import AblateError
from ablate.results import tables
from ablate.store import Trajectory, write_json

FILES = ("runs.csv", "evaluations.csv", "seeds.csv", "arms.csv", "table.md", "figures/accuracy.png", "figures/accuracy.svg")


def planned(design: str, *words: str, **more) -> plan.Plan:
    words = ("data=digits", "steps=20", "eval_every=10", *words, "seed=0,1")
    return plan.make(plan.parse(OverridesParser.create().parse_overrides(list(words))), design, config.compose, **more)


@pytest.fixture(scope="module")
def made() -> plan.Plan:
    return planned("factorial", "augment=on,off", "ema=on,off")


@pytest.fixture
def sweep(made, tmp_path) -> Path:
    return filled(made, tmp_path)


def filled(made: plan.Plan, tmp_path: Path) -> Path:
    """A sweep of four arms and two seeds whose last run is missing."""
    folder = tmp_path / "multirun" / made.name
    write_json(folder / plan.SWEEP, made.to_json())
    for run in made.runs[:-1]:
        trajectory = Trajectory(tmp_path / made.store, run.trajectory.fingerprint)
        for step in (10, 20) if not trajectory.rows() else ():
            part = step / 100 + run.seed / 1000 + (run.arm > 1) / 10
            scores = {f"accuracy_{name}": part + gain for name, gain in (("raw", 0.5), ("averaged", 0.6))}
            losses = {"eval_loss_raw": 1.0, "eval_loss_averaged": 0.9, "loss": 1.5}
            row = {"step": step, "epoch": step / 8, **scores, **losses, "lr": 0.1}
            classes = {"raw": np.arange(4), "averaged": np.arange(4)}
            trajectory.add_evaluation(row | {"seconds": 1.0, "examples_per_second": 500.0}, classes)
        recipe = run.recipe.model_copy(update={"store": tmp_path / made.store})
        write_json(folder / str(run.number) / app.RESULT, app.read(replace(run, recipe=recipe).recipe, trajectory))
    return folder


def test_it_writes_all_files_and_returns_their_paths(sweep, capsys):
    paths = report.write(sweep)
    assert paths == [sweep / "report" / name for name in FILES]
    assert all(path.stat().st_size for path in paths)
    assert sorted(path for path in (sweep / "report").rglob("*") if path.is_file()) == sorted(paths)


def test_the_files_hold_the_frames(sweep, capsys):
    report.write(sweep)
    loaded, out = results.load(sweep), sweep / "report"
    runs = pd.read_csv(out / "runs.csv")
    assert list(runs.columns) == [name for name in loaded.runs.columns if name != "trajectory"]
    assert runs["status"].tolist() == ["done"] * 7 + ["missing"]
    assert runs["accuracy"].tolist()[:7] == pytest.approx(loaded.runs["accuracy"].tolist()[:7])
    assert len(pd.read_csv(out / "evaluations.csv")) == len(loaded.evaluations) == 16
    arms = tables.arms(loaded)
    assert pd.read_csv(out / "arms.csv")["difference"].tolist()[1:] == pytest.approx(arms["difference"].tolist()[1:])
    seeds = pd.read_csv(out / "seeds.csv")
    assert seeds["seed_1"].isna().tolist() == [False, False, False, True]
    table = (out / "table.md").read_text()
    assert table.startswith(tables.markdown(tables.shown(arms, "factorial")))
    assert tables.compared(loaded) in table
    assert str(sweep) not in table


def test_it_prints_the_table_whole_into_a_pipe_and_where_it_lies(sweep, capsys):
    assert report.run([str(sweep)]) == 0
    printed = capsys.readouterr().out
    for shown in ("baseline (augment: on, ema: on)", "augment: on → off, ema: on → off", "1 missing", "examples/s", "−10.00"):
        assert shown in printed
    assert "sd over seeds" in printed
    assert "…" not in printed
    for name in ("table.md", "figures/accuracy.png", "figures/accuracy.svg"):
        assert f"{sweep / 'report' / name}\n" in printed


def test_out_names_another_folder(sweep, tmp_path, capsys):
    assert report.run([str(sweep), "--out", str(tmp_path / "paper")]) == 0
    assert all((tmp_path / "paper" / name).is_file() for name in FILES)
    assert not (sweep / "report").exists()


def test_it_says_where_it_looked_for_trajectories_that_are_gone(sweep, made, tmp_path, capsys):
    (tmp_path / made.store).rename(tmp_path / "elsewhere")
    report.write(sweep)
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("no trajectory of this sweep")]
    assert "runs" in line
    assert str(tmp_path) in line
    assert str(tmp_path) not in (sweep / "report" / "table.md").read_text()
    assert len(pd.read_csv(sweep / "report" / "evaluations.csv")) == 0


def test_a_sweep_of_which_nothing_ran_is_reported(sweep, capsys):
    for path in sweep.glob("*/result.json"):
        path.unlink()
    report.write(sweep)
    assert "8 missing" in (sweep / "report" / "table.md").read_text()


def test_a_fraction_is_reported_by_its_effects(tmp_path, capsys):
    sweep = filled(planned("fractional", "augment=on,off", "ema=on,off", "lrn=on,off", resolution=3), tmp_path)
    paths = report.write(sweep)
    assert sweep / "report" / "effects.csv" in paths
    effects = pd.read_csv(sweep / "report" / "effects.csv")
    assert effects["effect"].tolist() == ["augment: on → off", "ema: on → off", "lrn: on → off"]
    assert effects["points"].tolist() == pytest.approx([10, -10, 0])
    assert effects["n"].tolist() == [1, 1, 1]  # of the other seed a run is missing
    printed, table = capsys.readouterr().out, (sweep / "report" / "table.md").read_text()
    loaded = results.load(sweep)
    frame = tables.effects(loaded)
    assert table.endswith("\n\n" + tables.markdown(tables.shown_effects(frame)) + table[table.rindex("|\n") + 2 :])
    for line in ("augment: on → off − ema x lrn", *tables.about_effects(loaded, frame)):
        assert line in printed
        assert line in table
    assert "vs baseline" not in printed


def test_as_json_it_is_one_object_of_the_same_numbers(sweep, capsys):
    assert report.run([str(sweep), "--json"]) == 0
    printed, told = capsys.readouterr()
    found = json.loads(printed, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert told == ""
    assert list(found) == ["name", "arms", "notes", "files"]
    assert found["name"] == sweep.name
    assert found["files"] == [str(sweep / "report" / name) for name in FILES]
    assert all(Path(path).is_file() for path in found["files"])
    arms = tables.arms(results.load(sweep))
    assert [list(arm) for arm in found["arms"]] == [list(arms.columns)] * 4
    assert [arm["accuracy"] for arm in found["arms"]] == arms["accuracy"].tolist()
    assert [arm["against"] for arm in found["arms"]] == [None, 0, 0, 0]
    assert found["arms"][3]["sd"] is None  # of one seed
    assert type(found["arms"][0]["parameters"]) is int
    assert tables.compared(results.load(sweep)) in found["notes"]


def test_as_json_a_fraction_has_its_effects(tmp_path, capsys):
    sweep = filled(planned("fractional", "augment=on,off", "ema=on,off", "lrn=on,off", resolution=3), tmp_path)
    report.run([str(sweep), "--json", "--out", str(tmp_path / "paper")])
    found = json.loads(capsys.readouterr().out)
    assert [effect["effect"] for effect in found["effects"]] == ["augment: on → off", "ema: on → off", "lrn: on → off"]
    assert [effect["sd"] for effect in found["effects"]] == [None] * 3
    assert any("contrast of means" in note for note in found["notes"])
    assert str(tmp_path / "paper" / "effects.csv") in found["files"]


def test_as_json_it_says_where_it_looked_for_trajectories_that_are_gone(sweep, made, tmp_path, capsys):
    (tmp_path / made.store).rename(tmp_path / "elsewhere")
    report.run([str(sweep), "--json"])
    assert any(note.startswith("no trajectory of this sweep") for note in json.loads(capsys.readouterr().out)["notes"])


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(AblateError, match="Expected the folder of a sweep"):
        report.run([str(tmp_path)])


@pytest.mark.parametrize("words", [[], ["a", "b"], ["--nothing"]])
def test_wrong_usage_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as end:
        report.run(words)
    assert end.value.code == 2
    assert "ablate report" in capsys.readouterr().err


def probed(*words: str) -> tuple[list[str], float]:
    """The heavy packages that the command imports, and its seconds."""
    program = (
        "import json, sys\n"
        "from ablate.commands import report\n"
        "try:\n    report.run(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'matplotlib', 'hydra'} & set(sys.modules)\n"
        "print(json.dumps([sorted(heavy), 'matplotlib.pyplot' in sys.modules]))"
    )
    started = time.perf_counter()
    ended = subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True, text=True)
    heavy, pyplot = json.loads(ended.stdout.splitlines()[-1])
    assert not pyplot
    return heavy, time.perf_counter() - started


def test_help_imports_nothing_heavy():
    heavy, seconds = probed("--help")
    assert heavy == []
    assert seconds < 1.5


def test_reporting_needs_no_tensorflow(sweep):
    heavy, _ = probed(str(sweep))
    assert heavy == ["hydra", "matplotlib", "pandas"]
