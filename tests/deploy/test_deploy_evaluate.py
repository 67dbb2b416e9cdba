"""What an evaluation says of a stored step is what was said while it was trained."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablate.deploy import find
from ablate.deploy.trained import STORED, Trained

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
    assert third == "The same to the image as evaluated during training."
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


def test_following_evaluates_each_checkpoint_once_and_ends(says, here):
    from tensorflow.core.util import event_pb2
    from tensorflow.python.lib.io import tf_record

    found = says("evaluate", "tour/baseline/0", "--follow", "--out", "followed")
    assert [each["step"] for each in found] == [10, 20]
    assert all(each["accuracy"] == each["recorded"]["accuracy"] for each in found)
    [file] = Path("followed/tensorboard").iterdir()
    events = [event_pb2.Event.FromString(record) for record in tf_record.tf_record_iterator(str(file))]
    values = {(event.step, value.tag) for event in events for value in event.summary.value}
    assert {(10, "evaluate/test/ema/accuracy"), (20, "evaluate/test/ema/loss")} <= values


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
