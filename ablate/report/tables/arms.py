"""The arms one by one: their values over seeds, what they cost, and where nothing beats them."""

from collections.abc import Sequence

import pandas as pd

from ablate import numbers
from ablate.report import caveats
from ablate.report.tables.table import Column, Table, decimal, intervals, numeric, shown, wordy
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats.costs import COSTS

PLACE = 30
NO_TIME = "Training times are not compared: the arms were not interleaved on one machine."


def part(
    results: Results,
    question: Question,
    arms: pd.DataFrame,
    statuses: "pd.Series[str]",
    places: int,
    in_turns: bool,
    verdict_notes: Sequence[str] = (),
) -> Table:
    """One row an arm, in the design's order."""
    metric = question.metric
    columns = [
        wordy("arm", arms["label"]),
        numeric("seeds", arms["n"], numbers.whole),
        *_not_done(results, arms, statuses),
        decimal(f"{metric.name} ({metric.unit})", arms["mean"], places),
        decimal("SD", arms["sd"], places),
        _worst(arms, places),
        shown(intervals(arms, "low", "high", places, signs=False), "95% CI", spare=5),
        *_unstable(arms),
        *_sizes(results, arms),
    ]
    if len(arms) > 1 and _costed(arms):
        columns.append(wordy("Pareto-optimal in", _fronts(arms), spare=3))
    notes = [*([] if question.judged else verdict_notes), *_notes(results, metric.name, arms, in_turns)]
    caption = "Each arm over its seeds, and what it costs"
    return Table("arms", "The arms", tuple(columns), tuple(notes), section="arms", caption=caption)


def _not_done(results: Results, arms: pd.DataFrame, statuses: "pd.Series[str]") -> list[Column]:
    """For each arm how many of its runs have no value; no column where all have."""
    gone = results.runs["status"] != "done"
    counts = pd.crosstab(results.runs["arm"], statuses[gone]).reindex(arms["arm"], fill_value=0)
    return [wordy("not done", [numbers.listed(row) or numbers.NONE for row in counts.to_dict("records")])] if gone.any() else []


def _worst(arms: pd.DataFrame, places: int) -> Column:
    """The value of each arm's worst seed; a seed that diverged is worse than any value."""
    gone = arms["diverged"] > 0
    text = ["diverged" if lost else numbers.number(value, places) for lost, value in zip(gone, arms["worst"], strict=True)]
    return Column("worst seed", tuple(text), arms["worst"].mask(gone), spare=2)


def _unstable(arms: pd.DataFrame) -> list[Column]:
    """For each arm how many of its runs are unstable; no column where that is known of none."""
    known = arms["unstable_of"] > 0
    counts = zip(arms["unstable"], arms["unstable_of"], strict=True)
    text = [f"{seen} of {of}" if of else numbers.NONE for seen, of in counts]
    spare = 0 if arms["unstable"].any() else 1
    return [Column("unstable", tuple(text), arms["unstable"].where(known), spare=spare)] if known.any() else []


def _costed(arms: pd.DataFrame) -> bool:
    """Whether any cost of any arm is known."""
    return bool(arms[list(COSTS)].notna().any(axis=None))


def _fronts(arms: pd.DataFrame) -> list[str]:
    """For each arm the costs at which no other arm is better on both."""
    rows = arms.to_dict("records")
    return [", ".join(about.short for cost, about in COSTS.items() if row[f"front_{cost}"]) or numbers.NONE for row in rows]


def _sizes(results: Results, arms: pd.DataFrame) -> list[Column]:
    """Sizes and speed, as far as the trainer gives them."""
    columns = [("parameters", "parameters", 6), ("operations", "FLOPs", 4), ("examples_per_second", "examples/s", 1)]
    given = [one for one in columns if results.sweep.trainer is None or arms[one[0]].notna().any()]
    return [numeric(heading, arms[name], numbers.whole, spare=spare) for name, heading, spare in given]


def _notes(results: Results, metric: str, arms: pd.DataFrame, in_turns: bool) -> list[str]:
    lines = []
    if (arms["n"] > 1).any():
        lines.append(
            "SD: standard deviation over seeds. 95% CI: t-interval for the mean of one arm. To compare two arms, use their "
            "difference, not whether these intervals overlap."
        )
    if (arms["unstable_of"] > 0).any():
        lines.append(
            "Unstable: a run that ends more than 3 pp, and more than its evaluation noise explains, below its best earlier "
            f"mean of five consecutive evaluations. {caveats.rates(arms)}"
        )
    if results.sweep.trainer is None:
        lines.append("FLOPs: additions and multiplications for one image, forward. examples/s: during training.")
    if len(arms) > 1 and _costed(arms):
        lines.append(
            f"Pareto-optimal in a cost: no other arm is at least as good in both {metric} and that cost and better in one. "
            "Arms with a diverged seed are excluded."
        )
        if not in_turns and arms["seconds"].notna().any():
            lines.append(NO_TIME)
    return lines
