"""Several metrics of training code of one's own, one of them judged and the others beside it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from own_command import QUICK, Program

import ablate
from ablate.exchange import judge
from ablate.report import repeat
from ablate.results.question import ask
from ablate.store import sweep_file

METRICS: list[dict[str, Any]] = [
    {"name": "bleu", "better": "higher", "unit": "points", "margin": 1.5},
    {"name": "loss", "margin": 0.25},
    {"name": "error", "high": 100},
]
QUIET: dict[str, Any] = {"workers": 0, "formats": [], "progress": False}


def train(config: dict[str, Any], seed: int, log: Callable[..., None]) -> None:
    for step in (1, 2):
        log(step, bleu=30 + 2 * config["trick"] + seed % 3, loss=1.5 - config["trick"] + seed / 10, error=20 / step)


def test_a_function_is_judged_by_the_first_and_has_the_others_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = ablate.sweep(train, {"trick": [False, True]}, seeds=range(3), metrics=METRICS, **QUIET)
    runs = found.runs.sort_values(["arm", "seed"])
    assert runs["bleu"].tolist() == [30, 31, 32, 32, 33, 34]
    assert runs["loss"].round(2).tolist() == [1.5, 1.6, 1.7, 0.5, 0.6, 0.7]
    assert found.runs["error_rate"].tolist() == [0.1] * 6
    assert found.runs["error"].isna().all(), "nothing has failed"
    assert found.evaluations["error_rate"].tolist() == [0.2, 0.1] * 6
    asked = [ask(found, metric=metric)[1] for metric in (None, "loss", "error_rate")]
    assert [(one.metric.name, one.margin, one.exploratory) for one in asked] == [
        ("bleu", 1.5, False),
        ("loss", 0.25, True),
        ("error_rate", None, True),
    ]


@pytest.mark.slow
def test_the_call_that_repeats_it_has_the_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = ablate.sweep(train, {"trick": [False, True]}, seeds=range(3), metrics=METRICS, **QUIET)
    [folder] = (tmp_path / "multirun").iterdir()
    again = repeat.commands(sweep_file.read(folder).sweep, str(folder))[0]  # type: ignore[union-attr]
    assert eval(again, {"ablate": ablate, "train": train}).runs["loss"].equals(found.runs["loss"])
    assert len([*(tmp_path / "runs").glob("*/metrics.jsonl")]) == 6
    by_loss = ablate.sweep(train, {"trick": [False, True]}, seeds=range(3), metrics=METRICS, metric="loss", **QUIET)
    assert ask(by_loss)[1].margin == 0.25
    assert by_loss.runs["bleu"].tolist() == found.runs["bleu"].tolist()


def error_of(config: dict[str, Any], seed: int) -> dict[str, float]:
    return {"error": 0.2 - 0.1 * config["trick"] + seed / 100}


def test_error_is_a_metric_though_a_run_may_have_another_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = ablate.sweep(error_of, {"trick": [False, True]}, seeds=range(3), metric="error", margin=0.5, **QUIET)
    runs = found.runs.sort_values(["arm", "seed"])
    assert runs["error_rate"].round(2).tolist() == [0.2, 0.21, 0.22, 0.1, 0.11, 0.12]
    assert found.verdicts["points"].round(1).tolist() == [-10.0]
    table = {"trick": ["off", "off", "on", "on"], "seed": [0, 1, 0, 1], "error": [0.2, 0.22, 0.1, 0.11]}
    judged = judge(table, ["trick"], metric="error", baseline={"trick": "off"})
    assert judged.runs["error_rate"].tolist() == table["error"]


SCRIPT = "import sys\nfrom ablate import log\nlog(1, bleu=3 + float(sys.argv[2]) + int(sys.argv[1]), loss=int(sys.argv[1]))\n"
STUDY = """# @package _global_
defaults:
  - override /trainer: command
design: one_factor
trainer:
  command: [python, own.py, "{seed}", "{trick}"]
metrics:
  - name: bleu
    better: higher
    unit: points
    margin: 0.5
  - name: loss
hydra:
  sweeper:
    params:
      trick: "0,1"
      seed: 0,1
"""


@pytest.mark.slow
def test_a_command_and_a_study_may_list_metrics(own: Program) -> None:
    own.write(own=SCRIPT)
    (own.folder / "my" / "study").mkdir(parents=True)
    (own.folder / "my" / "study" / "two.yaml").write_text(STUDY)
    own("-cd", "my", "-m", "study=two", *QUICK)
    content = json.loads((own.sweep / "sweep.json").read_text())
    assert content["metric"]["name"] == "bleu"
    assert [(one["name"], one["margin"]) for one in content["metrics"]] == [("loss", None)]
    assert content["fixed"]["margin"] == 0.5
    head, *rows = (own.sweep / "report" / "runs.csv").read_text().splitlines()
    assert {"bleu", "loss"} <= {*head.split(",")}
    assert len(rows) == 4
    told = own("report", "--metric", "loss", "--format", "csv")
    assert "changed after training (metric loss instead of bleu)" in told
    told = own("report", "--metric", "f1", status=1)
    assert "Unknown metric 'f1'. Choose from bleu, loss." in told
    listed = "metrics=[{name:bleu,better:higher,unit:points,margin:0.5},{name:loss}]"
    command = ("--", "python", "own.py", "{seed}", "{trick}")
    assert "all done already" in own("-m", "design=one_factor", listed, "trick=0,1", "seed=0,1", *QUICK, *command)
