"""The table of two sweeps side by side."""

from ablate import numbers, stats
from ablate.readout import END
from ablate.report import bounds, footnotes
from ablate.report.sentences import DIVERGED, less
from ablate.report.tables.table import Table, intervals, numeric, shown, signed, wordy
from ablate.results.compare import Comparison
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.text import counted


def table(comparison: Comparison) -> Table:
    """Each change with its effect in both sweeps, and whether it is the same."""
    frame, margin, points = comparison.frame, comparison.margin, comparison.metric.points
    places = numbers.decimals(frame["sd"])
    first, second = comparison.names
    columns = (
        wordy("change", frame["change"]),
        numeric("seeds", frame["n"], numbers.whole),
        signed("in the first", frame["first"], places),
        signed("in the second", frame["second"], places),
        signed("difference", frame["points"], places),
        shown(
            intervals(bounds.readable(frame, comparison.metric), "low", "high", places),
            f"{stats.percent(comparison.level)} CI",
        ),
        wordy("verdict", _verdicts(comparison)),
    )
    shared = counted(len(frame), "change")
    notes = [
        f"First: {first}. Second: {second}. Effects in {points} over the seeds that both sweeps have, each change taken in the "
        "second sweep's direction.",
        "Paired t-intervals over seeds on the difference of the two effects, Bonferroni-adjusted for "
        f"{shared} ({stats.percent(comparison.level)} each).",
        f"{SHOWN[Outcome.HELPS].twice}: the CI excludes 0, so the change has different effects in the two sweeps.",
    ]
    if margin is not None:
        narrower = stats.equivalence_percents([comparison.level])
        notes.append(
            f"{SHOWN[Outcome.NO_EFFECT].twice}: the narrower {narrower} equivalence CI (two one-sided tests) lies within "
            f"± {margin:g} {points}."
        )
    notes.append(
        f"{Outcome.INCONCLUSIVE}: anything else, and any change with a diverged seed in one of its four arms, since only the "
        f"better seeds are left. One seed gives {Outcome.NO_VERDICT}."
    )
    sides = list(zip(comparison.names, (comparison.first, comparison.second), strict=True))
    steps = [
        " and ".join("the end" if step == END else f"{step:,}" for step in sorted(set(analysis.question.steps)))
        for _, analysis in sides
    ]
    if steps[0] != steps[1]:
        notes.append(
            f"The first is evaluated at step {steps[0]}, the second at {steps[1]}; this alone may explain a difference."
        )
    for name, analysis in sides:
        notes += [f"{name} is exploratory: {change}" for change in analysis.question.why_exploratory]
        notes += [f"{name}: {line}" for line in analysis.fill(footnotes.incomplete)]
    return Table("interplay", "The same changes in two sweeps", columns, tuple(notes))


def _verdicts(comparison: Comparison) -> list[str]:
    smaller = "" if comparison.margin is None else f" {less(comparison.margin)}"
    rows = comparison.frame[["verdict", "under_margin", "diverged"]].itertuples(index=False)
    return [
        f"{Outcome.INCONCLUSIVE}: {DIVERGED}"
        if verdict == Outcome.INCONCLUSIVE and gone
        else f"{verdict}{smaller if small else ''}"
        for verdict, small, gone in rows
    ]
