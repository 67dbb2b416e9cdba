"""How much a run and a paired difference vary over seeds."""

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
        wordy("variation over seeds of", frame["what"]),
        decimal(f"SD ({question.metric.points})", frame["sd"], places),
        shown(intervals(frame, "low", "high", places, signs=False), "95% CI"),
        numeric("seeds", frame["n"], numbers.whole),
        decimal("degrees of freedom", frame["freedom"], 1),
    )
    effects = f"the differences of all other arms from {names[question.baseline]}"
    note = (
        f"The noise floor is pooled over the arms, and over {effects if question.effects else 'the comparisons'}"
        f"{', separately for raw and EMA weights' if len(set(question.weights)) > 1 else ''}. By chance alone, two runs may "
        "differ by up to about three SDs of a run, and with the same seed by up to about two SDs of a paired difference."
    )
    caption = "How much runs vary by chance"
    return Table("noise", "Noise floor", columns, (note,), section="noise", caption=caption)
