"""Wrong command lines over a command of one's own: each is refused in one line, before anything starts."""

from pathlib import Path

import pytest
import yaml
from own_command import Program

from ablate.config import keys

WRONG = {
    "lr=1 -- python train.py {lrr} {seed}": (
        "{lrr} in the command has no value. Give lrr=VALUE, or write {{lrr} for these characters. Did you mean 'lr'?"
    ),
    "lr=1 -- python train.py {seed}": (
        "lr does not reach the command. Write {lr} where its value belongs, or add trainer.env=true if the command "
        "reads ABLATE_LR."
    ),
    "-- python train.py": (
        "seed does not reach the command, so all seeds would give the same. Write {seed} where it belongs, or add "
        "trainer.env=true if the command reads ABLATE_SEED."
    ),
    "-- pythn train.py {seed}": "Cannot find 'pythn' on the PATH. Did you mean 'python'?",
    "-- ./go {seed}": "Cannot find './go'. Check its path.",
    "-- ./train.py {seed}": "./train.py is not executable. Run chmod +x on it, or put its interpreter in front of it.",
    "-- python trian.py {seed}": "There is no file 'trian.py'. Did you mean 'train.py'?",
    "-- python missing.py {seed}": "There is no file 'missing.py'. Check its path.",
    "trainer.cwd=training -- python train.py {seed}": (
        "There is no file 'train.py' in the training's folder, which starts empty. Write its full path."
    ),
    "-- python -m missing {seed}": (
        "Cannot tell which files 'python' runs, so changes would go unnoticed. List them: trainer.code=[train.sh]."
    ),
    "-- python broken.py {seed}": "broken.py, line 1: invalid syntax. Fix it; it is not Python",
    "p=1 -- {p} train.py {seed}": "The program must be the same for all runs, got '{p}'. Put values after it.",
    "lr=1,2 -- python train.py {seed} {lr}": "lr=1,2 has several values, which is a sweep. Add -m, as in ablate -m lr=1,2.",
    "dir=3 -- python train.py {seed}": "dir cannot be set: ablate fills {dir} itself. Choose another name.",
    "eval_on=test -- python train.py {seed}": "eval_on cannot be set: ablate fills {eval_on} itself. Choose another name.",
    "le-arn=3 -- python train.py {seed}": (
        "'le-arn' cannot be a key. Keys have letters from a to z, digits, and _, and dots between parts."
    ),
    "resume=1 -- python train.py {seed} {resume}": (
        "resume cannot be set beside resume: both would be ABLATE_RESUME in the environment. Rename it."
    ),
    "a.b=1 a_b=2 -- python train.py {seed} {a.b} {a_b}": (
        "a_b cannot be set beside a.b: both would be ABLATE_A_B in the environment. Rename it."
    ),
    "-m epoch=1,2 -- python train.py {seed} {epoch}": (
        "epoch cannot be a factor: the results have a column of that name. Rename it, as in my_epoch."
    ),
    "metric=bleu -- python train.py {seed}": ("bleu is not a known metric. Say metric.better=higher or metric.better=lower."),
    "metric=seconds metric.better=lower -- python train.py {seed}": (
        "metric=seconds is taken: the results have a column of that name. Log it as test_seconds."
    ),
    "metric.high=50 -- python train.py {seed}": (
        "accuracy is a share, so it takes metric.high=1 or metric.high=100, got metric.high=50."
    ),
    "metric.margin=1 -- python train.py {seed}": "The margin is given for the report. Write report.margin=VALUE.",
    "metric.bettr=lower -- python train.py {seed}": "Unknown key 'metric.bettr'. Did you mean metric.better?",
    "trainer.cwd=there -- python train.py {seed}": (
        "Unknown trainer.cwd 'there'. Choose from here, training. Did you mean 'here'?"
    ),
    "trainer.reed=x.csv -- python train.py {seed}": "Unknown key 'trainer.reed'. Did you mean trainer.read?",
    "trainer.read=x.txt -- python train.py {seed}": (
        "trainer.read must name a file of evaluations (.csv, .tsv, .json, .jsonl, .ndjson), got 'x.txt'."
    ),
    "trainer.read=../x.csv -- python train.py {seed}": (
        "trainer.read is looked for in {dir}, got '../x.csv'. Have the command write it there."
    ),
    "trainer.timeout=0 -- python train.py {seed}": "trainer.timeout must be a number of seconds above 0, or null, got 0.",
    "trainer.timeout=soon -- python train.py {seed}": (
        "trainer.timeout must be a number of seconds above 0, or null, got 'soon'."
    ),
    "trainer.grace=0 -- python train.py {seed}": "trainer.grace must be a number of seconds above 0, at most 600, got 0.",
    "trainer.grace=601 -- python train.py {seed}": "trainer.grace must be a number of seconds above 0, at most 600, got 601.",
    "trainer.grace=null -- python train.py {seed}": "trainer.grace must be a number of seconds above 0, at most 600, got null.",
    "trainer.resume=always -- python train.py {seed}": "Unknown trainer.resume 'always'. Choose from never, own.",
    "trainer.labels=labels.csv -- python train.py {seed}": (
        "trainer.labels must name a .npy file with the true classes, got 'labels.csv'."
    ),
    "trainer.labels=none.npy -- python train.py {seed}": "Cannot read none.npy: no such file or directory.",
    "trainer.step= -- python train.py {seed}": "trainer.step must be a name, got ''.",
    "trainer.read=/x.csv -- python train.py {seed}": (
        "trainer.read is looked for in {dir}, got '/x.csv'. Have the command write it there."
    ),
    "trainer.code=[none.sh] -- python train.py {seed}": ("trainer.code names 'none.sh', and there is no such file or folder."),
    "trainer.data=x -- python train.py {seed}": (
        "trainer.data must be a list of files and folders, as in trainer.data=[train.sh], got 'x'."
    ),
    "metrics=loss -- python train.py {seed}": (
        "metrics must be a list, as in 'metrics=[{name:bleu,better:higher},{name:loss}]', got 'loss'."
    ),
    "metrics=[] -- python train.py {seed}": (
        "metrics must be a list, as in 'metrics=[{name:bleu,better:higher},{name:loss}]', got []."
    ),
    "metrics=[loss] -- python train.py {seed}": "metrics must have a name in each entry, as in {name:loss}, got 'loss'.",
    "metrics=[{name:bleu}] -- python train.py {seed}": ("bleu is not a known metric. Say better:higher or better:lower."),
    "metrics=[{name:loss},{name:loss}] -- python train.py {seed}": "metrics has loss more than once.",
    "metrics=[{name:loss,bettr:lower}] -- python train.py {seed}": "Unknown key 'bettr'. Did you mean better?",
    "metrics=[{name:loss,margin:0}] -- python train.py {seed}": "The margin of loss must be above 0, got 0.",
    "metrics=[{name:loss,margin:1}] report.margin=1 -- python train.py {seed}": (
        "The margin of loss is given twice, by metrics and by report.margin. Keep one of them."
    ),
    "metrics=[{name:loss}] metric=f1 -- python train.py {seed}": "Unknown metric 'f1'. Choose from loss.",
    "metrics=[{name:loss}] metric.unit=x -- python train.py {seed}": (
        "metric.unit and metrics are both given. Write unit into metrics."
    ),
    "metrics=[{name:epoch,better:lower}] -- python train.py {seed}": (
        "metric=epoch is taken: the results have a column of that name. Log it as test_epoch."
    ),
    "metric.better=lower -- python train.py {seed}": (
        "accuracy is better when higher, got metric.better=lower. Leave it out, or give it another name."
    ),
    "metric=bleu metric.better=up -- python train.py {seed}": "Unknown metric.better 'up'. Choose from higher, lower.",
    "metric=bleu metric.better=higher metric.low=2 metric.high=1 -- python train.py {seed}": (
        "metric.low=2 must be below metric.high=1."
    ),
    "metric=loss metric.unit=% -- python train.py {seed}": "loss cannot be in %, got metric.unit=%. Leave it out.",
    "metric=a:b metric.better=lower -- python train.py {seed}": (
        "metric must have letters, digits, and _ . / - in its name, got 'a:b'."
    ),
    "predictions=1 -- python train.py {seed} {predictions}": (
        "predictions cannot be set beside predictions: both would be ABLATE_PREDICTIONS in the environment. Rename it."
    ),
    "-m seed=0,0 -- python train.py {seed}": "seed has 0 more than once.",
    "trainer.code=x -- python train.py {seed}": (
        "trainer.code must be a list of files and folders, as in trainer.code=[train.sh], got 'x'."
    ),
    "trainer.data=[x] -- python train.py {seed}": "trainer.data names 'x', and there is no such file or folder.",
    "trainer.env=yes -- python train.py {seed}": "trainer.env must be true or false, got 'yes'.",
    "tensorboard=true -- python train.py {seed}": "tensorboard has no effect with trainer=command. Leave it out.",
    "-m trick=1,2 retune=true -- python train.py {seed} {trick}": (
        "retune=true tunes the learning rate of trainer=networks alone. Leave it out."
    ),
    "lr=1 lr=2 -- python train.py {seed} {lr}": "lr is given 2 times: lr=1 lr=2. Keep one of them, or list its values: lr=A,B.",
    "report.margin=0 -- python train.py {seed}": "report.margin must be above 0, got 0.",
    "workers=0 -- python train.py {seed}": "workers must be from 1 to 10,000, or auto, got 0.",
    "--": "No command follows --. Write one after it, as in -- python train.py --lr {lr} --seed {seed}.",
    "trainer=command": "trainer=command has no command. Write it after --, as in -- python train.py --seed {seed}.",
}


LINES = [pytest.param(line, marks=pytest.mark.slow if number % 6 else ()) for number, line in enumerate(WRONG)]


@pytest.mark.parametrize("line", LINES)
def test_a_wrong_command_is_refused_in_one_line(own: Program, line: str) -> None:
    own.write(broken="def\n")
    words = line.split(" ")
    told = own(*words, status=2 if line == "--" else 1).strip()
    assert told.splitlines()[-1].startswith(f"ablate: {WRONG[line]}".replace("ablate: broken", f"ablate: {own.folder}/broken"))
    assert len(told.splitlines()) == 1
    assert not (own.folder / "runs").exists()


CONF = Path(__file__).parents[2] / "conf"


def test_the_config_of_ones_own_code_has_the_sweep_keys_of_the_built_in_one() -> None:
    built_in, own_one = (yaml.safe_load((folder / "config.yaml").read_text()) for folder in (CONF, CONF / "own"))
    shared = [key for key in (*keys.top("sweep"), *keys.top("execution")) if not key.startswith("tensorboard")]
    built_in["report"]["margin"] = None  # of a metric that is not known no margin is
    assert {key: own_one[key] for key in shared} == {key: built_in[key] for key in shared}
    assert own_one["hydra"] == built_in["hydra"]
    for name in ("sweeper/ablate.yaml", "sweeper/optuna.yaml", "hydra/launcher/local.yaml"):
        assert (CONF / "own" / name).read_text() == (CONF / name).read_text()
