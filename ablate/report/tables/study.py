"""What a study rests on: its noise floor, what its changes change besides, and where it was trained."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ablate import numbers
from ablate.planning.confounds import WORDS
from ablate.report.tables.confounds import amount
from ablate.report.tables.table import Table, numeric, shown, wordy
from ablate.report.tables.verdicts import intervals
from ablate.results.analysis import Analysis

COMMIT_DIGITS = 10  # shown
_WHERE = ("host", "processor", "device", "threads", "python", "tensorflow", "keras", "ablate", "commit", "dirty")


def noise(analysis: Analysis) -> Table | None:
    """How far a run and a paired difference scatter over seeds; None where no arm has two."""
    frame, places = analysis.noise[analysis.noise["sd"].notna()], analysis.places
    if frame.empty:
        return None
    columns = (
        wordy("scatter over seeds of", frame["what"]),
        numeric(f"sd ({analysis.question.metric.points})", frame["sd"], lambda value: numbers.number(value, places)),
        shown(intervals(frame, "low", "high", places, signs=False), "95 % interval"),
        numeric("seeds", frame["n"], numbers.whole),
        numeric("degrees of freedom", frame["freedom"], lambda value: numbers.number(value, 1)),
    )
    pairs = "what is compared"
    if analysis.question.effects:
        pairs = f"the differences of all other arms to {analysis.names[analysis.question.baseline]}"
    notes = (
        f"The noise floor: pooled over the arms, and over {pairs}. Two single runs may differ by chance alone by up to "
        "about three times the first, with the same seed by up to about twice the second.",
    )
    return Table("noise", "Noise floor", columns, notes)


def confounds(analysis: Analysis) -> Table | None:
    """What changes besides its factor each compared arm makes; None where there are none."""
    frame = analysis.confounds
    if frame.empty:
        return None
    rows = frame.to_dict("records")
    columns = (
        wordy("arm", frame["label"]),
        wordy("also changes", [WORDS[what] for what in frame["what"]]),
        shown([amount(row["before"]) for row in rows], "from"),
        shown([amount(row["after"]) for row in rows], "to"),
        numeric("by", frame["by"], numbers.relative),
    )
    notes = ("A difference is due to all that changes: the factor, and what comes along with it.",)
    return Table("confounds", "What else changes", columns, notes)


def environment(analysis: Analysis) -> Table | None:
    """Where and with what the trainings were done, a row each combination; None where none is at hand."""
    trainings = analysis.results.trainings
    known = trainings[trainings["device"].notna()]
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
    return Table("environment", "Where it was trained", columns, tuple(analysis.results.notes))


def _machine(row: Mapping[Any, Any]) -> str:
    parts = [str(row["host"]), str(row["device"])]
    if row["processor"] != row["device"] and pd.notna(row["processor"]):
        parts.append(str(row["processor"]))
    return ", ".join(part for part in parts if part != "nan")


def _versions(row: Mapping[Any, Any]) -> str:
    names = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "ablate": "ablate"}
    return ", ".join(f"{name} {row[key]}" for key, name in names.items() if pd.notna(row[key]))


def _commit(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["commit"]):
        return numbers.NONE
    return f"{row['commit'][:COMMIT_DIGITS]}{' and changes' if row['dirty'] is True else ''}"
