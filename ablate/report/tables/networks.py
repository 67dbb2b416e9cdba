"""Pairs of trained networks on the same images, beside the verdicts and never one."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, wordy

PLACE = 140
NOTE = "Whether these two networks differ on these images, not whether the change matters: trained again, both would be others."


def part(networks: pd.DataFrame, names: dict[int, str]) -> Table | None:
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
    return Table("networks", "Pairs of networks", columns, (NOTE,), section="networks", folded=True, only_page=True)
