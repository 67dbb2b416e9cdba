"""What the trials of a search show: pure functions from frame to frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from scipy import special

from ablate.stats.objectives import Objective
from ablate.store.state import FINISHED

TOP = 5  # settings that are called the best


def ranked(trials: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """The trials that are done, the best first; of equal ones the earlier."""
    done = trials[trials["state"] == "done"]
    return done.sort_values(objective.column, ascending=objective.better < 0, kind="stable").reset_index(drop=True)


def history(trials: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """One row a finished trial, in order of finishing.

    Columns: finished (1, 2, …), number, state, default, the objective (missing unless done), last_value, ended, best: the best
    value so far, best_number: of its trial.
    """
    ended = trials[trials["state"].isin(FINISHED)].sort_values(["ended", "number"], kind="stable", na_position="last")
    frame = ended[["number", "state", "default", objective.column, "last_value", "ended"]].reset_index(drop=True)
    values = frame[objective.column]
    best = values.cummax() if objective.better > 0 else values.cummin()
    best = best.ffill()
    is_best = values.notna() & (values == best) & (best != best.shift())
    frame["best"] = best
    frame["best_number"] = frame["number"].astype("Int64").where(is_best).ffill()
    frame.insert(0, "finished", pd.Series(range(1, 1 + len(frame)), dtype="int64"))
    return frame


def fronts(trials: pd.DataFrame, objectives: Sequence[Objective]) -> pd.DataFrame:
    """The trials that are done, with `front`: whether no other is as good in all objectives and better in one."""
    done = trials[trials["state"] == "done"].reset_index(drop=True)
    points = [tuple(one.better * row[one.column] for one in objectives) for row in done.to_dict("records")]

    def beaten(point: tuple[float, ...]) -> bool:
        return any(other != point and all(b >= a for a, b in zip(point, other, strict=True)) for other in points)

    return done.assign(front=pd.Series([not beaten(point) for point in points], dtype="bool"))


def slices(trials: pd.DataFrame, keys: Sequence[str], objective: Objective) -> pd.DataFrame:
    """One row a searched key and finished trial.

    Columns: parameter, setting, number, state, default, last_value, value (missing unless done).
    """
    seen = trials[trials["state"].isin(FINISHED)]
    columns = seen[["number", "state", "default", "last_value"]].assign(value=seen[objective.column])
    parts = [columns.assign(parameter=key, setting=seen[key].astype("object")) for key in keys]
    return pd.concat(parts, ignore_index=True)


def effort(trials: pd.DataFrame) -> pd.DataFrame:
    """One row a trial that began: where its planned examples went, all seeds together.

    Columns, all but the first two both in examples and in seconds (trained_seconds, …). What was never trained has the seconds
    of the trial's own pace, or without one of the search's; they are missing where the search trained nothing.

    number, state: of the trial.
    trained: by itself.
    reused: trained before by others.
    resumed: trained by the lapsed trial that it goes on for.
    pruned: never trained, since it was pruned.
    broken: never trained, since it diverged or failed.
    """
    began = trials[~trials["state"].isin(("waiting", "surplus"))].reset_index(drop=True)
    by_number = trials.set_index("number")
    before = {}
    for column in ("reused_examples", "reused_seconds"):
        before[column] = [
            _first(by_number, number, column) if pd.notna(retry_of) else reused
            for number, retry_of, reused in began[["number", "retry_of", column]].itertuples(index=False)
        ]
    frame = began[["number", "state"]].copy()
    frame["trained"], frame["trained_seconds"] = began["examples"], began["seconds"]
    for name, column in (("", "reused_examples"), ("_seconds", "reused_seconds")):
        reused = pd.Series(before[column], index=began.index, dtype=began[column].dtype).clip(upper=began[column])
        frame[f"reused{name}"] = reused
        frame[f"resumed{name}"] = began[column] - reused
    left = (began["planned_examples"] - began["examples"] - began["reused_examples"]).clip(lower=0)
    total = began["examples"].sum()
    usual = began["seconds"].sum() / total if total else float("nan")
    pace = (began["seconds"] / began["examples"].where(began["examples"] > 0)).fillna(usual)
    for name, states in (("pruned", ("pruned",)), ("broken", ("diverged", "failed"))):
        frame[name] = left.where(began["state"].isin(states), 0)
        frame[f"{name}_seconds"] = (frame[name] * pace).where(frame[name] > 0, 0.0)
    return frame


def _first(by_number: pd.DataFrame, number: int, column: str) -> float:
    """What the first of a chain of lapsed trials and their retries found trained by others."""
    seen = set()
    while pd.notna(by_number["retry_of"][number]) and by_number["retry_of"][number] in by_number.index and number not in seen:
        seen.add(number)
        number = int(by_number["retry_of"][number])
    return float(by_number[column][number])


def spent(trials: pd.DataFrame) -> pd.DataFrame:
    """What the search trained and what it saved: what, examples, seconds, share of all that its trials would have trained.

    Seconds of what was never trained are missing where the search trained nothing that would tell its pace.

    Rows: trained, of which was trained by trials that lapsed; saved by pruning, by reuse; never trained by broken trials.
    """
    frame = effort(trials)
    lapsed = frame["state"] == "lapsed"
    # What a retry found of its lapsed trial was trained, even where the lapsed trial could no longer tell.
    lost = max(0.0, float(frame["resumed"].sum() - frame.loc[lapsed, "trained"].sum()))
    lost_s = max(0.0, float(frame["resumed_seconds"].sum() - frame.loc[lapsed, "trained_seconds"].sum()))
    rows = [
        ("trained", frame["trained"].sum() + lost, frame["trained_seconds"].sum() + lost_s),
        ("saved by pruning", frame["pruned"].sum(), frame["pruned_seconds"].sum(skipna=False)),
        ("saved by reuse", frame["reused"].sum(), frame["reused_seconds"].sum()),
        ("not trained, because the trial diverged or failed", frame["broken"].sum(), frame["broken_seconds"].sum(skipna=False)),
    ]
    told = pd.DataFrame(rows, columns=["what", "examples", "seconds"]).astype({"examples": "int64", "seconds": "float64"})
    total = told["examples"].sum()
    return told.assign(share=told["examples"] / total if total else float("nan"))


@dataclass(frozen=True)
class SelectionBias:
    """By how much the best of equal trials flatters.

    trials: how many.
    deviations: in standard deviations of a run.
    """

    trials: int
    deviations: float


def flattery(trials: int) -> SelectionBias:
    """The expected maximum of so many equal trials that scatter normally, above their mean.

    Reference: Blom 1958, Statistical Estimates and Transformed Beta-Variables.

    Examples:
        The best of 20 trials that differ by chance alone lies, on average, 1.87 standard deviations above their mean.

        >>> from ablate.stats.searches import flattery
        >>> round(flattery(20).deviations, 2)
        1.87
    """
    if trials < 2:
        return SelectionBias(trials, 0.0)
    return SelectionBias(trials, float(special.ndtri((trials - 0.375) / (trials + 0.25))))
