"""What stands beside the verdicts and decides nothing: p-values, published numbers, single networks, steps to an accuracy."""

from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report.tables.table import Table, numeric, shown, wordy
from ablate.report.tables.verdicts import intervals, whats
from ablate.results.analysis import Analysis
from ablate.results.published import TELLING


def p_values(analysis: Analysis) -> Table | None:
    """Plain intervals and p-values of what is judged; None where no comparison has two seeds."""
    frame, places = analysis.comparisons, analysis.places
    if not (frame["n"] > 1).any():
        return None
    columns = (
        *whats(analysis),
        numeric("sd of differences", frame["sd"], lambda value: numbers.number(value, places)),
        shown(intervals(frame, "low95", "high95", places), "plain 95 % interval"),
        numeric("p (Student)", frame["p"], numbers.p_value),
        numeric("p (sign flips)", frame["p_signflip"], numbers.p_value),
        numeric("smallest it can be", frame["p_smallest"], numbers.p_value),
    )
    notes = (
        "For readers who want them; none decides anything here. They are plain: not shared among the comparisons. The p of "
        "sign flips is exact; with few seeds it cannot be smaller than shown.",
    )
    return Table("p_values", "Plain intervals and p-values", columns, notes)


def published(analysis: Analysis) -> Table | None:
    """Published accuracies beside ours; None where no arm is a published one."""
    frame, places = analysis.published, analysis.places
    if frame.empty:
        return None
    columns = (
        wordy("arm", [analysis.names[arm] for arm in frame["arm"]]),
        numeric("published (%)", frame["published"], lambda value: numbers.number(value, 1)),
        numeric("seeds", frame["n"], numbers.whole),
        numeric("ours (%)", frame["mean"], lambda value: numbers.number(value, places)),
        shown(intervals(frame, "low", "high", places, signs=False), "95 % of new runs"),
        wordy("what it tells", frame["told"]),
        wordy("source", frame["source"]),
    )
    notes = (
        "95 % of new runs: the interval that one more run of ours falls into with a chance of 95 %, with ± 0.05 for the "
        "rounding of what was published. Inside: one published run is what we would expect to see; where the interval is wider "
        f"than ± {TELLING:g} points, other recipes would lie inside as well, so it does not tell.",
    )
    return Table("published", "Published beside ours", columns, notes)


def networks(analysis: Analysis) -> Table | None:
    """McNemar's test for every pair of trained networks; None where predictions are not known."""
    frame = analysis.networks
    if frame.empty:
        return None
    columns = (
        wordy("change", [analysis.names[arm] for arm in frame["arm"]]),
        numeric("seed", frame["seed"], str),
        numeric("right: only this arm", frame["only_arm"], numbers.whole),
        numeric("right: only what it is compared with", frame["only_against"], numbers.whole),
        numeric("p (McNemar)", frame["p"], numbers.p_value),
    )
    notes = (
        "Whether these two networks differ on these images, not whether the change matters: trained again, both would be "
        "others.",
    )
    return Table("networks", "Pairs of networks", columns, notes)


def reach(analysis: Analysis) -> Table | None:
    """When each arm reaches `Analysis.target`; None where there are no evaluations, or another metric is asked for."""
    frame = analysis.reach
    if analysis.results.evaluations.empty or pd.isna(analysis.target) or analysis.question.metric.name != "accuracy":
        return None
    why = ", the lowest mean of an arm at its end, rounded down" if analysis.question.target is None else ""
    spans = [_span(first, last) for first, last in frame[["first", "last"]].itertuples(index=False)]
    columns = (
        wordy("arm", [analysis.names[arm] for arm in frame["arm"]]),
        shown([f"{row.reached} of {row.seeds}" for row in frame.itertuples(index=False)], "seeds that reach it"),
        numeric("median step", frame["step"], numbers.whole),
        shown(spans, "first to last"),
    )
    notes = (
        f"The first evaluation with at least {analysis.target:g} %{why}. Seeds without a value at the end do not reach it; the "
        "median is over those that do. The first of many evaluations is a lucky one: no verdict.",
    )
    return Table("reach", "Steps to an accuracy", columns, notes)


def _span(first: Any, last: Any) -> str:
    return numbers.whole(first) if pd.isna(first) or first == last else f"{numbers.whole(first)} to {numbers.whole(last)}"
