"""How much better training images are classified than others, against step: a curve an arm."""

import pandas as pd

from ablate.report import naming
from ablate.report.figures.accuracy import accuracy_vs_step, height
from ablate.report.figures.save import Drawn, fit, single
from ablate.results.frames import Results
from ablate.results.question import Metric, Question
from ablate.store.evaluations import TRAIN_ACCURACY

GAP = Metric("accuracy on training images minus that", "gap", "gap", "points", "points", 100.0, -1)
PLACE = 45  # among the figures of a report


def part(results: Results, question: Question, arms: pd.DataFrame, labels: dict[int, str]) -> Drawn | None:
    """The gap over training; None where no training images were evaluated, or the metric is another."""
    evaluations = results.evaluations
    if question.metric.name != "accuracy" or TRAIN_ACCURACY not in evaluations or evaluations[TRAIN_ACCURACY].isna().all():
        return None
    known = evaluations[evaluations[TRAIN_ACCURACY].notna()]
    gap = known.assign(gap=known[TRAIN_ACCURACY] - known["accuracy"])
    left_out = naming.left_out(arms, labels, gap["arm"])
    ax = accuracy_vs_step(gap, single(), question.evaluation_set, GAP, 1, question.baseline, left_out)
    return Drawn("overfitting", "Overfitting over training", fit(ax, height(gap["arm"].nunique())))
