"""What the evaluation images tell: which were classified rightly, single networks, classes, and other images."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate import stats
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats.images import Correct, Shares

Predictions = dict[tuple[int, int], list[NDArray[np.integer]] | None]


def predictions(results: Results) -> Predictions:
    """The predicted classes of each finished run that has some, one array an evaluation that its value is the mean of.

    By arm and seed; None where one of them is gone.
    """
    done = results.runs[(results.runs["status"] == "done") & results.runs["trajectory"].notna()]
    numbered = done[["number", "arm", "seed", "trajectory", "step"]].itertuples(index=False)
    return {
        (int(arm), int(seed)): results.all_predictions(int(number))
        for number, arm, seed, path, step in numbered
        if path not in results.trained or results.trained[path].gives_predictions(int(step))
    }


def correct(results: Results, predictions: Predictions) -> Correct:
    """Whether each image was classified rightly at a run's last evaluation, by arm and seed; empty where that is not known."""
    found: dict[int, dict[int, NDArray[np.bool_]]] = {}
    for (arm, seed), predicted in predictions.items():
        if predicted is not None and results.labels is not None:
            found.setdefault(arm, {})[seed] = predicted[-1] == results.labels
    return found


def shares(results: Results, predictions: Predictions) -> Shares:
    """In which share of the evaluations that a run's value is the mean of each image was classified rightly.

    By arm and seed, (images,), 0 to 1; empty where that is not known. Their mean over the images is the run's accuracy.
    """
    found: dict[int, dict[int, NDArray[np.float64]]] = {}
    for (arm, seed), predicted in predictions.items():
        if predicted is not None and results.labels is not None:
            rights = sum((each == results.labels).astype(np.float64) for each in predicted)
            found.setdefault(arm, {})[seed] = rights / len(predicted)
    return found


def new_images(question: Question, shares: Shares, weights: pd.DataFrame) -> pd.DataFrame:
    """Each comparison as an estimate for new images too, of accuracies alone; see `stats.new_images`."""
    given = shares if question.metric.name == "accuracy" else {}
    return stats.at_levels(lambda rows, level: stats.new_images(given, rows, level), weights, question.levels)


def networks(question: Question, correct: Correct) -> pd.DataFrame:
    """Pairs of networks, as they are at the last evaluation, compared on the same images; see `stats.networks`.

    Never a verdict.
    """
    return stats.networks(correct, question.pairs)


def classes(results: Results, question: Question, shares: Shares) -> pd.DataFrame:
    """Differences by class; see `stats.classes`."""
    if results.labels is None:
        return stats.classes({}, np.zeros(0, dtype=np.int64), [], question.pairs)
    return stats.classes(shares, results.labels, results.class_names, question.pairs)
