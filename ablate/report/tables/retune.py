"""The effect of each change at the shared learning rate and at each arm's own best."""

from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report import bounds, sentences
from ablate.report.tables.table import Column, Table, numeric, wordy
from ablate.results.question import Question
from ablate.results.retuned import Retuned

PLACE = 10
NAME = "retune"


def part(question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int) -> Table | None:
    """One row an arm of the design: both effects and their verdicts; None where no rates were tuned."""
    if retuned is None:
        return None
    by_pair = dict(zip(question.pairs, bounds.readable(comparisons, question.metric).to_dict("records"), strict=True))
    shared, own = (
        [by_pair.get(pair) if (pair := getattr(each, which)) else None for each in retuned.effects]
        for which in ("shared", "own")
    )
    columns = (
        wordy("change", [each.label for each in retuned.effects]),
        _effect("effect at the shared lr", shared, places),
        wordy("verdict (shared lr)", [_verdict(row, question.margin) for row in shared]),
        _effect("effect at each arm's best lr", own, places),
        wordy("verdict (best lr)", [_verdict(row, question.margin) for row in own]),
        numeric("best lr", pd.Series([each.lr for each in retuned.effects]), "{:g}".format, spare=2),
        numeric("baseline's best lr", pd.Series([each.baseline for each in retuned.effects]), "{:g}".format, spare=1),
    )
    title = "Effects at the shared learning rate and at each arm's best"
    return Table(NAME, title, columns, notes(retuned), section="verdicts")


def notes(retuned: Retuned) -> tuple[str, ...]:
    """How the rates were chosen, and what that means for the effects at them."""
    same = "; a difference in both counts once" if any(each.shared == each.own for each in retuned.effects) else ""
    return (
        retuned.how,
        retuned.conditional,
        str(retuned.content["note"]),
        *retuned.edges,
        *retuned.gone,
        f"The differences of both columns are adjusted together{same}.",
    )


Row = dict[Any, Any]  # of comparisons


def _effect(heading: str, rows: list[Row | None], places: int) -> Column:
    text = tuple(numbers.NONE if row is None else _written(row, places) for row in rows)
    return Column(heading, text, pd.Series([None if row is None else row["points"] for row in rows], dtype="float64"))


def _written(row: Row, places: int) -> str:
    within = numbers.interval(row["low"], row["high"], places)
    return numbers.signed(row["points"], places) + ("" if within == numbers.NONE else f" ({within})")


def _verdict(row: Row | None, margin: float | None) -> str:
    return "same arm" if row is None else sentences.short(row, margin)
