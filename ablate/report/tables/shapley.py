"""What each factor adds, averaged over every order of switching them: Shapley values."""

import pandas as pd

from ablate.report import bounds
from ablate.report.footnotes import not_there
from ablate.report.tables.contrasts import estimated, no_verdicts
from ablate.report.tables.table import Table, wordy
from ablate.results.frames import Results
from ablate.results.question import Question

PLACE = 60


def part(results: Results, question: Question, shapley: pd.DataFrame, statuses: "pd.Series[str]", places: int) -> Table | None:
    """A row a factor of a full two-level factorial; None for other designs."""
    if shapley.empty:
        return None
    notes = (
        "A factor's Shapley value is what switching it adds, averaged over every order of switching all factors. The values "
        "sum to the difference between all second levels and all first levels.",
        no_verdicts("values"),
        *not_there(results, statuses, list(shapley["change"]), shapley["n"]),
    )
    columns = estimated(
        bounds.readable(shapley, question.metric), wordy("factor", shapley["change"]), question.metric.points, places
    )
    return Table("shapley", "What each factor adds (Shapley values)", columns, notes, section="effects")
