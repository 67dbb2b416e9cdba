"""Where and with what the trainings were done."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, wordy
from ablate.results.frames import Results

PLACE = 130
COMMIT_DIGITS = 10  # shown
_WHERE = ("host", "processor", "device", "threads", "python", "tensorflow", "keras", "ablate", "packages", "commit", "dirty")


def part(results: Results) -> Table | None:
    """A row each combination; None where no training is at hand."""
    known = results.trainings[results.trainings["device"].notna()]
    if known.empty:
        return None
    frame = known.groupby(list(_WHERE), dropna=False, sort=False).agg(
        trainings=("fingerprint", "size"), seconds=("seconds", "sum")
    )
    rows = frame.reset_index().to_dict("records")
    columns = (
        wordy("machine", [_machine(row) for row in rows]),
        numeric("threads", pd.Series([row["threads"] for row in rows]), numbers.whole),
        wordy("versions", [_versions(row) for row in rows]),
        wordy("commit", [_commit(row) for row in rows]),
        numeric("trainings", frame["trainings"], numbers.whole),
        numeric("time", frame["seconds"], numbers.duration),
    )
    return Table("environment", "Where it was trained", columns, tuple(results.notes), section="environment")


def _machine(row: Mapping[Any, Any]) -> str:
    parts = [str(row["host"]), str(row["device"])]
    if row["processor"] != row["device"] and pd.notna(row["processor"]):
        parts.append(str(row["processor"]))
    return ", ".join(part for part in parts if part != "nan")


def _versions(row: Mapping[Any, Any]) -> str:
    names = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "ablate": "ablate"}
    named = [f"{name} {row[key]}" for key, name in names.items() if pd.notna(row[key])]
    return ", ".join([*named, row["packages"]] if pd.notna(row["packages"]) else named)


def _commit(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["commit"]):
        return numbers.NONE
    return f"{row['commit'][:COMMIT_DIGITS]}{' and changes' if row['dirty'] is True else ''}"
