"""Plain intervals and p-values of what is judged, which decide nothing."""

import pandas as pd

from ablate import numbers
from ablate.report import bounds
from ablate.report.tables.table import Table, decimal, intervals, numeric, shown
from ablate.report.tables.verdicts import whats
from ablate.results.question import Question

PLACE = 120
NOTE = (
    "Supplementary: verdicts do not use these. They are not adjusted for the number of comparisons. The sign-flip p-value is "
    "exact; with few seeds it cannot be smaller than shown."
)


def part(question: Question, comparisons: pd.DataFrame, partner: str | None, places: int, unpaired: list[bool]) -> Table | None:
    """A row a comparison; None where none has two seeds."""
    if not (comparisons["n"] > 1).any():
        return None
    columns = (
        *whats(question, comparisons, partner),
        decimal("SD of differences", comparisons["sd"], places),
        shown(intervals(bounds.readable(comparisons, question.metric), "low95", "high95", places), "unadjusted 95% CI"),
        numeric("p (t)" if any(unpaired) else "p (paired t)", comparisons["p"], numbers.p_value),
        numeric("p (sign flip)", comparisons["p_signflip"], numbers.p_value),
        numeric("smallest possible", comparisons["p_smallest"], numbers.p_value),
    )
    return Table("p_values", "Unadjusted intervals and p-values", columns, (NOTE,), section="verdicts", folded=True)
