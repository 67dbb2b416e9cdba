"""The table that a report is for: each change, its difference, how sure that is, and the verdict."""

import math
from collections.abc import Sequence

import pandas as pd

from ablate import numbers, stats
from ablate.numbers import counted
from ablate.report import caveats, sentences
from ablate.report.tables.table import Column, Table, numeric, shown, wordy
from ablate.results.analysis import Analysis

NAME = "verdicts"
NEW_IMAGES = "new images too"
OTHER = "compared with"


def table(analysis: Analysis) -> Table:
    """One row a comparison that is judged; no rows where nothing is compared."""
    question, frame, places = analysis.question, analysis.comparisons, analysis.places
    columns = [
        *whats(analysis),
        numeric("seeds", frame["n"], numbers.whole),
        numeric("difference", frame["points"], lambda value: numbers.signed(value, places)),
        shown(intervals(frame, "low", "high", places), f"{stats.percent(question.level)} interval"),
        wordy("verdict", verdicts(analysis)),
    ]
    if frame["low_new"].notna().any():
        columns.append(shown(intervals(frame, "low_new", "high_new", places), NEW_IMAGES, spare=1))
    return Table(NAME, "What each change is worth", tuple(columns), tuple(notes(analysis)))


def whats(analysis: Analysis) -> list[Column]:
    """What is compared, a row a comparison; and with what, where that is not one and the same arm, nor as the design has it."""
    frame = analysis.comparisons
    columns = [wordy("effect" if analysis.question.effects else "change", names(frame))]
    return [*columns, wordy(OTHER, frame["against_label"])] if has_others(analysis) else columns


def has_others(analysis: Analysis) -> bool:
    """Whether arms are compared with different ones and not as the design has it, as in sweeps that were joined."""
    others = {other for _, other in analysis.question.pairs}
    return len(others) > 1 and analysis.partner is None


def names(frame: pd.DataFrame) -> list[str]:
    """What is compared in each row, with what it cannot be told from."""
    return [f"{name} {aliases}".strip() for name, aliases in zip(frame["name"], frame["aliases"], strict=True)]


def left_unclear(analysis: Analysis) -> list[str]:
    """What is unclear for no other reason than that a seed diverged."""
    frame = analysis.comparisons
    return names(frame[frame["limit"] == "diverged"])


def verdicts(analysis: Analysis) -> list[str]:
    """The verdict on each comparison, as text."""
    question = analysis.question
    crossed = [len(effect) > 1 for effect in question.effects] or [False] * len(question.pairs)
    rows = analysis.comparisons.to_dict("records")
    return [sentences.verdict(row, question.margin, cross) for row, cross in zip(rows, crossed, strict=True)]


def intervals(frame: pd.DataFrame, low: str, high: str, places: int, signs: bool = True) -> list[str]:
    """An interval for each row, from the columns of its bounds."""
    return [numbers.interval(*bounds, places, signs) for bounds in zip(frame[low], frame[high], strict=True)]


def notes(analysis: Analysis) -> list[str]:
    """The lines under the table: what is compared, the rule, and what the table must not be taken for."""
    question = analysis.question
    lines = [compared(analysis)]
    if question.effects:
        lines += about_effects(analysis)
    if question.judged:
        what = "effect" if question.effects else "difference"
        planned, new = not question.exploratory, bool(analysis.comparisons["low_new"].notna().any())
        fixed = sentences.when_fixed(analysis) if planned else ""
        planned = planned and not caveats.interim(
            analysis.results, analysis.question
        )  # a look that was not planned is not counted
        given = (question.judged, question.looks, question.margin, question.metric.points)
        lines += stats.rule(*given, what, fixed, planned, new)
    lines += exploratory(analysis)
    equal = stats.equal_compute(analysis.results.runs)
    said = [
        line
        for line in (
            caveats.interim(analysis.results, analysis.question),
            caveats.earlier(analysis.results, analysis.begun_earlier),
            equal,
        )
        if line
    ]
    return [*lines, *incomplete(analysis), *caveats.doubts(analysis.names, analysis.predictions), *said, *one_arm(analysis)]


def exploratory(analysis: Analysis) -> list[str]:
    """A line that says what was changed after training; none where all is as planned."""
    changes = "; ".join(analysis.question.changes)
    return [f"Exploratory: changed after training ({changes}), so no verdict here is a test."] if changes else []


def compared(analysis: Analysis) -> str:
    """What is compared with what: metric, evaluation set, step, weights."""
    question = analysis.question
    steps, weights = sorted(set(question.steps)), set(question.weights)
    at = f"step {steps[0]:,}" if len(steps) == 1 else f"each arm's own step ({', '.join(f'{step:,}' for step in steps)})"
    read = f" with {weights.pop()} weights" if len(weights) == 1 else ""
    line = f"{question.metric.name.capitalize()} on the {question.evaluation_set} set at {at}{read}"
    if not question.judged:
        return f"{line}; nothing is compared."
    if question.effects:
        return f"{line}; effects in {question.metric.points}, computed within each seed."
    return f"{line}; differences in {question.metric.points}, paired by seed, each against {partner(analysis)}."


def partner(analysis: Analysis) -> str:
    """What differences are taken to."""
    if has_others(analysis):
        return "the arm named beside it"
    return str(analysis.partner or analysis.names[analysis.question.pairs[0][1]])


def about_effects(analysis: Analysis) -> list[str]:
    """What an effect is, and which arms it is made of."""
    sweep = analysis.results.sweep
    count, combinations = len(sweep.arms), math.prod(map(len, sweep.factors.values()))
    lines = [
        f"Each effect is a contrast of means over all {count} arms: for a factor, the arms with its second level minus those "
        "with its first; for an interaction a x b, the arms where both factors have their first level or both their second, "
        "minus the others, which is half of how much one's effect changes when the other is switched: alone in its row, "
        "0 means that the two add up, and an interval without 0 that they depend on each other."
    ]
    if (analysis.comparisons["aliases"] != "").any():
        lines.append("Effects named together in a row cannot be told apart: the number is their sum, with the signs shown.")
    fraction = sweep.fraction
    if fraction is None:
        return lines
    if fraction.resolution is None:
        return [*lines, f"The arms are all {combinations} combinations of levels: no fraction has the resolution asked for."]
    return [
        *lines,
        f"The arms are {count} of the {combinations} combinations of levels, a fraction of resolution "
        f"{fraction.resolution}: {'; '.join(fraction.generators)} (first level −1, second +1). Interactions of three "
        "and more factors are taken as none.",
    ]


def incomplete(analysis: Analysis) -> list[str]:
    """What there is too little of: runs without a value, seeds that only one arm of a comparison has, arms of one seed."""
    seeds, most = len(analysis.results.sweep.seeds), analysis.comparisons["n"].max()
    lines = not_there(analysis)
    if seeds == 1 and most == 1:
        lines.append("There is one seed, which gives no verdict.")
    elif most < 2:
        lines.append("No comparison has two seeds that are complete, so there is no verdict.")
    return lines


def not_there(analysis: Analysis, what: Sequence[str] | None = None, n: "pd.Series[int] | None" = None) -> list[str]:
    """How many runs have no value, and what has fewer seeds than the sweep.

    Args:
        what, n: the rows of a table and the seeds of each; the comparisons, where they are not given.
    """
    frame, runs = analysis.comparisons, analysis.results.runs
    what, n = names(frame) if what is None else what, frame["n"] if n is None else n
    seeds = len(analysis.results.sweep.seeds)
    lines = []
    told = analysis.statuses[runs["status"] != "done"]
    if counts := numbers.listed(told.value_counts(sort=False).sort_index().to_dict()):
        lines.append(f"Runs without a value: {counts}, of {len(runs):,}.")
    few = [f"{name} ({has})" for name, has in zip(what, n, strict=True) if has < seeds]
    if len(few) == len(n) > 1 and (n == n.iloc[0]).all():
        few = [f"all ({n.iloc[0]})"]
    if few:
        lines.append(f"Compared over fewer than the {counted(seeds, 'seed')} of the sweep: {'; '.join(few)}.")
    return lines


def one_arm(analysis: Analysis) -> list[str]:
    """Arms that are one: the same training, read the same way."""
    return [
        f"{analysis.names[arm]} is the same training and readout as {analysis.names[other]}, so the two are one arm."
        for arm, other in analysis.results.sweep.same_arms
    ]
