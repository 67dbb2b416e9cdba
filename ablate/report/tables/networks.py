"""Pairs of trained networks on the same images, beside the verdicts and never one."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, wordy
from ablate.results.question import Question

PLACE = 140
NOTE = "Whether these two networks differ on these images, not whether the change matters: trained again, both would be others."


LAST = "They are compared at their last evaluation alone, not over all evaluations that a run's value averages."


def part(networks: pd.DataFrame, names: dict[int, str], question: Question) -> Table | None:
    """McNemar's test for every pair of trained networks; None where predictions are not known."""
    if networks.empty:
        return None
    columns = (
        wordy("change", [names[arm] for arm in networks["arm"]]),
        numeric("seed", networks["seed"], str),
        numeric("right: only this arm", networks["only_arm"], numbers.whole),
        numeric("right: only what it is compared with", networks["only_against"], numbers.whole),
        numeric("p (McNemar)", networks["p"], numbers.p_value),
    )
    notes = (NOTE, LAST) if question.last > 1 else (NOTE,)
    return Table("networks", "Pairs of networks", columns, notes, section="networks", folded=True, only_page=True)
