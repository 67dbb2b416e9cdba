"""Which runs ended far below what their own evaluations had before."""

import numpy as np
import pandas as pd

from ablate import stats
from ablate.metrics import ACCURACY
from ablate.readout import tail
from ablate.results.frames import Results
from ablate.results.question import Question


def stability(results: Results, question: Question) -> pd.DataFrame:
    """One row a run that is done; see `stats.stability`. No rows for other metrics than accuracy.

    Columns: number, arm, seed; evaluations: those of its own grid before those that it is read off; best, value, fall, bar:
    in %, NaN where fewer than five; judged: whether they are not; unstable.
    """
    runs = results.runs[results.runs["status"] == "done"]
    runs = runs if question.metric.name == ACCURACY else runs.iloc[:0]
    last = runs["evaluations"].astype("int64")
    known = results.evaluations
    if question.newest:  # the last ones are those that it is read off
        known = known.sort_values("step").groupby("number").head(-question.last)
    read = runs[["number"]].assign(
        first=[tail(step, k)[0] for step, k in zip(runs["step"].fillna(0).astype("int64"), last, strict=True)]
    )
    before = known.merge(read, on="number")
    before = before[(question.newest | (before["step"] < before["first"])) & before[question.metric.evaluation_column].notna()]
    grids = {number: grid.to_numpy() for number, grid in before.groupby("number")[question.metric.evaluation_column]}
    frame = runs[["number", "arm", "seed"]].assign(evaluations=runs["number"].map(before["number"].value_counts()))
    frame = frame.fillna({"evaluations": 0}).assign(
        best=np.nan, value=100 * runs[question.metric.column], fall=np.nan, bar=np.nan
    )
    frame["unstable"] = False
    for _, rows in frame[frame["evaluations"] > 0].groupby("evaluations"):
        grid = np.stack([grids[number] for number in rows["number"]])  # (runs, evaluations)
        found = stats.stability(grid, rows["value"] / 100, last[rows.index])
        frame.loc[rows.index, ["best", "fall", "bar"]] = 100 * np.stack([found.best, found.fall, found.bar], axis=1)
        frame.loc[rows.index, "unstable"] = found.unstable
    frame.insert(len(frame.columns) - 1, "judged", frame["bar"].notna())
    return frame.astype({"evaluations": "int64"}).reset_index(drop=True)


def unstable_seeds(stability: pd.DataFrame, weights: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """For each comparison (row) and seed (column) whether a run of either side is unstable; as `samples`."""
    fell = pd.crosstab(stability["arm"], stability["seed"], values=stability["unstable"], aggfunc="any")
    there = fell.reindex(index=weights.columns, columns=samples.columns).eq(True).to_numpy()  # (arms, seeds)
    return pd.DataFrame((weights.to_numpy() != 0) @ there, index=samples.index, columns=samples.columns)
