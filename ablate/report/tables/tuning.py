"""What the tuning of learning rates found."""

from typing import Any

import pandas as pd

from ablate import numbers
from ablate.designs import phrases
from ablate.report.tables.table import Column, Table, numeric, wordy
from ablate.results.retuned import Retuned

PLACE = 70


def part(retuned: Retuned | None) -> Table | None:
    """One row an arm, a column a rate: the validation accuracy it was chosen by; None where no rates were tuned."""
    if retuned is None:
        return None
    frame = retuned.tuning
    places = numbers.decimals(frame["sd"].dropna())
    by_arm = [group.sort_values("rate") for _, group in frame.groupby("arm", sort=True)]
    columns = [
        wordy("arm", [phrases.of_label(arm["label"]) for arm in retuned.content["arms"]]),
        numeric("best lr", pd.Series([arm["chosen"]["lr"] for arm in retuned.content["arms"]]), "{:g}".format),
    ]
    for place, rate in enumerate(retuned.content["rates"]):
        rows = [group.iloc[place] for group in by_arm]
        heading = f"lr × {rate:g}" if retuned.shared_lr is None else f"lr {rows[0]['lr']:g}"
        columns.append(Column(heading, tuple(_tried(row, places) for row in rows), pd.Series([row["mean"] for row in rows])))
    lines = (
        f"Mean accuracy in % on {retuned.images} ± SD over seeds; * marks the chosen learning rate. "
        "The highest of several noisy means is optimistic, so none of these numbers is a result.",
        *retuned.edges,
        *retuned.gone,
    )
    return Table("tuning", "What the tuning found", tuple(columns), lines, section="rates")


def _tried(row: Any, places: int) -> str:
    if pd.isna(row["mean"]):
        return str(row["statuses"])
    deviation = "" if pd.isna(row["sd"]) else f" ± {numbers.number(row['sd'], places)}"
    return f"{numbers.number(row['mean'], places)}{deviation}{' *' if row['chosen'] else ''}"
