"""The effect of each change at the shared learning rate and at each arm's own best, and what the tuning found."""

from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report import sentences
from ablate.report.tables.table import Column, Table, numeric, wordy
from ablate.results.analysis import Analysis
from ablate.results.retuned import Pair, Retuned

NAME, TUNING = "retune", "tuning"


def table(analysis: Analysis) -> Table | None:
    """One row an arm of the design: both effects and their verdicts; None where no rates were tuned."""
    retuned = analysis.retuned
    if retuned is None:
        return None
    shared, own = ([getattr(each, which) for each in retuned.effects] for which in ("shared", "own"))
    columns = (
        wordy("change", [each.label for each in retuned.effects]),
        _effect(analysis, "effect at the shared rate", shared),
        wordy("verdict there", [_verdict(analysis, pair) for pair in shared]),
        _effect(analysis, "effect at each arm's own best", own),
        wordy("verdict at these", [_verdict(analysis, pair) for pair in own]),
        numeric("best lr", pd.Series([each.lr for each in retuned.effects]), _rate, spare=2),
        numeric("baseline's", pd.Series([each.baseline for each in retuned.effects]), _rate, spare=1),
    )
    return Table(NAME, "At the shared learning rate, and each arm at its own best", columns, notes(retuned))


def notes(retuned: Retuned) -> tuple[str, ...]:
    """How the rates were chosen, and what that means for the effects at them."""
    same = "; one that is in both counts once" if any(each.shared == each.own for each in retuned.effects) else ""
    return (
        retuned.how,
        retuned.conditional,
        str(retuned.content["note"]),
        *retuned.edges,
        *retuned.gone,
        f"Differences in both columns are judged together, as one family{same}.",
    )


def tuning(analysis: Analysis) -> Table | None:
    """One row an arm, a column a rate: the validation accuracy it was chosen by; None where no rates were tuned."""
    retuned = analysis.retuned
    if retuned is None:
        return None
    frame = retuned.tuning
    places = numbers.decimals(frame["sd"].dropna())
    by_arm = [group.sort_values("rate") for _, group in frame.groupby("arm", sort=True)]
    columns = [
        wordy("arm", [arm["label"] for arm in retuned.content["arms"]]),
        numeric("best lr", pd.Series([arm["chosen"]["lr"] for arm in retuned.content["arms"]]), _rate),
    ]
    for place, rate in enumerate(retuned.content["rates"]):
        rows = [group.iloc[place] for group in by_arm]
        heading = f"lr x {rate:g}" if retuned.shared_lr is None else f"lr {rows[0]['lr']:g}"
        columns.append(Column(heading, tuple(_tried(row, places) for row in rows), pd.Series([row["mean"] for row in rows])))
    lines = (
        f"Mean accuracy in % on {retuned.images} and its standard deviation over seeds; * marks the best, which was chosen. "
        "The highest of several means is too high by chance alone, so none of these numbers is a result.",
        *retuned.edges,
        *retuned.gone,
    )
    return Table(TUNING, "What the tuning found", tuple(columns), lines)


def _tried(row: Any, places: int) -> str:
    if pd.isna(row["mean"]):
        return str(row["statuses"])
    deviation = "" if pd.isna(row["sd"]) else f" ± {numbers.number(row['sd'], places)}"
    return f"{numbers.number(row['mean'], places)}{deviation}{' *' if row['chosen'] else ''}"


def _effect(analysis: Analysis, heading: str, pairs: list[Pair | None]) -> Column:
    rows = [_row(analysis, pair) for pair in pairs]
    text = tuple(numbers.NONE if row is None else _written(row, analysis.places) for row in rows)
    return Column(heading, text, pd.Series([None if row is None else row["points"] for row in rows], dtype="float64"))


def _written(row: "pd.Series[Any]", places: int) -> str:
    within = numbers.interval(row["low"], row["high"], places)
    return numbers.signed(row["points"], places) + ("" if within == numbers.NONE else f" ({within})")


def _verdict(analysis: Analysis, pair: Pair | None) -> str:
    row = _row(analysis, pair)
    return "the two arms are one" if row is None else sentences.short(row.to_dict(), analysis.question.margin)


def _row(analysis: Analysis, pair: Pair | None) -> "pd.Series[Any] | None":
    """The comparison of a pair; None where the pair is none."""
    return None if pair is None else analysis.comparisons.iloc[analysis.question.pairs.index(pair)]


def _rate(value: Any) -> str:
    return f"{value:g}"
