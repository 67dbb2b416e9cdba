"""A command of one's own through all that there is, as small Python scripts; TensorFlow cannot be imported."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from own_command import COMMAND, QUICK, SWEEP, TRICKS, Program

from ablate import log
from ablate.report import repeat
from ablate.store import sweep_file


@pytest.mark.slow
def test_plan_sweep_again_report_more_and_the_command_that_repeats_it(own: Program) -> None:
    told = own("plan", *SWEEP, *COMMAND)
    assert "every arm: part of each training: train.py, tricks.py" in told
    assert "lr 0.10 → 5e-2" in told
    told = own("-m", *SWEEP, *COMMAND)
    assert "6 runs (3 arms × 2 seeds) from 6 trainings; 6 left to train\n" in told
    content = json.loads((own.sweep / "sweep.json").read_text())
    assert (content["trainer"], content["factors"]) == ("command", {"trick": ["off", "on"], "lr": ["0.10", "5e-2"]})
    assert content["fixed"]["margin"] is None
    assert "all done already" in own("-m", *SWEEP, *COMMAND)
    assert "all done already" in own("-m", "one_factor", "report.formats=[]")
    assert "complete · 6/6 trainings" in own("status")
    told = own("report", "--format", "csv", "--explain")
    assert "With trick: inconclusive, because all 2 seeds give the same difference (+10.00 pp)" in told
    assert "accuracy on the evaluation set at the end of training" in told.lower()
    assert "Added: 1 seed (2), 3 runs" in own("more", "one_factor", "--seeds", "1", "--set", *QUICK[1:])
    assert "Added: 1 arm (lr: 0.10 → 1e-1) with 3 seeds" in own("more", "one_factor", "--arms", "lr=1e-1", "--set", *QUICK[1:])
    command, *_ = repeat.commands(sweep_file.read(own.sweep).sweep, f"multirun/{own.sweep.name}")  # type: ignore[union-attr]
    assert command.endswith("-- python train.py '--trick={trick}' --lr '{lr}' --seed '{seed}' --out '{dir}'")
    words = shlex.split(command.removeprefix("python -m ablate "))
    assert "(4 arms × 3 seeds)" in own("plan", "--explain", *words)
    assert "0 damaged" in own("runs", "verify")
    rows = own.trainings[0].rows()
    assert [row["step"] for row in rows] == [10, 20, 30, 40]
    assert set(rows[0]) == {"step", "accuracy", "loss", "seconds"}


def test_what_it_runs_is_part_of_what_is_trained(own: Program) -> None:
    words = ("trick=off", "lr=0.1", "progress=false", "hydra.run.dir=out", *COMMAND)
    assert "accuracy 60.00% on the evaluation set at step 40" in own(*words)
    own.write(tricks=f"# another comment\n{TRICKS}")
    assert "nothing to train" in own(*words)
    own.write(tricks=TRICKS.replace("0.1", "0.2"))
    assert "nothing to train" not in own(*words)
    assert len(own.trainings) == 2


def test_nothing_more_starts_once_a_file_has_changed(own: Program) -> None:
    own.write(change="import sys\nfrom ablate import log\nopen('change.py', 'a').write('x = 1\\n')\nlog(1, accuracy=0.5)\n")
    told = own("-m", "workers=1", "seed=0,1,2", "report.formats=[]", "--", "python", "change.py", "{seed}", status=1)
    assert "change.py changed after planning, so no more trainings start. Rerun the command." in told
    assert sum(bool(one.rows()) for one in own.trainings) == 1


TYPED = (
    "1e-3",
    "true",
    "0.10",
    "null",
    "a b",
    "$HOME",
    "it's",
    "ü",
    "",
    "a,b",
    "${x}",
    '"',
    "\\",
    "x\\",
    "[1]",
    "-1",
    "{y}",
    "010",
)
SHOW = """
import json
import os
import sys
from ablate import log
with open(os.path.join(sys.argv[2], "values.json"), "w") as stream:
    json.dump([*sys.argv[3:], os.environ["ABLATE_V"]], stream)
log(1, accuracy=0.5)
"""


def shown(own: Program) -> set[tuple[str, ...]]:
    return {tuple(json.loads((one.path / "work" / "values.json").read_text())) for one in own.trainings}


@pytest.mark.slow
def test_values_arrive_as_typed(own: Program) -> None:
    own.write(show=SHOW)
    given = ",".join('"a,b"' if value == "a,b" else value for value in TYPED)
    literal = ("it's", "$HOME", "a  b", "", "{{v}", "{ }", "a,b", "x=1", '"', "\\", "ü", "--", "line\nbreak")
    told = own(
        "-m", f"v={given}", "report.formats=[]", "workers=2", "--", "python", "show.py", "{seed}", "{dir}", "{v}", *literal
    )
    assert f"{len(TYPED)} runs" in told
    passed = tuple("{v}" if word == "{{v}" else word for word in literal)
    expected = {(value, *passed, value) for value in TYPED}
    assert shown(own) == expected
    command, *_ = repeat.commands(sweep_file.read(own.sweep).sweep, str(own.sweep))  # type: ignore[union-attr]
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {command.removeprefix('python -m ablate ')}"], capture_output=True, check=True
    ).stdout.decode()
    assert "all done already" in own(*words.split("\0")[:-1])


@pytest.mark.slow
def test_values_arrive_as_typed_on_resume(own: Program) -> None:
    dies = (
        'if "ABLATE_RESUME" not in os.environ:\n    os.rename(f"{sys.argv[2]}/values.json", "before.json")\n'
        "    os.kill(os.getpid(), 9)\n"
    )
    own.write(show=SHOW.replace("log(1", f"{dies}log(1"))
    given = ",".join('"a,b"' if value == "a,b" else value for value in TYPED)
    words = ("retries=0", "trainer.resume=own", "report.formats=[]", "workers=2", "progress=false")
    own("-m", f"v={given}", *words, "--", "python", "show.py", "{seed}", "{dir}", "{v}", "a  b", "$HOME", status=1)
    assert not any((one.path / "work" / "values.json").exists() for one in own.trainings)
    own("-m", own.sweep.name)
    assert shown(own) == {(value, "a  b", "$HOME", value) for value in TYPED}


def begun(own: Program, *more: str) -> "subprocess.Popen[bytes]":
    """A slow sweep, in a process of its own, that has an evaluation."""
    running = own.start("-m", "trick=off", "lr=0.1", "seed=0,1", *QUICK, *more, *COMMAND, "--slow", "0.3")
    until = time.monotonic() + 60
    while time.monotonic() < until and not any((own.folder / "runs").glob("*/metrics.jsonl")):
        time.sleep(0.05)
    return running


@pytest.mark.slow
@pytest.mark.parametrize("resume", ["never", "own"])
def test_a_sweep_that_is_interrupted_or_killed_ends_as_one_that_never_was(own: Program, resume: str) -> None:
    more = (f"trainer.resume={resume}",)
    for number, ends in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        running = begun(own, *more)
        commands = psutil.Process(running.pid).children(recursive=True)
        for one in commands if number == signal.SIGKILL else ():
            one.send_signal(number)
        running.send_signal(number)
        assert running.wait(60) == ends
        _, alive = psutil.wait_procs(commands, timeout=10)
        assert not alive, "the command ends with the program"
    own("-m", "trick=off", "lr=0.1", "seed=0,1", *QUICK, *more, *COMMAND, "--slow", "0.3")
    for one in own.trainings:
        assert [row["step"] for row in one.rows()] == [10, 20, 30, 40]
    went_on = any(segment["from_step"] for one in own.trainings for segment in one.segments())
    assert went_on == (resume == "own"), "an own one goes on, any other begins again"


ENDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "status": ("print('so far'); sys.exit(3)", (), "The command ended with status 3. Its last lines: so far ("),
    "error": ("raise ValueError('no')", (), "ValueError: no ("),
    "signal": ("os.kill(os.getpid(), 15)", (), "The command was killed by SIGTERM."),
    "time": ("import time; time.sleep(60)", ("trainer.timeout=0.3",), "took longer than trainer.timeout=0.3 seconds."),
    "no rows": ("pass", (), "The command ended with no evaluation logged. It printed nothing ("),
    "order": ("log(2, accuracy=0.1); log(1, accuracy=0.1)", (), "Step 1 came after step 2. Steps must increase."),
    "twice": ("log(2, accuracy=0.1); log(2, accuracy=0.1)", (), "Step 2 was logged twice. Steps must increase."),
    "NaN": ("log(3, accuracy=float('nan'))", (), "The run diverged: accuracy at step 3 was nan."),
    "another": (
        "log(1, acc=0.1)",
        (),
        "A row has no accuracy, only acc. Log it, or name what to judge by: metric=acc.",
    ),
    "percent": ("log(1, accuracy=91)", (), "accuracy must be from 0 to 1, got 91. For percentages, give metric.high=100."),
    "loss in text": ("log(1, accuracy=0.5, loss='low')", (), "could not convert string to float: 'low' ("),
    "no number": ('print(\'ablate: {"step": 1, "accuracy": "high"}\')', (), "A row has no accuracy."),
    "half a step": ("log(0.5, accuracy=0.5)", (), "step must be a whole number from 0, got 0.5."),
    "list": ("print('ablate: [1, 2]')", (), "Its output has an invalid row: '[1, 2]'. Write {"),
    "no file": ("pass", ("trainer.read=h.csv",), "The command ended with no evaluation in h.csv. It printed nothing ("),
    "no table": (
        "open(sys.argv[2] + '/h.json', 'w').write('{}')",
        ("trainer.read=h.json",),
        "h.json has no list of rows, nor one in log_history.",
    ),
    "no JSON file": ("open(sys.argv[2] + '/h.json', 'w').write('{')", ("trainer.read=h.json",), "h.json is not JSON."),
    "no UTF-8": ("open(sys.argv[2] + '/h.csv', 'wb').write(bytes([255]))", ("trainer.read=h.csv",), "h.csv is not UTF-8."),
    "a known metric out of bounds": (
        "log(1, bleu=3, f1=7)",
        ("metrics=[{name:bleu,better:higher},{name:f1}]",),
        "f1 must be from 0 to 1, got 7.",
    ),
    "no JSON": ("print('ablate: 0.5')", (), "Its output has an invalid row: '0.5'. Write {"),
    "no step": ("print('ablate: {\"accuracy\": 0.5}')", (), "A row has no step, only accuracy. Log step with each row."),
}


FAST = ("status", "percent")


@pytest.mark.parametrize("case", [pytest.param(case, marks=() if case in FAST else pytest.mark.slow) for case in ENDS])
def test_ends_are_told_apart_in_one_line(own: Program, case: str) -> None:
    body, words, told = ENDS[case]
    printed = own.script(body, *words, status=1).strip().splitlines()
    assert told in printed[-1]
    assert printed[-1].startswith("ablate: ")


@pytest.mark.slow
def test_rows_come_in_the_ways_that_there_are(own: Program) -> None:
    assert "accuracy 25.00% on" in own.script('print(\'ablate: {"step": 1, "accuracy": 0.25}\')')
    assert "accuracy 91.50% on" in own.script("log(1, accuracy=91.5)", "metric.high=100")
    assert "f1 0.5 on" in own.script("log(1, f1=0.5, accuracy=91)", "metric=f1")
    assert "bleu 31 on" in own.script("log(1, bleu=31)", "metric=bleu", "metric.better=higher")
    assert "loss 0.25 on" in own.script("log(1, loss=0.25, accuracy=7)", "metric=loss")
    keras = "open(sys.argv[2] + '/h.csv', 'w').write('epoch,val_accuracy,loss\\n0,,2\\n1,0.5,1.5\\n2,0.75,1\\n')"
    assert "val_accuracy 0.75 on" in own.script(keras, "metric=val_accuracy", "trainer.read=h.csv", "trainer.step=epoch")
    trainer = (
        "import json; rows = [{'step': 5, 'loss': 2}, {'step': 5, 'eval_f1': 0.5}, {'step': 9, 'eval_f1': 0.6}]; "
        "json.dump({'log_history': rows}, open(sys.argv[2] + '/trainer_state.json', 'w'))"
    )
    assert "eval_f1 0.6 on" in own.script(trainer, "metric=eval_f1", "trainer.read=trainer_state.json")
    told = own.script(trainer, "metric=eval_f2", "metric.better=higher", "trainer.read=trainer_state.json", status=1)
    assert "No row has eval_f2, only loss, eval_f1." in told


def test_another_metric_is_another_training_so_that_its_values_are_scaled(own: Program) -> None:
    body = "log(1, f1=60, val_acc=50)"
    assert "f1 0.6 on" in own.script(body, "metric=f1", "metric.high=100")
    assert "val_acc 0.5 on" in own.script(body, "metric=val_acc", "metric.high=100")


@pytest.mark.slow
def test_values_by_the_environment_and_a_shell_script(own: Program) -> None:
    (own.folder / "go.sh").write_text(
        'echo "ablate: {\\"step\\": $OMP_NUM_THREADS, \\"accuracy\\": 0.$ABLATE_LR$ABLATE_SEED}"\n'
    )
    words = ("lr=5", "seed=3", "threads=2", "trainer.env=true", "progress=false", "hydra.run.dir=out")
    told = own(*words, "--", "bash", "go.sh", status=1)
    assert told.strip() == (
        "ablate: Cannot tell which files 'bash' runs, so changes would go unnoticed. List them: trainer.code=[go.sh]."
    )
    told = own(*words, "trainer.code=[go.sh]", "--", "bash", "go.sh")
    assert "accuracy 53.00% on the evaluation set at step 2" in told


@pytest.mark.slow
def test_a_metric_of_a_sweeps_own_is_judged_as_it_is(own: Program) -> None:
    own.write(
        bleu="import sys\nfrom ablate import log\n"
        "log(1, bleu=30 + float(sys.argv[2]) + int(sys.argv[1]) / 10, loss=9e9, accuracy=91)\n"
    )
    words = (
        "metric=bleu",
        "metric.better=higher",
        "metric.unit=points",
        "report.margin=0.5",
        "trick=0,1,2",
        "seed=0,1,2",
        *QUICK,
    )
    own("-m", "design=one_factor", *words, "--", "python", "bleu.py", "{seed}", "{trick}")
    content: dict[str, Any] = json.loads((own.sweep / "sweep.json").read_text())
    assert content["metric"] == {"name": "bleu", "unit": "points", "better": "higher", "low": None, "high": None}
    assert content["fixed"]["margin"] == 0.5
    own.write(bleu="")
    told = own("report", "--format", "csv", "--explain")
    assert re.search(r"\+1\.0+ points", told), told
    assert {json.loads(path.read_text())["status"] for path in own.sweep.glob("*/result.json")} == {"done"}


def test_log_does_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ABLATE_METRICS", raising=False)
    monkeypatch.chdir(tmp_path)
    code = (
        "import sys; from ablate import log; log(1, accuracy=0.5); print([one for one in sys.modules if one[:6] == 'ablate'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout == "['ablate']\n"
    assert not list(tmp_path.iterdir())


STUDY = """# @package _global_
defaults:
  - override /trainer: command
question: Does the trick help?
design: one_factor
trainer:
  command: [python, train.py, "--trick={trick}", --lr, "{lr}", --seed, "{seed}", --out, "{dir}"]
  timeout: 60
metric:
  name: accuracy
  high: 1
hydra:
  sweeper:
    params:
      trick: "off,on"
      lr: 0.10
      seed: 0,1
"""


@pytest.mark.slow
def test_a_study_in_a_folder_of_ones_own(own: Program) -> None:
    (own.folder / "my" / "study").mkdir(parents=True)
    (own.folder / "my" / "study" / "tricks.yaml").write_text(STUDY)
    told = own("-cd", "my", "-m", "study=tricks", *QUICK)
    assert "4 runs (2 arms × 2 seeds) from 4 trainings" in told
    content = json.loads((own.sweep / "sweep.json").read_text())
    assert (content["study"], content["question"]) == ("tricks", "Does the trick help?")
    assert own.sweep.name.startswith("tricks-")
    assert {one.config()["values"]["lr"] for one in own.trainings} == {"0.10"}  # type: ignore[index]
    assert "all done already" in own("-m", "tricks", *QUICK)
    told = own("plan", "-cd", "my", "study=tricks", "trick=on,off", "lr=0.1")
    assert "4 of 4 trainings to do" in told, "0.1 is not what was typed before"
    assert "2 runs (1 arm × 2 seeds)" in own("plan", "--explain", "-cd", "my", "study=tricks", "trick=off")


@pytest.mark.slow
def test_one_that_was_killed_is_tried_again(own: Program) -> None:
    own.write(
        die="import os, sys\nfrom ablate import log\nlog(1, accuracy=0.5)\nif not os.path.exists('died'):\n"
        "    open('died', 'w').close()\n    os.kill(os.getpid(), 9)\nlog(2, accuracy=0.6)\n"
    )
    told = own("-m", "seed=0", "report.formats=[]", "workers=1", "progress=false", "--", "python", "die.py", "{seed}")
    assert "The command was killed by SIGKILL (perhaps for want of memory)." in told
    assert "trying again from the start (1 of 2)" in told
    assert [row["step"] for row in own.trainings[0].rows()] == [1, 2]


@pytest.mark.slow
def test_one_that_was_stopped_behind_its_last_evaluation_has_ended_well(own: Program) -> None:
    own.write(
        late="import os, sys\nfrom ablate import log\nif 'ABLATE_RESUME' not in os.environ:\n"
        "    sys.stdout.write(100_000 * '.' + '\\nablate: {\"step\": 1, \"accuracy\": 0.5}')\n"
        "    sys.stdout.flush()\n    os.kill(os.getpid(), 9)\n"
    )
    words = ("seed=0", "trainer.resume=own", "report.formats=[]", "workers=1", "progress=false")
    told = own("-m", *words, "--", "python", "late.py", "{seed}")
    assert "trying again from its checkpoint (1 of 2)" in told
    assert [row["step"] for row in own.trainings[0].rows()] == [1]


@pytest.mark.slow
def test_what_is_not_there_yet_is_refused(own: Program) -> None:
    told = own("-m", "retune=true", "trick=off,on", "lr=0.1", *COMMAND, status=1)
    assert "retune=true tunes the learning rate of trainer=networks alone. Leave it out." in told
    own("-m", "seed=0", "trick=off", "lr=0.1", *QUICK, *COMMAND)
    told = own("more", "factorial", "--seeds", "1", *COMMAND, status=1)
    assert "The sweep has its command already. Leave out -- and everything after it." in told


@pytest.mark.slow
def test_a_single_evaluation_at_step_0_is_enough(own: Program) -> None:
    assert "accuracy 50.00% on the evaluation set at step 0" in own.script("log(0, accuracy=0.5)")
    own.write(zero="import sys\nfrom ablate import log\nlog(0, accuracy=float(sys.argv[1]) / 10)")
    own("-m", "design=one_factor", "trick=1,2", "seed=0,1", *QUICK, "--", "python", "zero.py", "{trick}", "{seed}")
    assert "left aside" not in own("report", "--format", "csv")
    assert {json.loads(path.read_text())["status"] for path in own.sweep.glob("*/result.json")} == {"done"}


@pytest.mark.parametrize(("step", "written"), [(np.int64(3), "3"), (2**60, str(2**60)), (0.5, "0.5"), ("4", "4.0")])
def test_a_step_is_logged_as_it_is(step: Any, written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABLATE_METRICS", str(tmp_path / "rows"))
    log(step, accuracy=0.5)
    assert (tmp_path / "rows").read_text() == f'{{"step": {written}, "accuracy": 0.5}}\n'
