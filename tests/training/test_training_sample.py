"""The sample of training images that is evaluated beside the others: it changes nothing, and is reported as a metric."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablate import data, results
from ablate.config.recipe import Recipe
from ablate.data.split import hold_out
from ablate.errors import AblateError
from ablate.results.frames import _unsampled
from ablate.results.question import ask
from ablate.store import Trajectory
from ablate.training.network import TRAINING, Network

Make = Callable[..., Recipe]
Train = Callable[..., Trajectory]

TIMES = ("seconds", "examples_per_second", "recent_examples_per_second")
OF_SAMPLE = ("train_accuracy_raw", "train_accuracy_averaged")


def rows(trajectory: Trajectory) -> list[dict[str, object]]:
    return [{key: value for key, value in row.items() if key not in (*TIMES, *OF_SAMPLE)} for row in trajectory.rows()]


def test_a_sample_is_evaluated_and_changes_nothing(tiny: Make, train: Train, tmp_path: Path) -> None:
    plain, sampled = train(tiny(), tmp_path / "plain"), train(tiny("eval_train=40"), tmp_path / "sampled")
    assert sampled.fingerprint == plain.fingerprint
    assert rows(sampled) == rows(plain)
    for row in sampled.rows():
        for name in OF_SAMPLE:
            assert 0 <= row[name] <= 1
            assert (40 * row[name]).is_integer()
    assert not set(OF_SAMPLE) & set(plain.rows()[0])
    assert all(sampled.predictions(step)["raw"].shape == (60,) for step in (10, 20, 30)), "of the evaluation images alone"


def test_it_is_balanced_fixed_and_of_training_images(tiny: Make) -> None:
    recipe = tiny("eval_train=42", "data.validation=20")
    dataset = data.load(recipe.data)
    _, sample = hold_out(dataset.train.labels, 42)
    counts = np.bincount(dataset.train.labels[sample])
    assert counts.max() - counts.min() <= 1
    found = Network(recipe, dataset).evaluate("raw", TRAINING)
    assert found.classes.shape == (42,)
    assert found.accuracy == np.mean(found.classes == dataset.train.labels[sample])
    other = Network(tiny("eval_train=42", "data.validation=20", "seed=1"), dataset)
    np.testing.assert_array_equal(other._sets[TRAINING][1].numpy(), dataset.train.labels[sample])


@pytest.mark.parametrize("given", ["-1", "201", "x", "1.5"])
def test_what_is_no_number_of_training_images_is_refused(tiny: Make, given: str) -> None:
    with pytest.raises(AblateError, match=r"^eval_train must be "):
        tiny(f"eval_train={given}")


@pytest.mark.slow
def test_a_report_has_it_as_a_metric_and_the_gap_as_a_figure(program: Any) -> None:
    words = ("-m", "ema=on,off", "steps=20", "eval_every=10", "report.formats=[csv,png]", "workers=1")
    program(*words, "seed=0,1", "eval_train=40")
    [folder] = program.folder.glob("multirun/*")
    assert (folder / "report" / "figures" / "overfitting.png").exists()
    with (folder / "report" / "runs.csv").open() as file:
        reported = [float(row["train_accuracy"]) for row in csv.DictReader(file)]
    assert reported == [result["train_accuracy"] for result in program.results()]
    told, _ = program.command("report", folder.name, "--metric", "train_accuracy", "--out", "other", "--format", "csv")
    assert "Exploratory: changed after training (metric train_accuracy instead of accuracy)" in told


def test_what_was_trained_without_it_is_told(sweeps: Any) -> None:
    found = results.load(sweeps.trained(sweeps.planned("ema=on,off", "seed=0,1", "steps=30", "eval_every=10"), 10, 20, 30))
    with pytest.raises(AblateError, match=r"^No run has train_accuracy. Train with eval_train=2000 to have it."):
        ask(found, metric="train_accuracy")
    some = found.runs.assign(train_accuracy=[0.9, 0.9, np.nan, np.nan])
    [note] = _unsampled(some)
    assert note == "2 of 4 runs have no accuracy on training images, because they were trained without eval_train"
    assert _unsampled(found.runs) == _unsampled(found.runs.assign(train_accuracy=0.9)) == []
