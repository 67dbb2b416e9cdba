"""The table that a report is for: each change, its difference, how sure that is, and the verdict."""

from collections.abc import Sequence

import pandas as pd

from ablate import numbers, stats
from ablate.report import bounds, naming, sentences
from ablate.report.tables.table import Column, Table, intervals, numeric, shown, signed, wordy
from ablate.results.question import Question

PLACE = 20  # among the tables of a report
NAME = "verdicts"
NEW_IMAGES = "CI for new images"
OTHER = "compared with"


def part(
    question: Question, comparisons: pd.DataFrame, partner: str | None, places: int, verdict_notes: Sequence[str] = ()
) -> Table | None:
    """One row a comparison that is judged; None where nothing is compared.

    The equivalence interval is shown where it has decided anything.
    """
    if not question.judged:
        return None
    readable = bounds.readable(comparisons, question.metric)
    columns = [
        *whats(question, comparisons, partner),
        numeric("seeds", comparisons["n"], numbers.whole),
        signed("difference", comparisons["points"], places),
        shown(intervals(readable, "low", "high", places), f"{stats.percents(question.levels)} CI"),
        wordy("verdict", verdicts(question, comparisons)),
    ]
    if (comparisons["under_margin"] | (comparisons["verdict"] == stats.Outcome.NO_EFFECT)).any():
        heading = f"{stats.equivalence_percents(question.levels)} equivalence CI"
        columns.append(shown(intervals(comparisons, "equivalence_low", "equivalence_high", places), heading, spare=2))
    if comparisons["low_new"].notna().any():
        columns.append(shown(intervals(readable, "low_new", "high_new", places), NEW_IMAGES, spare=1))
    return Table(NAME, "What each change is worth", tuple(columns), tuple(verdict_notes), section="verdicts")


def whats(question: Question, comparisons: pd.DataFrame, partner: str | None) -> list[Column]:
    """What is compared, a row a comparison; and with what, where that is not one and the same arm, nor as the design has it."""
    columns = [wordy("effect" if question.effects else "change", naming.compared(comparisons))]
    return [*columns, wordy(OTHER, comparisons["against_label"])] if naming.has_others(question, partner) else columns


def verdicts(question: Question, comparisons: pd.DataFrame) -> list[str]:
    """The verdict on each comparison, as text."""
    rows = zip(comparisons.to_dict("records"), question.interactions, strict=True)
    return [sentences.verdict(row, question.margin, crossed) for row, crossed in rows]
