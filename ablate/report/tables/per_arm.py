"""The arms one by one: their values over seeds, what they cost, and where nothing beats them."""

import pandas as pd

from ablate import numbers
from ablate.report.tables import verdicts
from ablate.report.tables.table import Column, Table, numeric, shown, wordy
from ablate.results.analysis import Analysis

FRONTS = {"operations": "operations", "parameters": "parameters", "seconds": "time"}


def table(analysis: Analysis) -> Table:
    """One row an arm, in the design's order."""
    frame, metric, places = analysis.arms, analysis.question.metric, analysis.places
    columns = [
        wordy("arm", frame["label"]),
        numeric("seeds", frame["n"], numbers.whole),
        *_not_done(analysis),
        numeric(f"{metric.name} ({metric.unit})", frame["mean"], lambda value: numbers.number(value, places)),
        numeric("sd", frame["sd"], lambda value: numbers.number(value, places)),
        _worst(analysis),
        shown(verdicts.intervals(frame, "low", "high", places, signs=False), "95 % interval", spare=5),
        numeric("parameters", frame["parameters"], numbers.whole, spare=6),
        numeric("operations", frame["operations"], numbers.whole, spare=4),
        numeric("examples/s", frame["examples_per_second"], numbers.whole, spare=1),
    ]
    if len(frame) > 1:
        columns.append(wordy("unbeaten on", _fronts(analysis), spare=3))
    return Table("arms", "The arms", tuple(columns), tuple(_notes(analysis)))


def costs(analysis: Analysis) -> Table | None:
    """What each compared arm costs more or less than what it is compared with; None where no cost differs."""
    frame = analysis.arms[analysis.arms["against"].notna()].reset_index(drop=True)
    if not frame[[f"{cost}_difference" for cost in _HEADINGS]].fillna(0).abs().gt(0).any(axis=None):
        return None
    places = analysis.places
    compared = frame[["arm", "against"]].astype("Int64")
    gained = compared.merge(analysis.comparisons, how="left", on=["arm", "against"])["points"]
    others = [analysis.names[int(other)] for other in frame["against"]]
    columns = [
        wordy("change", frame["label"]),
        *([wordy(verdicts.OTHER, others)] if verdicts.has_others(analysis) else []),
        numeric(analysis.question.metric.name, gained, lambda value: numbers.signed(value, places)),
    ]
    for cost, heading in _HEADINGS.items():
        differences = frame[f"{cost}_difference"]
        text = tuple(
            numbers.change(*amount) for amount in zip(differences, differences + frame[f"{cost}_against"], strict=True)
        )
        columns.append(Column(heading, text, differences))
    return Table("costs", "What each change costs", tuple(columns), (_COSTS, *verdicts.not_there(analysis)))


_HEADINGS = {
    "parameters": "parameters",
    "operations": "operations",
    "bytes": "bytes",
    "seconds": "seconds of training",
    "examples_per_second": "examples/s",
}
_COSTS = (
    "Each cost is compared as the accuracy is. Operations are those for one image; bytes those of the parameters; seconds of "
    "training and examples/s are means over the seeds that both arms have, of the machines at hand."
)


def _not_done(analysis: Analysis) -> list[Column]:
    """For each arm how many of its runs have no value; no column where all have."""
    runs = analysis.results.runs
    gone = runs["status"] != "done"
    counts = pd.crosstab(runs["arm"], analysis.statuses[gone]).reindex(analysis.arms["arm"], fill_value=0)
    return [wordy("not done", [numbers.listed(row) or numbers.NONE for row in counts.to_dict("records")])] if gone.any() else []


def _worst(analysis: Analysis) -> Column:
    """The value of each arm's worst seed; a seed that diverged is worse than any value."""
    frame = analysis.arms
    gone = frame["diverged"] > 0
    text = [
        "diverged" if lost else numbers.number(value, analysis.places) for lost, value in zip(gone, frame["worst"], strict=True)
    ]
    return Column("worst seed", tuple(text), frame["worst"].mask(gone), spare=2)


def _fronts(analysis: Analysis) -> list[str]:
    """For each arm the costs at which no other arm is better on both."""
    rows = analysis.arms.to_dict("records")
    return [", ".join(name for cost, name in FRONTS.items() if row[f"front_{cost}"]) or numbers.NONE for row in rows]


def _notes(analysis: Analysis) -> list[str]:
    metric = analysis.question.metric
    several = bool((analysis.arms["n"] > 1).any())
    lines = [] if analysis.question.judged else verdicts.notes(analysis)
    if several:
        lines.append(
            "sd: the standard deviation over seeds. 95 % interval: Student's, of the mean of this arm alone: whether two arms "
            "differ is told by their differences, not by whether these intervals overlap."
        )
    lines.append("Operations are those for one image; examples/s those of training.")
    if len(analysis.arms) > 1:
        lines.append(
            f"Unbeaten on a cost: no other arm is at least as good on both {metric.name} and that cost, and better on one; "
            "an arm of which a seed diverged takes no part."
        )
    return lines
