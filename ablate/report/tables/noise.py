"""How far a run and a paired difference scatter over seeds."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, decimal, intervals, numeric, shown, wordy
from ablate.results.question import Question

PLACE = 100


def part(question: Question, noise: pd.DataFrame, names: dict[int, str], places: int) -> Table | None:
    """The noise floor; None where no arm has two seeds."""
    frame = noise[noise["sd"].notna()]
    if frame.empty:
        return None
    columns = (
        wordy("scatter over seeds of", frame["what"]),
        decimal(f"sd ({question.metric.points})", frame["sd"], places),
        shown(intervals(frame, "low", "high", places, signs=False), "95% interval"),
        numeric("seeds", frame["n"], numbers.whole),
        decimal("degrees of freedom", frame["freedom"], 1),
    )
    effects = f"the differences of all other arms to {names[question.baseline]}"
    note = (
        f"The noise floor: pooled over the arms, and over {effects if question.effects else 'what is compared'}"
        f"{', by the weights that are read' if len(set(question.weights)) > 1 else ''}. Two single runs may differ by chance "
        "alone by up to about three times the SD of a run, with the same seed by up to about twice that of a paired difference."
    )
    caption = "How far runs scatter by chance"
    return Table("noise", "Noise floor", columns, (note,), section="noise", caption=caption)
