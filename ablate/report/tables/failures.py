"""The runs that came to nothing, with the reason."""

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, wordy
from ablate.results.frames import Results

PLACE = 160


def part(results: Results, statuses: "pd.Series[str]") -> Table | None:
    """One row a run that diverged, failed or has no value yet; None where all are done."""
    told = results.runs.assign(status=statuses)
    troubled = told[told["status"] != "done"].reset_index(drop=True)
    if troubled.empty:
        return None
    columns = (
        numeric("run", troubled["number"], str),
        wordy("arm", troubled["label"]),
        numeric("seed", troubled["seed"], str),
        wordy("status", troubled["status"]),
        numeric("reached step", troubled["step"], numbers.whole),
        wordy("reason", [numbers.NONE if pd.isna(error) else str(error) for error in troubled["error"]]),
    )
    counts = numbers.listed(troubled["status"].value_counts().to_dict())
    title = f"Runs without a result: {counts} (of {len(told):,})"
    return Table("failures", title, columns, section="failures", only_page=True)
