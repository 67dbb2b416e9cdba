"""Plain intervals and p-values of what is judged, which decide nothing."""

import pandas as pd

from ablate import numbers
from ablate.report import bounds
from ablate.report.tables.table import Table, decimal, intervals, numeric, shown
from ablate.report.tables.verdicts import whats
from ablate.results.question import Question

PLACE = 120
NOTE = (
    "For readers who want them; none decides anything here. They are plain: not shared among the comparisons. The p of sign "
    "flips is exact; with few seeds it cannot be smaller than shown."
)


def part(question: Question, comparisons: pd.DataFrame, partner: str | None, places: int) -> Table | None:
    """A row a comparison; None where none has two seeds."""
    if not (comparisons["n"] > 1).any():
        return None
    columns = (
        *whats(question, comparisons, partner),
        decimal("sd of differences", comparisons["sd"], places),
        shown(intervals(bounds.readable(comparisons, question.metric), "low95", "high95", places), "plain 95% interval"),
        numeric("p (Student)", comparisons["p"], numbers.p_value),
        numeric("p (sign flips)", comparisons["p_signflip"], numbers.p_value),
        numeric("smallest it can be", comparisons["p_smallest"], numbers.p_value),
    )
    return Table("p_values", "Plain intervals and p-values", columns, (NOTE,), section="verdicts", folded=True)
