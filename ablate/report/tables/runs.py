"""All runs of a sweep."""

import pandas as pd

from ablate import numbers
from ablate.readout import WEIGHTS
from ablate.report.tables.table import Table, decimal, numeric, wordy
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.text import counted

PLACE = 150


def part(results: Results, question: Question, statuses: "pd.Series[str]", places: int) -> Table:
    """One row a run, done or not."""
    runs, metric = results.runs, question.metric
    columns = (
        numeric("run", runs["number"], str),
        wordy("arm", runs["label"]),
        numeric("seed", runs["seed"], str),
        wordy("status", statuses),
        numeric("step", runs["step"], numbers.whole),
        decimal(f"{metric.name} ({metric.unit})", (metric.scale * runs[metric.column]).where(runs["status"] == "done"), places),
        wordy("weights", runs["weights"].replace(dict(WEIGHTS))),
        numeric("seconds of training", runs["seconds"], numbers.whole),
        wordy("fingerprint", runs["fingerprint"]),
    )
    title, notes = f"All {counted(len(runs), 'run')}", ("Runs with the same fingerprint share a training.",)
    return Table("runs", title, columns, notes, section="arms", folded=True, only_page=True)
