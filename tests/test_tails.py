"""Values that are means of the last evaluations, as a user asks for them and reads them."""

import csv
import json
import shutil
import statistics
from pathlib import Path
from typing import Any

import pytest

SWEEP = ("-m", "ema=on,off", "seed=0,1", "steps=100", "eval_every=50", "workers=1")  # four runs on two trainings
TAIL = [97, 98, 99, 100]  # of the 5 that 100 steps have room for, 4 are a tenth of what the training takes


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, programs: Any) -> tuple[Path, str]:
    """(a folder in which the sweep was done once, what it said); without the word that reads one evaluation elsewhere."""
    program = programs(tmp_path_factory.mktemp("done"))
    program.base.remove("readout.last=1")
    return program.folder, program(*SWEEP)[1]


@pytest.fixture
def usual(done: tuple[Path, str], tmp_path: Path, programs: Any) -> Any:
    """A program in a copy of that folder."""
    shutil.copytree(done[0], tmp_path / "copy")
    program = programs(tmp_path / "copy")
    program.base.remove("readout.last=1")
    return program


def rows(trajectory: Path) -> dict[int, dict[str, Any]]:
    return {row["step"]: row for row in map(json.loads, (trajectory / "metrics.jsonl").read_text().splitlines())}


def test_a_sweep_reads_and_reports_the_mean_of_its_tail(usual: Any, done: tuple[Path, str]) -> None:
    [folder] = usual.folder.glob("multirun/*")
    sweep = json.loads((folder / "sweep.json").read_text())
    assert [run["readout"] for run in sweep["runs"]] == [
        {"weights": weights, "step": 100, "last": 4} for weights in ("averaged", "raw") * 2
    ]
    assert "last" not in sweep, "the command asks for no number"
    for run, result in zip(sweep["runs"], usual.results(), strict=True):
        found = rows(usual.folder / "runs" / run["fingerprint"])
        assert list(found) == [50, *TAIL]
        mean = statistics.fmean(found[step][f"accuracy_{run['readout']['weights']}"] for step in TAIL)
        assert result["accuracy"] == pytest.approx(mean, abs=1e-12)
        assert (result["step"], result["readout"]["last"]) == (100, 4)
    with (folder / "report" / "runs.csv").open() as file:
        reported = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in reported] == pytest.approx([result["accuracy"] for result in usual.results()])
    assert [row["evaluations"] for row in reported] == ["4"] * 4
    out, _ = usual.command("report", folder.name, "--explain")
    assert "Accuracy on the test set (mean of 4 evaluations, steps 97 to 100);" in out
    assert "all done already" in usual(*SWEEP)[1], "the same command trains nothing"
    alone, _ = usual("seed=0", "steps=100", "eval_every=50")
    assert f"accuracy {100 * usual.results()[0]['accuracy']:.2f}% on the test set (mean of 4 evaluations" in alone


@pytest.mark.slow
def test_what_was_read_once_is_read_more_often_without_new_trainings(program: Any) -> None:
    program(*SWEEP)
    program.base.remove("readout.last=1")
    once = program.trajectories()
    before = [rows(path)[100] for path in once]
    plan, _ = program.command("plan", *program.base, *SWEEP[1:], "--explain")
    assert "2 trainings done earlier lack some of these evaluations, so 100 steps of what is to do are trained again" in plan
    program(*SWEEP)
    assert program.trajectories() == once
    assert [rows(path)[100] for path in once] == before
    assert all(set(TAIL) <= set(rows(path)) for path in once)
    assert len(list((program.folder / "multirun").iterdir())) == 2, "what a command asks for by name is another sweep"


@pytest.mark.slow
def test_a_folder_keeps_the_number_that_was_fixed_before_training(usual: Any) -> None:
    _, err = usual(*SWEEP, "readout.last=2", "hydra.sweep.dir=another")
    assert "done earlier" not in err, "they have these evaluations"
    [folder] = usual.folder.glob("multirun/*")
    file = folder / "sweep.json"
    content = json.loads(file.read_text())
    for run in content["runs"]:
        del run["readout"]["last"]  # as an earlier version wrote it, without its checksum
    del content["check"]
    file.write_text(json.dumps(content))
    for result in folder.glob("*/result.json"):
        result.unlink()
    _, err = usual(*SWEEP)
    assert "this sweep keeps readout.last=1, fixed before training; readout.last=4 on the command starts a new one" in err
    for result, run in zip(usual.results(), content["runs"], strict=True):
        row = rows(usual.folder / "runs" / run["fingerprint"])[100]
        assert result["accuracy"] == row[f"accuracy_{run['readout']['weights']}"]


@pytest.mark.slow
def test_a_pack_has_the_predictions_of_the_tail(usual: Any) -> None:
    [folder] = usual.folder.glob("multirun/*")
    told = (folder / "report" / "classes.csv").read_text()
    usual.command("runs", "pack", folder.name, "--out", "sweep.tar.gz")
    usual.command("runs", "unpack", "sweep.tar.gz", "--store", "there/runs", "--to", "there/multirun")
    [unpacked] = usual.folder.glob("there/multirun/*")
    steps = {path.stem for path in usual.folder.glob("there/runs/*/predictions/*.npz")}
    assert steps == {str(step) for step in TAIL}
    usual.command("report", str(unpacked))
    assert (unpacked / "report" / "classes.csv").read_text() == told


@pytest.mark.parametrize("value", ["0", "x"])
def test_a_number_of_evaluations_that_is_none_is_refused(usual: Any, value: str) -> None:
    _, err = usual("seed=0", f"readout.last={value}", status=1)
    assert "readout.last must be" in err
