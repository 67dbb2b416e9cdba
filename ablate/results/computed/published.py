"""Published accuracies beside ours."""

import pandas as pd

from ablate.results import published as accuracies
from ablate.results.frames import Results
from ablate.results.question import Question


def published(results: Results, question: Question, wide: pd.DataFrame) -> pd.DataFrame:
    """Published accuracies beside ours, no rows for another metric; see `results.published`."""
    found = accuracies.published(results, wide)
    return found if question.metric.name == "accuracy" else found.iloc[:0]
