"""What there is on the way: differences at every evaluation, and when an accuracy is reached."""

import numpy as np
import pandas as pd

from ablate import stats
from ablate.metrics import ACCURACY
from ablate.readout import judged_by
from ablate.results.frames import Results
from ablate.results.question import Question


def over_training(results: Results, question: Question) -> pd.DataFrame:
    """The differences at every evaluation; see `stats.over_training`. No verdict."""
    metric, evaluations = question.metric, results.evaluations
    return stats.over_training(evaluations.assign(value=metric.scale * evaluations[metric.evaluation_column]), question.pairs)


def crossings(over_training: pd.DataFrame) -> pd.DataFrame:
    """Where differences change their sign for good; see `stats.crossings`. No verdict."""
    return stats.crossings(over_training)


def target(results: Results, question: Question) -> float:
    """The accuracy in % that was asked for, else the lowest of the arms' means, rounded down; NaN without a run."""
    if question.target is not None:
        return question.target
    if question.metric.name != ACCURACY:
        return float("nan")
    return float(np.floor(100 * results.runs.groupby("arm")["accuracy"].mean().min()))


def reach(results: Results, target: float) -> pd.DataFrame:
    """When each arm reaches `target`; see `stats.reach`."""
    if judged_by(results.sweep) != ACCURACY:
        return stats.reach(results.runs.assign(accuracy=np.nan), results.evaluations.assign(accuracy=np.nan), target)
    return stats.reach(results.runs, results.evaluations, target)
