"""An evaluation of a model on a split, with what is written of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.data import Split
from ablate.deploy.scores import Scores

MOST_WRONG = 40  # images of the contact sheet


@dataclass(frozen=True)
class Evaluated:
    """A model on a split.

    word, label: how the user and readers name it. split: train, validation or test. step, weights: of a training; None of a
    file. scores: see there. split_images: what was evaluated. probabilities, losses: (n, classes) and (n,). classes: predicted,
    (n,). names: of the classes. seconds: that it took. recorded: the accuracy and loss that the training noted at that step, of
    the same images; None where it noted none.
    """

    word: str
    label: str
    split: str
    step: int | None
    weights: str | None
    scores: Scores
    split_images: Split
    probabilities: NDArray[np.floating[Any]]
    classes: NDArray[np.integer[Any]]
    losses: NDArray[np.floating[Any]]
    names: Sequence[str]
    seconds: float
    recorded: Mapping[str, float] | None = None

    @property
    def images_per_second(self) -> float:
        """The speed of the evaluation."""
        return self.scores.images / self.seconds

    @property
    def shown_split(self) -> str:
        """What readers call the split."""
        return "training" if self.split == "train" else self.split

    @property
    def more_correct(self) -> int | None:
        """How many images more than recorded are classified correctly; None where nothing is recorded."""
        if self.recorded is None:
            return None
        return round(self.scores.accuracy * self.scores.images) - round(self.recorded["accuracy"] * self.scores.images)

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it; accuracies are fractions, the loss is in nats."""
        found = self.scores
        accuracies = found.class_accuracy
        return {
            "run": self.word,
            "label": self.label,
            "split": self.split,
            "step": self.step,
            "weights": self.weights,
            "images": found.images,
            "accuracy": found.accuracy,
            "top5": found.top5,
            "loss": _number(found.loss),
            "calibration_error": _number(found.calibration_error),
            "images_per_second": round(self.images_per_second, 1),
            "recorded": None if self.recorded is None else {key: _number(each) for key, each in self.recorded.items()},
            "classes": [
                {"class": name, "images": int(count), "accuracy": _number(accuracy)}
                for name, count, accuracy in zip(self.names, found.confusion.sum(axis=1), accuracies, strict=True)
            ],
        }


def _number(value: float) -> float | None:
    """A number as JSON has it."""
    return float(value) if math.isfinite(value) else None
