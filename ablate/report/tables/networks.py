"""Pairs of trained networks on the same images, beside the verdicts and never one."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, wordy
from ablate.results.question import Question

PLACE = 140
NOTE = (
    "McNemar's test asks whether these two trained networks differ on these images. It cannot show that the change matters: "
    "retraining would give two other networks."
)


LAST = "Networks are compared at their last evaluation only, although a run's value averages several."


def part(networks: pd.DataFrame, names: dict[int, str], question: Question) -> Table | None:
    """McNemar's test for every pair of trained networks; None where predictions are not known."""
    if networks.empty:
        return None
    columns = (
        wordy("change", [names[arm] for arm in networks["arm"]]),
        numeric("seed", networks["seed"], str),
        numeric("only this arm correct", networks["only_arm"], numbers.whole),
        numeric("only the other correct", networks["only_against"], numbers.whole),
        numeric("p (McNemar)", networks["p"], numbers.p_value),
    )
    notes = (NOTE, LAST) if question.last > 1 else (NOTE,)
    return Table("networks", "Pairs of networks", columns, notes, section="networks", folded=True, only_page=True)
