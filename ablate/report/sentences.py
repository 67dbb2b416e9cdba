"""Comparisons read in words: the verdict in a cell, and the sentence that says what came of a change."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, assert_never

import pandas as pd

from ablate import numbers
from ablate.confidence import CONFIDENCE, POWER
from ablate.designs import phrases
from ablate.designs.phrases import Change
from ablate.numbers import SAME
from ablate.report import bounds
from ablate.stats import MOST_SEEDS, percent
from ablate.stats.outcomes import SHOWN, Outcome, words
from ablate.text import capital, counted

if TYPE_CHECKING:
    from ablate.results.frames import Results
    from ablate.results.question import Question
    from ablate.results.retuned import Retuned

DAGGER = "†"
DIVERGED = "a seed diverged"
UNSTABLE = "a run is unstable"
IF_TRUE = f" if the true difference is this one ({100 * POWER:g}% power)"
Row = Mapping[Any, Any]  # of `Analysis.comparisons`


def verdict(row: Row, margin: float | None, interaction: bool = False) -> str:
    """The verdict of a comparison as tables show it, with † where the interval for new images too would not give it.

    Args:
        row: of `Analysis.comparisons`.
        margin: of the study, in points; None where its metric has none.
        interaction: whether the row is an interaction of two factors, which cannot help, only be there; of one that others
            cannot be told from, no more is said than of their sum.
    """
    told, small = Outcome(row["verdict"]), "" if margin is None else f"{margin:g}"
    why = {Outcome.INCONCLUSIVE: _limit, Outcome.NO_VERDICT: _incomplete}
    text = words(told, interaction, bool(row["aliases"])).format(margin=small, why=why[told](row) if told in why else "")
    text += f" {less(margin)}" if margin is not None and row["under_margin"] else ""
    return f"{text} {DAGGER}" if row["dagger"] else text


def less(margin: float) -> str:
    """What is said behind a verdict of a difference that is smaller than the margin."""
    return f"(by less than {margin:g})"


def short(row: Row, margin: float | None, interaction: bool = False) -> str:
    """The verdict without its reason, for a table whose caption gives the rule; see `verdict`."""
    text = _REASONS.split(verdict({**row, "dagger": False}, margin, interaction))[0]
    return f"{text} {DAGGER}" if row["dagger"] else text


_REASONS = re.compile(r":| \(within ")
_LIMITS = {
    "diverged": DIVERGED,
    "unstable": UNSTABLE,
    "alike": "every seed gave the same difference",
}


def series(names: Sequence[str]) -> str:
    """Names one after another, as in `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def when_fixed(retuned: "Retuned | None", begun_earlier: int | None) -> str:
    """When what is judged was fixed, as far as that is known."""
    if retuned is not None:
        return "after the tuning, " + ("before measuring" if begun_earlier == 0 else "when measuring was planned")
    return "before training" if begun_earlier == 0 else "when the sweep was planned"


def equivalence(row: Row, places: int) -> str:
    """The interval that decides "no effect", with its level: `96.7% equivalence CI −0.4 to +0.2`."""
    within = numbers.interval(row["equivalence_low"], row["equivalence_high"], places)
    return f"{percent(row['equivalence_level'])} equivalence CI {within}"


def adjusted(row: Row, places: int) -> str:
    """The interval that decides helps and hurts, with its level: `98.3% adjusted CI −0.4 to +0.2`; empty without one."""
    within = numbers.interval(row["low"], row["high"], places)
    if within == numbers.NONE:
        return ""
    if within == numbers.TOO_FEW:
        return within
    return f"{percent(row['level'])} {'' if math.isclose(row['level'], CONFIDENCE) else 'adjusted '}CI {within}"


def _incomplete(row: Row) -> str:
    """Why there is no verdict."""
    return str(row["limit"] or "no seed is complete")


def _limit(row: Row, condition: str = "") -> str:
    """Why it is inconclusive. condition: of the number of seeds."""
    if row["limit"] == "images":
        return f"{_settled_by(row)}{condition}; for new images, no number would"
    return _LIMITS.get(str(row["limit"])) or f"{_settled_by(row)}{condition}"


def _settled_by(row: Row) -> str:
    needed = row["seeds_needed"]
    return f"more than {MOST_SEEDS:,} seeds would be needed" if pd.isna(needed) else f"about {needed:,} seeds would settle it"


def sentences(
    results: "Results",
    question: "Question",
    comparisons: pd.DataFrame,
    levels: pd.DataFrame,
    retuned: "Retuned | None",
    places: int,
) -> list[str]:
    """A sentence for each comparison of a report, in their order."""
    lines = []
    for number, row in enumerate(bounds.readable(comparisons, question.metric).to_dict("records")):
        if question.effects:
            line = _of_effect(row, question.effects[number], results.sweep.factors, question, places)
        else:
            before, after = levels.loc[row["against"]], levels.loc[row["arm"]]
            changed = [(name, before[name], after[name]) for name in levels.columns if before[name] != after[name]]
            line = sentence(row, changed, question, places)
            if retuned is not None:
                line = f"{retuned.at((row['arm'], row['against']))}: {line}"
        lines.append(capital(line))
    return lines


def sentence(row: Row, changes: Sequence[Change], question: "Question", places: int) -> str:
    """A comparison in words, without a capital: `no augmentation hurts: −3.10 pp (95% adjusted CI −3.62 to −2.58).`

    Args:
        row: of `Analysis.comparisons`.
        changes: what the arm changes, at least one.
        places: decimals of the report's values.
    """
    return _read(row, changes, question, places)


def _of_effect(row: Row, effect: Sequence[str], factors: Mapping[str, Sequence[str]], question: "Question", places: int) -> str:
    if len(effect) == 1:
        before, after = factors[effect[0]]
        changes = [(effect[0], before, after)]
        line = _read(row, changes, question, places)
        return f"averaged over the other factors, {line}" + (f" Aliased with {row['aliases']}." if row["aliases"] else "")
    names = [phrases.ingredient(each).name for each in effect]
    if row["aliases"]:
        both = f"the sum of {' × '.join(names)} {row['aliases']}"
        return _of_several(row, f"{both} is not 0", f"{both} is 0", both, question, places)
    both = series(names)
    return _of_several(row, f"{both} interact", f"{both} add up: no interaction", f"interaction of {both}", question, places)


def _of_several(row: Row, there: str, none: str, what: str, question: "Question", places: int) -> str:
    """That of an interaction, or of the sum of those that are aliased: they may cancel, so nothing is said of one alone.

    Args:
        there, none, what: that it is not 0, that it is 0 within the margin, and what it is.
    """
    match Outcome(row["verdict"]):
        case Outcome.HELPS | Outcome.HURTS:
            return f"{there}: {_amount(row, question, places)}{_small(row, question)}."
        case Outcome.NO_EFFECT:
            return f"{none}: {_equal(row, question, places)}."
        case Outcome.INCONCLUSIVE | Outcome.NO_VERDICT as told:
            return f"{what}: {_open(row, told, question, places)}"
        case told:
            assert_never(told)


def _read(row: Row, changes: Sequence[Change], question: "Question", places: int) -> str:
    several = len(changes) > 1
    what = series([phrases.phrase(each) for each in changes]) + (" together" if several else "")
    match Outcome(row["verdict"]):
        case Outcome.HELPS | Outcome.HURTS as told:
            plural = several or (phrases.is_removed(changes[0]) and phrases.ingredient(changes[0][0]).plural)
            verb = SHOWN[told].plural if plural else str(told)
            return f"{what} {verb}: {_amount(row, question, places)}{_small(row, question)}.{_for_new_images(row, places)}"
        case Outcome.NO_EFFECT as told:
            none = f"{what} have {told}" if several else f"{told} of {phrases.subject(changes)}"
            return f"{none}: {_equal(row, question, places)}.{_for_new_images(row, places)}"
        case Outcome.INCONCLUSIVE | Outcome.NO_VERDICT as told:
            return f"{what}: {_open(row, told, question, places)}"
        case told:
            assert_never(told)


def _amount(row: Row, question: "Question", places: int) -> str:
    """The difference, with the interval that decides whether it is one."""
    within = adjusted(row, places)
    return f"{numbers.signed(row['points'], places)} {question.metric.points}" + (f" ({within})" if within else "")


def _equal(row: Row, question: "Question", places: int) -> str:
    """The difference, with the interval that decides that it is none."""
    amount = f"{numbers.signed(row['points'], places)} {question.metric.points}"
    return f"{amount} ({equivalence(row, places)}), within the ± {question.margin:g} {question.metric.points} margin"


def _small(row: Row, question: "Question") -> str:
    return f", smaller than the ± {question.margin:g} {question.metric.points} margin" if row["under_margin"] else ""


def _open(row: Row, told: Outcome, question: "Question", places: int) -> str:
    """Why it is not decided: `inconclusive with 3 seeds, −1.6 pp (…). About 60 seeds would settle it.`"""
    count, limit = int(row["n"]), row["limit"]
    if count == 0:
        return f"{Outcome.NO_VERDICT} ({limit or 'no seed is complete'})."
    size = f"{numbers.signed(row['points'], places)} {question.metric.points}"
    if count == 1:
        return f"{size} with one seed, which gives no verdict."
    if abs(row["points"]) <= SAME:
        size = f"{question.metric.name} is the same"
    if limit == "diverged":
        return f"{told}, because a seed diverged and the {counted(count, 'seed')} left are the better ones ({size})."
    if limit == "unstable":
        return f"{told}, because a run is unstable ({size} over {counted(count, 'seed')})."
    if limit == "alike":
        return (
            f"{told}, because all {counted(count, 'seed')} give the same difference ({size}), so there is no SD to judge it by."
        )
    if told == Outcome.NO_VERDICT:
        return f"{told}, {limit} ({size} over {counted(count, 'seed')} so far)."
    reason = _limit(row, IF_TRUE)
    return f"{told} with {counted(count, 'seed')}, {_amount(row, question, places)}. {reason[0].upper()}{reason[1:]}."


def _for_new_images(row: Row, places: int) -> str:
    if not row["dagger"]:
        return ""
    small = Outcome.NO_EFFECT in (row["verdict"], row["verdict_new"])  # then the equivalence interval makes the difference
    which = "equivalence_" if small else ""
    within = numbers.interval(row[f"{which}low_new"], row[f"{which}high_new"], places)
    return f" For new images too: {row['verdict_new']} (CI {within})."
