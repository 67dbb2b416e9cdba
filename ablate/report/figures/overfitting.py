"""How much better training images are classified than others, over training: a curve an arm."""

import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report import naming
from ablate.report.figures.accuracy import accuracy_vs_step, by_arm, curves, height, left_out, meaning
from ablate.report.figures.save import Drawn, fit, single
from ablate.results.frames import Results
from ablate.results.question import Metric, Question
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.text import capital

GAP = Metric("training accuracy minus accuracy", "gap", "gap", "pp", "pp", 100.0, -1, (-100.0, 100.0))
PLACE = 45  # among the figures of a report


def part(
    results: Results,
    question: Question,
    arms: pd.DataFrame,
    names: dict[int, str],
    comparisons: pd.DataFrame,
    ax: Axes | None = None,
) -> Drawn | None:
    """The gap over training; None where no training images were evaluated, or the metric is another."""
    evaluations = results.evaluations
    if question.metric.name != "accuracy" or TRAIN_ACCURACY not in evaluations or evaluations[TRAIN_ACCURACY].isna().all():
        return None
    known = evaluations[evaluations[TRAIN_ACCURACY].notna()]
    gap = known.assign(gap=known[TRAIN_ACCURACY] - known["accuracy"])
    ax = ax or single()
    outcomes = by_arm(question, comparisons)
    accuracy_vs_step(gap, ax, question.evaluation_set, GAP, 1, question.baseline, outcomes=outcomes)
    ax.set_ylabel("gap to training accuracy, pp")
    about = [f"Training accuracy minus {question.evaluation_set} accuracy.", *meaning(gap, GAP)]
    about += left_out(naming.left_out(arms, names, gap["arm"]))
    figure = fit(ax, height(gap, ax), _finding(curves(gap, GAP), names, question), " ".join(about))
    return Drawn("overfitting", "Overfitting over training", figure)


def _finding(means: pd.DataFrame, labels: dict[int, str], question: Question) -> str:
    """The arm with the largest gap at its end, beside the baseline."""
    last = means.groupby("arm")["mean"].last()
    if last.empty:
        return "No run has finished"
    top = int(last.index[int(last.to_numpy(dtype=float).argmax())])
    said = f"{labels[top]} overfits most, by {numbers.number(last[top], 1)} pp"
    if len(last) == 1:
        said = f"the gap to training accuracy is {numbers.number(last[top], 1)} pp"
    beside = f"; the baseline by {numbers.number(last[question.baseline], 1)} pp"
    return capital(said + (beside if top != question.baseline and question.baseline in last else ""))
