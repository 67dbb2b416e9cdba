"""What factors do on average over the others: main effects and interactions of a factorial design."""

import pandas as pd

from ablate import numbers, stats
from ablate.report import bounds
from ablate.report.footnotes import not_there
from ablate.report.tables.table import Column, Table, intervals, numeric, shown, signed, wordy
from ablate.results.frames import Results
from ablate.results.question import Question

PLACE = 50


def part(
    results: Results, question: Question, contrasts: pd.DataFrame, statuses: "pd.Series[str]", places: int
) -> Table | None:
    """A row an effect; None for other designs."""
    if contrasts.empty:
        return None
    notes = (
        "A main effect is a factor's difference averaged over the levels of the other factors. An interaction a × b is half "
        "the amount by which switching one factor changes the other's difference; 0 means that the two add up.",
        no_verdicts("effects"),
        *not_there(results, statuses, list(contrasts["effect"]), contrasts["n"]),
    )
    columns = estimated(
        bounds.readable(contrasts, question.metric), wordy("effect", contrasts["effect"]), question.metric.points, places
    )
    return Table("contrasts", "Main effects and interactions", columns, notes, section="effects")


def estimated(frame: pd.DataFrame, rows: Column, points: str, places: int) -> tuple[Column, ...]:
    """The columns of estimates that stand beside what is judged, all with one level. rows: what they are of."""
    return (
        rows,
        numeric("seeds", frame["n"], numbers.whole),
        signed(points, frame["points"], places),
        shown(intervals(frame, "low", "high", places), f"{stats.percent(float(frame['level'].iloc[0]))} CI"),
    )


def no_verdicts(what: str) -> str:
    """What such estimates must not be taken for. what: they are."""
    return (
        f"These {what} are supplementary and have no verdicts. Their intervals are adjusted only for each other and use the "
        "seeds that every arm has."
    )
