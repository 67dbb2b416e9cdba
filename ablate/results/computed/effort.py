"""What became of runs and trainings, and what all of it cost."""

from typing import Any

import pandas as pd

from ablate import stats
from ablate.results.environment import began
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store.look_lines import Ledger

_PENDING = {"missing": "not yet run", "new": "not yet run", "running": "running", "stopped": "stopped", "damaged": "damaged"}


def statuses(results: Results, question: Question) -> "pd.Series[str]":
    """The status of each run as readers are told it, in the order of runs: that of its training where it has no result.

    One whose training is done all the same was not read off it yet, or not evaluated at another step that was asked for.
    """
    runs, trainings = results.runs, results.trainings
    states = trainings.drop_duplicates("fingerprint").set_index("fingerprint")["status"]
    asked = question.steps != results.sweep.fixed.steps
    pending = runs["fingerprint"].map(states).map(_PENDING).fillna("not evaluated" if asked else "not yet run")
    return runs["status"].where(runs["status"] != "missing", pending)


def run_counts(statuses: "pd.Series[str]") -> dict[str, int]:
    """How many runs there are of each status, the most first."""
    return _counts(statuses)


def training_counts(results: Results) -> dict[str, int]:
    """How many trainings there are of each status: one that is not there was not begun, or is gone while a result is left."""
    runs, trainings = results.runs, results.trainings
    begun = trainings["fingerprint"].isin(runs.loc[runs["status"] != "missing", "fingerprint"])
    absent = pd.Series("not yet run", index=trainings.index).mask(begun, "not found")
    return _counts(trainings["status"].mask(trainings["status"].isin(["missing", "new"]), absent))


def compute(results: Results) -> dict[str, Any]:
    """What all of it cost: runs and trainings by status, and seconds of training in all, of the longest and on average.

    `timed` trainings are counted in these seconds. `untimed` ones were begun and have no evaluation, so no time is known.
    """
    trainings = results.trainings
    timed = trainings["seconds"].notna()
    return {
        "runs": _counts(results.runs["status"]),
        "trainings": _counts(trainings["status"]),
        "timed": int(timed.sum()),
        "untimed": int((~timed & ~trainings["status"].isin(["missing", "new"])).sum()),
        "seconds": float(trainings["seconds"].sum()),
        "longest_seconds": float(trainings["seconds"].max()),
        "mean_seconds": float(trainings["seconds"].mean()),
    }


def in_turns(results: Results) -> bool:
    """Whether all arms were trained in turns on one machine, so that their times can be compared; see `stats.in_turns`."""
    rows = [
        (arm, path, *(began(results.trained[path].segments) if path in results.trained else (None, None)))
        for arm, path in results.runs[["arm", "trajectory"]].dropna().itertuples(index=False)
    ]
    trainings = pd.DataFrame(rows, columns=["arm", "trajectory", "begun", "place"]).drop_duplicates(["arm", "trajectory"])
    return len(rows) == len(results.runs) and stats.in_turns(trainings)


def begun_earlier(results: Results, question: Question) -> int | None:
    """How many trainings were begun before the sweep was planned; None where that is not known.

    Of a look, before it was entered; those of earlier looks at the same comparison do not count, nor what earlier looks at
    other comparisons of the sweep read, such as the baseline that an added arm is compared with.
    """
    trainings, runs = results.trainings, results.runs
    if question.looked and results.ledger is not None:
        return len(_before(results.ledger, question, trainings))
    fixed_at = results.sweep.fixed_at
    if fixed_at is None:
        return None
    earlier = int((trainings["begun"] < fixed_at).sum())
    begun = set(runs.loc[runs["status"] != "missing", "fingerprint"])
    known = trainings.loc[trainings["fingerprint"].isin(begun), "begun"].notna().all()
    return earlier if earlier or known else None


def _before(ledger: Ledger, question: Question, trainings: pd.DataFrame) -> set[str]:
    """The trainings that looks read, and that were begun before they were entered."""
    begun = dict(zip(trainings["fingerprint"], trainings["begun"], strict=True))
    found: set[str] = set()
    every = {each.row.look: each for look in question.looked for each in ledger.of(look.row.key)}.values()
    turn = {entry.check: (entry.entered_at, line) for line, entry in enumerate(ledger.entries)}  # many in the same second
    for look in question.looked:
        before = [each for each in every if turn[each.entry.check] < turn[look.entry.check]]
        read = {run for each in before for run in each.entry.runs(each.row)}
        seen = {run[0] for each in before if each.row.key == look.row.key for run in each.entry.runs(each.row)}
        own = {run[0] for run in look.entry.runs(look.row) if run not in read} - seen
        found |= {one for one in own if begun.get(one) is not None and begun[one] < look.entry.entered_at}
    return found


def _counts(told: "pd.Series[str]") -> dict[str, int]:
    return {str(status): int(count) for status, count in told.value_counts().items()}
