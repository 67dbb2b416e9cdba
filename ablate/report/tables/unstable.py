"""The runs that are unstable."""

import pandas as pd

from ablate.report.tables.table import Table, decimal, numeric, wordy

PLACE = 35
PLACES = 1


def part(stability: pd.DataFrame, names: dict[int, str]) -> Table | None:
    """One row an unstable run; None where there is none."""
    fell = stability[stability["unstable"]].reset_index(drop=True)
    if fell.empty:
        return None
    columns = (
        numeric("run", fell["number"], str),
        wordy("arm", [names[arm] for arm in fell["arm"]]),
        numeric("seed", fell["seed"], str),
        decimal("accuracy (%)", fell["value"], PLACES),
        decimal("best mean of five (%)", fell["best"], PLACES),
        decimal("drop (pp)", fell["fall"], PLACES),
        decimal("noise explains (pp)", fell["bar"], PLACES),
    )
    caption = "Runs that ended far below the best of their own evaluations"
    return Table("unstable", "Unstable runs", columns, section="arms", caption=caption)
