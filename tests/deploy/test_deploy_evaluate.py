"""What an evaluation says of a stored step is what was said while it was trained."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablate.deploy import find
from ablate.deploy.trained import STORED, Trained
from ablate.errors import AblateError
from ablate.store import Trajectory, fingerprint, sign_of_life

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("arm", ["baseline", "augment=off"])
@pytest.mark.parametrize("weights", ["raw", "ema"])
@pytest.mark.parametrize("step", [10, 20])
def test_a_stored_step_is_the_same_to_the_image(here, arm, weights, step):
    from ablate.deploy.runtime.restored import Restored

    found = find.find(f"tour/{arm}/0")
    assert isinstance(found, Trained)
    network = Restored(found, step, weights)
    images = found.images()
    outputs = network.evaluate(images)
    row, stored = found.trajectory.row(step), STORED[weights]
    assert row is not None
    assert np.array_equal(outputs.classes, found.trajectory.predictions(step)[stored])
    assert (outputs.classes == images.labels).mean() == row[f"accuracy_{stored}"]
    assert outputs.losses.astype(np.float64).mean() == row[f"eval_loss_{stored}"]
    assert np.allclose(network(images.images), outputs.logits, atol=1e-4)


def test_what_an_evaluation_says(prints, says, here):
    printed = prints("evaluate", "tour/augment=off/0", "--threads", "1")
    [content] = says("evaluate", "tour/augment=off/0")
    accuracy = content["recorded"]["accuracy"]
    assert content["accuracy"] == accuracy
    assert content["loss"] == content["recorded"]["loss"]
    first, second, third, *_ = printed.splitlines()
    of = "step 20, EMA weights, 360 images): no augmentation, seed 0 of tour"
    assert first == f"Test accuracy {100 * accuracy:.2f}% ({of}"
    assert re.fullmatch(r"top-5 [\d.]+% · loss [\d.]+ · expected calibration error [\d.]+ pp · [\d,]+ images/s", second)
    assert third == "The accuracy matches the evaluation during training exactly."
    assert [each["class"] for each in content["classes"]] == list("0123456789")
    assert sum(each["images"] for each in content["classes"]) == 360
    assert printed.splitlines()[-1] == "Files   evaluate/tour-augment=off-0/"
    folder = Path("evaluate/tour-augment=off-0")
    names = {"evaluation.json", "classes.csv", "confusion.csv", "confusion.png", "confusion.svg", "most_wrong.png"}
    assert {path.name for path in folder.iterdir()} == names
    matrix = pd.read_csv(folder / "confusion.csv", index_col="true")
    assert matrix.to_numpy().trace() == round(360 * accuracy)
    assert json.loads((folder / "evaluation.json").read_text())["accuracy"] == accuracy


def test_each_split_and_the_first_images(says, here):
    options = (["--split", "train"], ["--split", "validation"], ["--examples", "50"], ["--weights", "raw", "--step", "10"])
    found = [says("evaluate", "tour/baseline/1", *each)[0] for each in options]
    assert [each["images"] for each in found] == [1337, 100, 50, 360]
    assert [each["recorded"] is None for each in found] == [True, True, True, False]
    assert (found[3]["step"], found[3]["weights"], found[3]["recorded"]["accuracy"]) == (10, "raw", found[3]["accuracy"])


def test_several_runs_are_a_table(prints):
    printed = prints("evaluate", "tour/baseline/0", "tour/augment=off/0", "--examples", "20")
    assert "calibration error" in printed.splitlines()[0]
    assert [line.split()[0] for line in printed.splitlines()[2:4]] == ["tour/baseline/0", "tour/augment=off/0"]


def test_what_was_asked_is_in_the_name_of_the_folder(says, prints, here):
    words = ("evaluate", "tour/baseline/0", "--examples", "20")
    assert says(*words)[0]["files"] == "evaluate/tour-baseline-0-examples20"
    asked = ("--weights", "raw", "--step", "10", "--split", "train")
    assert says(*words, *asked)[0]["files"] == "evaluate/tour-baseline-0-train-raw-step10-examples20"
    said = "The files of tour/baseline/0 and tour/baseline/0/ would both go to both/tour-baseline-0. Give a command for each"
    assert said in prints("evaluate", "tour/baseline/0", "tour/baseline/0/", "--out", "both", status=1)


def test_following_leaves_files_where_it_is_interrupted(prints, here, monkeypatch):
    from ablate.deploy.runtime import follow

    whole = follow.follow

    def interrupted(*words):
        yield next(iter(whole(*words)))
        raise AblateError("interrupted")

    monkeypatch.setattr(follow, "follow", interrupted)
    assert "interrupted" in prints("evaluate", "tour/baseline/0", "--follow", "--out", "interrupted", status=1)
    assert json.loads(Path("interrupted/evaluation.json").read_text())["step"] == 10


def test_following_evaluates_each_checkpoint_once_and_ends(says, here):
    from tensorflow.core.util import event_pb2
    from tensorflow.python.lib.io import tf_record

    found = says("evaluate", "tour/baseline/0", "--follow", "--out", "followed")
    assert [each["step"] for each in found] == [10, 20]
    assert all(each["accuracy"] == each["recorded"]["accuracy"] for each in found)
    [file] = Path("followed/tensorboard").iterdir()
    events = [event_pb2.Event.FromString(record) for record in tf_record.tf_record_iterator(str(file))]
    values = {(event.step, value.tag) for event in events for value in event.summary.value}
    assert {(10, "accuracy/EMA"), (20, "evaluation_loss/EMA"), (20, "calibration_error/EMA")} <= values


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "RUN is missing. Name one, as in lrn/augment=off/0."),
        (["tour/baseline/0", "--split", "tset"], 2, "--split"),
        (["tour/baseline/0", "--step", "15"], 1, "has no checkpoint at step 15. Choose from 10, 20, as in --step 10."),
        (["tour/baseline/0", "--every", "5m"], 2, "--every works only with --follow."),
        (["tour/baseline/0", "--follow", "--every", "soon"], 2, "--every must be a time, as in 30s, 5m, or 1h, got 'soon'."),
        (["tour/baseline/0", "--examples", "0"], 2, "--examples must be a whole number from 1, got '0'."),
        (["tour/baseline/0", "--follow", "--once"], 2, "--follow cannot be combined with --once. Leave one of them out."),
        (
            ["tour/baseline/0", "--preprocess", "scale"],
            1,
            "--preprocess is for model files, and tour/baseline/0 is a training.",
        ),
        (["tour/baseline/0", "--weights", "mean"], 2, "--weights"),
        (["tour/baseline/0", "data=cifar"], 1, "Did you mean 'cifar10'?"),
    ],
)
def test_what_cannot_be_evaluated_gets_one_line(prints, words, status, message):
    printed = prints("evaluate", *words, status=status)
    assert message in printed
    assert len(printed.splitlines()) == 1


def copied(store: Path, checkpoints: bool = False) -> Trajectory:
    """A training of the sweep in another store, with or without its checkpoints."""
    found = find.find("tour/baseline/0")
    assert isinstance(found, Trained)
    one = found.trajectory
    shutil.copytree(one.path, store / one.fingerprint, ignore=None if checkpoints else shutil.ignore_patterns("checkpoints"))
    return Trajectory(store, one.fingerprint)


def test_a_training_without_a_checkpoint_gets_one_line(prints, here, tmp_path):
    one = copied(tmp_path)
    words = ("evaluate", one.fingerprint[:8], "--store", str(tmp_path))
    assert f"{one.fingerprint} has no checkpoint. Packed sweeps leave them out" in prints(*words, status=1)
    assert "has no checkpoint. Packed" in prints(*words, "--follow", status=1)
    one.set_live({"step": 3, **sign_of_life()})
    said = f"ablate: {one.fingerprint} has no checkpoint yet. It saves the first at step 10, its first evaluation.\n"
    assert prints(*words, status=1) == said


def test_a_damaged_checkpoint_gets_one_line(prints, here, tmp_path):
    one = copied(tmp_path, checkpoints=True)
    content = one.checkpoint(20).read_bytes()
    one.checkpoint(20).write_bytes(content[: len(content) // 2])
    printed = prints("evaluate", one.fingerprint, "--store", str(tmp_path), status=1)
    assert printed.startswith(f"ablate: The checkpoint {one.checkpoint(20)} is damaged: ")
    assert printed.endswith("Choose another with --step.\n")
    assert "Test accuracy" in prints("evaluate", one.fingerprint, "--store", str(tmp_path), "--step", "10", "--examples", "20")


def test_a_training_of_another_trainer_is_refused_by_name(prints, here, tmp_path):
    content = {"trainer": "command", "seed": 0, "command": ["python", "train.py"]}
    one = Trajectory(tmp_path, fingerprint(content))
    one.write_config(content, {})
    one.set_status("done", 10)
    for word in (one.fingerprint, str(one.path)):
        printed = prints("evaluate", word, "--store", str(tmp_path), status=1)
        assert "was trained by trainer=command, whose model ablate cannot load." in printed
        assert len(printed.splitlines()) == 1


@pytest.mark.exhaustive
def test_following_a_training_that_runs_sees_it_end(says, here, words, tmp_path, environment):
    kept = [word for word in words if not word.startswith(("steps=", "eval_every=", "report."))]
    command = [sys.executable, "-m", "ablate", *kept, "steps=400", "eval_every=40", f"store={tmp_path}", "seed=7"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (found := [path.name for path in tmp_path.iterdir() if (path / "live.json").exists()]):
            assert process.poll() is None
            time.sleep(0.1)
        evaluated = says("evaluate", found[0], "--store", str(tmp_path), "--follow")
        assert process.wait() == 0
    steps = [each["step"] for each in evaluated]
    assert steps == sorted(set(steps))
    assert steps[-1] == 400
    assert all(each["accuracy"] == each["recorded"]["accuracy"] for each in evaluated)
