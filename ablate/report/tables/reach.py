"""When each arm reaches an accuracy."""

from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, shown, wordy
from ablate.results.frames import Results
from ablate.results.question import Question

PLACE = 110


def part(results: Results, question: Question, reach: pd.DataFrame, target: float, names: dict[int, str]) -> Table | None:
    """A row an arm; None where there are no evaluations, or another metric is asked for."""
    if results.evaluations.empty or pd.isna(target) or question.metric.name != "accuracy":
        return None
    why = " (the lowest final mean of any arm, rounded down)" if question.target is None else ""
    spans = [_span(first, last) for first, last in reach[["first", "last"]].itertuples(index=False)]
    columns = (
        wordy("arm", [names[arm] for arm in reach["arm"]]),
        shown([f"{row.reached} of {row.seeds}" for row in reach.itertuples(index=False)], "seeds that reach it"),
        numeric("median step", reach["step"], numbers.whole),
        shown(spans, "first to last"),
    )
    note = (
        f"The first evaluation at or above {target:g}%{why}. Seeds without a final value do not count as reaching it; the "
        "median is over those that do. First crossings are partly luck, so this is not a verdict."
    )
    return Table("reach", "Steps to an accuracy", columns, (note,), section="arms", folded=True)


def _span(first: Any, last: Any) -> str:
    return numbers.whole(first) if pd.isna(first) or first == last else f"{numbers.whole(first)} to {numbers.whole(last)}"
