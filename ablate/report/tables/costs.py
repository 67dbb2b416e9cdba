"""What each compared arm costs more or less than what it is compared with."""

import pandas as pd

from ablate import numbers
from ablate.report import naming
from ablate.report.footnotes import not_there
from ablate.report.tables.table import Column, Table, signed, wordy
from ablate.report.tables.verdicts import OTHER
from ablate.results.frames import Results
from ablate.results.question import Question

PLACE = 40
HEADINGS = {
    "parameters": "parameters",
    "operations": "FLOPs",
    "bytes": "bytes",
    "seconds": "seconds of training",
    "examples_per_second": "examples/s",
}
NOTE = (
    "Each cost is compared with the same arm as accuracy is. FLOPs: for one image, forward. Bytes: of the parameters. Seconds "
    "of training and examples/s: means over the seeds that both arms have, on the machines used."
)

OTHER_HOURS = "The arms were not interleaved on one machine, so differences in time may come from the machine or its load."


def part(
    results: Results,
    question: Question,
    arms: pd.DataFrame,
    comparisons: pd.DataFrame,
    statuses: "pd.Series[str]",
    names: dict[int, str],
    partner: str | None,
    places: int,
    in_turns: bool,
) -> Table | None:
    """A row a compared arm; None where no cost differs."""
    frame = arms[arms["against"].notna()].reset_index(drop=True)
    if not frame[[f"{cost}_difference" for cost in HEADINGS]].fillna(0).abs().gt(0).any(axis=None):
        return None
    gained = frame[["arm", "against"]].astype("Int64").merge(comparisons, how="left", on=["arm", "against"])["points"]
    others = [wordy(OTHER, [names[int(other)] for other in frame["against"]])]
    columns = [
        wordy("change", frame["label"]),
        *(others if naming.has_others(question, partner) else []),
        signed(question.metric.name, gained, places),
        *(_cost(frame, cost, heading) for cost, heading in HEADINGS.items()),
    ]
    notes = (
        NOTE,
        *([] if in_turns else [OTHER_HOURS]),
        *not_there(results, statuses, naming.compared(comparisons), comparisons["n"]),
    )
    return Table("costs", "What each change costs", tuple(columns), notes, section="costs")


def _cost(frame: pd.DataFrame, cost: str, heading: str) -> Column:
    differences = frame[f"{cost}_difference"]
    amounts = zip(differences, differences + frame[f"{cost}_against"], strict=True)
    return Column(heading, tuple(numbers.change(*amount) for amount in amounts), differences)
