"""All runs of a sweep as a table, and those of them that came to nothing."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Column, Table, numeric, wordy
from ablate.results.analysis import Analysis


def every(analysis: Analysis) -> Table:
    """One row a run, done or not."""
    runs, metric, places = analysis.results.runs, analysis.question.metric, analysis.places
    values = (metric.scale * runs[metric.column]).where(runs["status"] == "done")
    columns = (
        *_run(runs),
        wordy("arm", runs["label"]),
        numeric("seed", runs["seed"], str),
        wordy("status", analysis.statuses),
        numeric("step", runs["step"], numbers.whole),
        numeric(f"{metric.name} ({metric.unit})", values, lambda value: numbers.number(value, places)),
        wordy("weights", runs["weights"]),
        numeric("seconds of training", runs["seconds"], numbers.whole),
        wordy("fingerprint", runs["fingerprint"]),
    )
    return Table(
        "runs", f"All {numbers.counted(len(runs), 'run')}", columns, ("Runs with one fingerprint stand on one training.",)
    )


def failures(analysis: Analysis) -> Table | None:
    """One row a run that diverged, failed or has no value yet, with the reason; None where all are done."""
    runs = analysis.results.runs
    told = runs.assign(status=analysis.statuses)
    troubled = told[told["status"] != "done"].reset_index(drop=True)
    if troubled.empty:
        return None
    columns = (
        *_run(troubled),
        wordy("arm", troubled["label"]),
        numeric("seed", troubled["seed"], str),
        wordy("status", troubled["status"]),
        numeric("came to step", troubled["step"], numbers.whole),
        wordy("reason", _texts(troubled["error"])),
    )
    counts = numbers.listed(troubled["status"].value_counts().to_dict())
    return Table("failures", f"Runs without a value: {counts}, of {len(runs):,}", columns)


def _run(runs: pd.DataFrame) -> tuple[Column]:
    return (numeric("run", runs["number"], str),)


def _texts(values: "pd.Series[Any]") -> Sequence[str]:
    return [numbers.NONE if pd.isna(value) else str(value) for value in values]
