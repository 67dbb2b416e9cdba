"""What factors do on average over the others: main effects, interactions and Shapley values of a factorial design."""

import pandas as pd

from ablate import numbers, stats
from ablate.report.tables.table import Column, Table, numeric, shown, wordy
from ablate.report.tables.verdicts import intervals, not_there
from ablate.results.analysis import Analysis


def table(analysis: Analysis) -> Table | None:
    """Main effects and interactions of a factorial design; None for the others."""
    frame = analysis.contrasts
    if frame.empty:
        return None
    notes = (
        "A main effect is a factor's difference averaged over the levels of the others; an interaction a x b is half of how "
        "much one's difference changes when the other is switched: 0 means that the two add up.",
        _no_verdicts(analysis, "effects"),
        *not_there(analysis, list(frame["effect"]), frame["n"]),
    )
    return Table("contrasts", "Main effects and interactions", _columns(analysis, frame, "effect", frame["effect"]), notes)


def shapley(analysis: Analysis) -> Table | None:
    """Shapley values of a full factorial of two-level factors; None for other designs."""
    frame = analysis.shapley
    if frame.empty:
        return None
    notes = (
        "A factor's value is what switching it adds, averaged over every order in which all factors can be switched. The "
        "values sum to the difference between all second levels and all first ones.",
        _no_verdicts(analysis, "values"),
        *not_there(analysis, list(frame["change"]), frame["n"]),
    )
    return Table(
        "shapley", "What each factor adds (Shapley values)", _columns(analysis, frame, "factor", frame["change"]), notes
    )


def _columns(analysis: Analysis, frame: pd.DataFrame, heading: str, rows: "pd.Series[str]") -> tuple[Column, ...]:
    places, level = analysis.places, float(frame["level"].iloc[0])
    return (
        wordy(heading, rows),
        numeric("seeds", frame["n"], numbers.whole),
        numeric(analysis.question.metric.points, frame["points"], lambda value: numbers.signed(value, places)),
        shown(intervals(frame, "low", "high", places), f"{stats.percent(level)} interval"),
    )


def _no_verdicts(analysis: Analysis, what: str) -> str:
    return (
        f"These {what} stand beside what is judged and have no verdicts. Their intervals are shared among themselves alone, "
        "over the seeds that every arm has."
    )
