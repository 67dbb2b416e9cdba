"""Predicted classes, one a test example, of training code of one's own: classes and images in the report, or one clear line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_command import Program

import ablate
from ablate.errors import AblateError
from ablate.trainers import predicted

TRUE = np.arange(60) % 3
SCRIPT = """
import sys

import numpy

from ablate import log

trick, seed = sys.argv[1] == "on", int(sys.argv[2])
true = numpy.arange(60) % 3
for step in (1, 2):
    found = numpy.where(numpy.random.default_rng(seed).random(60) < 0.2 - 0.1 * trick, (true + 1) % 3, true)
    log(step, accuracy=(found == true).mean(), predictions=found)
"""


def train(config: dict[str, Any], seed: int, log: Callable[..., None]) -> None:
    wrong = np.random.default_rng(seed).random(60) < 0.2 - 0.1 * config["trick"]
    found = np.where(wrong, (TRUE + 1) % 3, TRUE)
    log(1, accuracy=(found == TRUE).mean(), predictions=found)


def test_a_function_that_logs_predictions_has_classes_and_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = ablate.sweep(
        train, {"trick": [False, True]}, seeds=range(3), labels=TRUE, workers=0, formats=["csv"], progress=False
    )
    told = capsys.readouterr()
    assert "Starting" not in told.err, "nothing is said first without progress"
    assert "left to train" not in told.err
    assert found.labels is not None
    assert found.labels.tolist() == TRUE.tolist()
    assert found.predictions(0) is not None
    [sweep] = (tmp_path / "multirun").iterdir()
    tables = {path.name for path in (sweep / "report").glob("*.csv")}
    assert "classes.csv" in tables, tables


@pytest.mark.slow
def test_a_command_that_writes_predictions_has_them_packed_too(own: Program) -> None:
    np.save("labels.npy", TRUE)
    own.write(own=SCRIPT)
    words = ("trick=off,on", "seed=0,1", "progress=false", "report.formats=[csv]", "trainer.labels=labels.npy")
    own("-m", *words, "trainer.data=[labels.npy]", "--", "python", "own.py", "{trick}", "{seed}")
    assert (own.sweep / "report" / "classes.csv").is_file()
    np.save("labels.npy", 1 - np.minimum(TRUE, 1))
    told = own("plan", *words, "--", "python", "own.py", "{trick}", "{seed}")
    assert "trainer.labels, labels.npy have changed since 4 trainings in runs, so they are trained again" in told
    np.save("labels.npy", TRUE)
    own("runs", "pack", own.sweep.name, "--out", "packed")
    own("report", "packed", "--format", "csv", "--out", "again")
    assert (own.folder / "again" / "classes.csv").read_text() == (own.sweep / "report" / "classes.csv").read_text()


WRONG = {
    "words": (["a", "b"], "The predictions at step 7 must be integer class numbers from 0, got <U1."),
    "scores": (np.zeros((60, 3)), "The predictions at step 7 must be one class per test example (1-D), got 60×3."),
    "halves": (TRUE / 2, "The predictions at step 7 must be integer class numbers from 0, got float64."),
    "below": (TRUE - 1, "The predictions at step 7 must be classes from 0 to 65,535, got -1."),
    "fewer": (TRUE[:50], "There are 50 predictions at step 7, but 60 labels. Give one for each."),
    "one": (3, "The predictions at step 7 must be one class per test example (1-D), got one value."),
    "others": (
        (TRUE + 1) % 3,
        "The predictions at step 7 match 0.00% of the labels, but accuracy is 100.00%. Keep both in the order of the examples.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_predictions_is_refused_in_one_line(case: str) -> None:
    array, told = WRONG[case]
    with pytest.raises(AblateError) as error:
        predicted.labels(TRUE, "labels").predictions(array, 7, accuracy=1.0)
    assert str(error.value) == told


def test_truth_values_are_predictions_of_two_classes_alone() -> None:
    two = predicted.labels([0, 1, 1], "labels").predictions(np.array([False, True, True]), 1, accuracy=1.0)
    assert [each.tolist() for each in two.values()] == [[0, 1, 1]]
    with pytest.raises(AblateError, match="got bool"):
        predicted.labels(TRUE, "labels").predictions(TRUE > 0, 1, accuracy=None)


FILES: dict[str, tuple[Any, str]] = {
    "none.npy": (None, "Cannot read none.npy: no such file or directory."),
    "text.npy": (b"0 1 2", "text.npy is not a .npy file of numbers. Write it with numpy.save."),
    "share.npy": (
        np.float32([0, 1]),
        "The true classes of trainer.labels=share.npy must be integer class numbers from 0, got float32.",
    ),
    "labels.csv": (b"0,1,2", "trainer.labels must name a .npy file with the true classes, got 'labels.csv'."),
}


@pytest.mark.parametrize("name", FILES)
def test_what_cannot_be_labels_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    content, told = FILES[name]
    if isinstance(content, np.ndarray):
        np.save(name, content)
    elif content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(AblateError) as error:
        predicted.labels(name, "trainer.labels")
    assert str(error.value) == told


@pytest.mark.slow
def test_labels_without_predictions_and_predictions_without_labels_are_refused(own: Program) -> None:
    np.save("labels.npy", TRUE)
    told = own.script("log(4, accuracy=0.5)", "trainer.labels=labels.npy", status=1)
    assert "Step 4 has no predictions, which trainer.labels needs. Write {dir}/predictions/4.npy before its evaluation." in told
    told = own.script("log(4, accuracy=0.5, predictions=[1])", status=1)
    assert "ValueError: predictions need the true classes: add trainer.labels=FILE.npy to the command" in told
