"""What became of runs and trainings, in the words of readers: what is not there yet is told from what went wrong."""

import pandas as pd

from ablate.results.analysis import Analysis

_PENDING = {"missing": "not yet run", "new": "not yet run", "running": "running", "stopped": "stopped", "damaged": "damaged"}


def of_runs(analysis: Analysis) -> "pd.Series[str]":
    """The status of each run, in the order of runs: that of its training where it has no result.

    One whose training is done all the same was not read off it yet, or not evaluated at another step that was asked for.
    """
    runs, trainings = analysis.results.runs, analysis.results.trainings
    states = trainings.drop_duplicates("fingerprint").set_index("fingerprint")["status"]
    asked = list(analysis.question.steps) != list(analysis.results.sweep["fixed"]["step"])
    pending = runs["fingerprint"].map(states).map(_PENDING).fillna("not evaluated" if asked else "not yet run")
    return runs["status"].where(runs["status"] != "missing", pending)


def counts_of_runs(analysis: Analysis) -> dict[str, int]:
    """How many runs there are of each status, the most first."""
    return _counts(of_runs(analysis))


def counts_of_trainings(analysis: Analysis) -> dict[str, int]:
    """How many trainings there are of each status: one that is not there was not begun, or is gone while a result is left."""
    runs, trainings = analysis.results.runs, analysis.results.trainings
    begun = trainings["fingerprint"].isin(runs.loc[runs["status"] != "missing", "fingerprint"])
    absent = pd.Series("not yet run", index=trainings.index).mask(begun, "not found")
    told = trainings["status"].mask(trainings["status"].isin(["missing", "new"]), absent)
    return _counts(told)


def _counts(told: "pd.Series[str]") -> dict[str, int]:
    return {str(status): int(count) for status, count in told.value_counts().items()}
