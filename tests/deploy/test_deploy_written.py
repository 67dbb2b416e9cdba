"""The files of an evaluation: always those of the last one, readable by other programs whatever the numbers and names are."""

import json
import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablate.commands import evaluate_screen
from ablate.data import Split
from ablate.deploy import written
from ablate.deploy.evaluation import Evaluated
from ablate.deploy.scores import refuse_infinite, scores, softmax
from ablate.errors import AblateError

NAMES = ("=1+1", "-5", "<b>")


def evaluated(wrong: int, largest: float = 5.0, names: tuple[str, ...] = NAMES) -> Evaluated:
    """Twelve images of 16×64, of which some are classified wrong. largest: logit of the predicted classes."""
    labels = np.arange(12, dtype=np.int32) % 3
    classes = np.where(np.arange(12) < wrong, (labels + 1) % 3, labels).astype(np.int32)
    probabilities = softmax(np.where(np.eye(3, dtype=bool)[classes], np.float32(largest), np.float32(0)))
    losses = -np.log(probabilities[np.arange(12), labels]).astype(np.float32)
    images = Split(np.zeros((12, 16, 64, 3), np.uint8), labels)
    found = scores(probabilities, classes, losses, labels)
    return Evaluated("word", "label", "train", 20, "ema", found, images, probabilities, classes, losses, names, 1.0)


@pytest.mark.slow
def test_files_of_an_earlier_evaluation_do_not_stay(tmp_path):
    first = written.write(evaluated(2), tmp_path)
    (tmp_path / "notes.txt").touch()
    assert {path.name for path in first} == written.FILES
    second = written.write(evaluated(0), tmp_path)
    assert second[-1].name == "evaluation.json"
    assert {path.name for path in tmp_path.iterdir()} == written.FILES - {"most_wrong.png"} | {"notes.txt"}


@pytest.mark.slow
def test_names_of_classes_run_nothing_in_a_spreadsheet(tmp_path):
    written.write(evaluated(1), tmp_path)
    assert list(pd.read_csv(tmp_path / "classes.csv")["class"]) == ["'=1+1", "-5", "<b>"]
    assert list(pd.read_csv(tmp_path / "confusion.csv").columns) == ["true", "'=1+1", "-5", "<b>"]


@pytest.mark.parametrize("largest", [np.inf, np.nan])
def test_numbers_that_are_not_finite_are_null_in_json(tmp_path, largest):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = replace(evaluated(0, largest), recorded={"accuracy": 1.0, "loss": math.nan})
        written.write(one, tmp_path)
    content = json.loads((tmp_path / "evaluation.json").read_text())
    assert (content["calibration_error"], content["loss"], content["recorded"]["loss"]) == (None, None, None)
    assert "expected calibration error -" in evaluate_screen.details(one)


def test_outputs_that_are_not_finite_are_refused_by_name():
    refuse_infinite(np.zeros((2, 3)), "tour/baseline/0")
    with pytest.raises(AblateError, match=r"tour/baseline/0 gives outputs that are no finite numbers\."):
        refuse_infinite(np.array([[0.0, np.inf]]), "tour/baseline/0")


def test_another_accuracy_than_in_training_is_told_in_images(tmp_path):
    one = evaluated(1)
    same = replace(one, recorded={"accuracy": 11 / 12, "loss": 0.1})
    more = replace(one, recorded={"accuracy": 1.0, "loss": 0.1})
    assert (same.more_correct, more.more_correct, one.more_correct) == (0, -1, None)
    said = "During training it was 100.00%, 1 image more of 12; another device or version may be the reason."
    assert evaluate_screen.recorded(more) == said


@pytest.mark.slow
def test_the_figure_says_the_split_as_the_screen_does(tmp_path: Path):
    written.write(evaluated(1), tmp_path)
    drawn = (tmp_path / "confusion.svg").read_text()
    assert "12 training images" in drawn
    assert "Color: share of the row" in drawn
