"""Comparisons read in words: the verdict in a cell, and the sentence that says what became of an ingredient."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

import pandas as pd

from ablate import numbers
from ablate.designs import interaction as crossed
from ablate.numbers import SAME
from ablate.report import bounds
from ablate.stats import MOST_SEEDS, percent
from ablate.stats.levels import POWER
from ablate.stats.outcomes import Outcome, words
from ablate.text import counted

if TYPE_CHECKING:
    from ablate.results.frames import Results
    from ablate.results.question import Question
    from ablate.results.retuned import Retuned

DAGGER = "†"
DIVERGED = "a seed diverged"
UNSTABLE = "a run is unstable"
IF_TRUE = f", if the true difference is this one, with {100 * POWER:g} % power"
Row = Mapping[Any, Any]  # of `Analysis.comparisons`
Change = tuple[str, str, str]  # a factor, its level before and after


@dataclass(frozen=True)
class Ingredient:
    """What a factor puts into a recipe. present, absent: the levels that have it whole, and those that have none of it."""

    name: str
    plural: bool = False
    present: tuple[str, ...] = ("on", "true", "True")
    absent: tuple[str, ...] = ("off", "false", "False")


INGREDIENTS = {
    "augment": Ingredient("augmentation"),
    "ema": Ingredient("averaged weights", plural=True),
    "lrn": Ingredient("local response normalisation", present=("on", "native")),
    "weight_decay": Ingredient("weight decay", present=("scaled", "tutorial", "decoupled")),
    "fc": Ingredient("hidden dense layers", plural=True, present=("native", "two", "one"), absent=("none",)),
}


@dataclass(frozen=True)
class _Reading:
    """The words for a change: when it is made, what follows if that is better or worse, what is open if unclear."""

    when: str
    if_better: str
    if_worse: str
    open: str


def verdict(row: Row, margin: float | None, interaction: bool = False) -> str:
    """The verdict of a comparison as tables show it, with † where the interval for new images too would not give it.

    Args:
        row: of `Analysis.comparisons`.
        margin: of the study, in points; None where its metric has none.
        interaction: whether the row is an interaction of two factors, which cannot help, only be there; of one that others
            cannot be told from, no more is said than of their sum.
    """
    told, small = Outcome(row["verdict"]), "" if margin is None else f"{margin:g}"
    why = {Outcome.UNCLEAR: _limit, Outcome.NO_VERDICT: _incomplete}
    text = words(told, interaction, bool(row["aliases"])).cell.format(margin=small, why=why[told](row) if told in why else "")
    text += f" (under {small})" if row["under_margin"] else ""
    return f"{text} {DAGGER}" if row["dagger"] else text


def short(row: Row, margin: float | None, interaction: bool = False) -> str:
    """The verdict without its reason, for a table whose caption gives the rule; see `verdict`."""
    text = _REASONS.split(verdict({**row, "dagger": False}, margin, interaction))[0].removeprefix("they ")
    return f"{text} {DAGGER}" if row["dagger"] else text


_REASONS = re.compile(":| beyond | within ")
_LIMITS = {
    "diverged": DIVERGED,
    "unstable": UNSTABLE,
    "alike": "the same difference in every seed",
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
    """The interval that decides "no effect", with its level: `96.7 % interval −0.4 to +0.2`."""
    within = numbers.interval(row["equivalence_low"], row["equivalence_high"], places)
    return f"{percent(row['equivalence_level'])} interval {within}"


def _incomplete(row: Row) -> str:
    """Why there is no verdict."""
    return str(row["limit"] or "no seed is complete")


def _limit(row: Row, condition: str = "") -> str:
    """Why it is unclear. condition: of the number of seeds."""
    if row["limit"] == "images":
        return f"{_seeds_that_tell(row)}{condition}; for new images no number would"
    return _LIMITS.get(str(row["limit"])) or f"{_seeds_that_tell(row)}{condition}"


def _seeds_that_tell(row: Row) -> str:
    needed = row["seeds_needed"]
    return f"more than {MOST_SEEDS:,} seeds would be needed" if pd.isna(needed) else f"about {needed:,} seeds would tell"


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
            changed = [name for name in levels.columns if before[name] != after[name]]
            line = sentence(row, [(name, before[name], after[name]) for name in changed], question, places)
            if retuned is not None:
                line = f"{retuned.at((row['arm'], row['against']))}: {line}"
        lines.append(f"{line[0].upper()}{line[1:]}.")
    return lines


def sentence(row: Row, changes: Sequence[Change], question: "Question", places: int) -> str:
    """A comparison in words: `without augmentation, accuracy falls by 3.1 points (2.6 to 3.6), so it earns its place`.

    Args:
        row: of `Analysis.comparisons`.
        changes: what the arm changes, at least one.
        places: decimals of the report's values.
    """
    return _read(row, _reading(changes), question, places)


def _of_effect(row: Row, effect: Sequence[str], factors: Mapping[str, Sequence[str]], question: "Question", places: int) -> str:
    if len(effect) == 1:
        before, after = factors[effect[0]]
        line = "averaged over the other factors, " + _read(row, _reading([(effect[0], before, after)]), question, places)
    else:
        return (_of_sum if row["aliases"] else _of_interaction)(row, effect, question, places)
    return f"{line} (not to be told from {row['aliases']})" if row["aliases"] else line


def _of_sum(row: Row, effect: Sequence[str], question: "Question", places: int) -> str:
    """That of an interaction and of what cannot be told from it: they may cancel, so nothing is said of one alone."""
    both, points = f"the sum of {crossed(effect)} {row['aliases']}", question.metric.points
    amount = f"{both} is {numbers.signed(row['points'], places)} {points}"
    match told := Outcome(row["verdict"]):
        case Outcome.HELPS | Outcome.HURTS:
            small = f", though less than {question.margin:g} {points}" if row["under_margin"] else ""
            return f"{amount} ({numbers.interval(row['low'], row['high'], places)}), not 0{small}"
        case Outcome.NO_EFFECT:
            return f"{both} lies within ± {question.margin:g} {points} ({equivalence(row, places)})"
        case Outcome.UNCLEAR | Outcome.NO_VERDICT:
            return _open(row, f"{both} is 0", amount, question, places)
    assert_never(told)


def _of_interaction(row: Row, effect: Sequence[str], question: "Question", places: int) -> str:
    both = f"the effects of {series(effect)}"
    amount = f"the interaction {crossed(effect)} is {numbers.signed(row['points'], places)} {question.metric.points}"
    match told := Outcome(row["verdict"]):
        case Outcome.HELPS | Outcome.HURTS:
            small = f", though by less than {question.margin:g} {question.metric.points}" if row["under_margin"] else ""
            within = numbers.interval(row["low"], row["high"], places)
            return f"{both} depend on each other{small}: {amount} ({within})"
        case Outcome.NO_EFFECT:
            less = f"less than {question.margin:g} {question.metric.points} ({equivalence(row, places)})"
            return f"{both} add up: their interaction is {less}"
        case Outcome.UNCLEAR | Outcome.NO_VERDICT:
            return _open(row, f"{both} depend on each other", amount, question, places)
    assert_never(told)


def _read(row: Row, reading: _Reading, question: "Question", places: int) -> str:
    metric = question.metric
    size = f"{numbers.number(abs(row['points']), places)} {metric.points}"
    moves = f"{metric.name} {'rises' if row['points'] > 0 else 'falls'} by {size}"
    if abs(row["points"]) <= SAME:
        moves = f"{metric.name} stays the same"
    match told := Outcome(row["verdict"]):
        case Outcome.HELPS | Outcome.HURTS:
            near, far = sorted((abs(row["low"]), abs(row["high"])))
            within = numbers.interval(near, far, places, signs=False)
            small = f", though by less than {question.margin:g} {metric.points}" if row["under_margin"] else ""
            follows = reading.if_better if told == Outcome.HELPS else reading.if_worse
            return f"{reading.when}, {moves} ({within}), so {follows}{small}{_for_new_images(row, places)}"
        case Outcome.NO_EFFECT:
            less = f"{metric.name} changes by less than {question.margin:g} {metric.points} ({equivalence(row, places)})"
            return f"{reading.when}, {less}{_for_new_images(row, places)}"
        case Outcome.UNCLEAR | Outcome.NO_VERDICT:
            return _open(row, reading.open, f"{reading.when}, {moves}", question, places)
    assert_never(told)


def _open(row: Row, open_question: str, found: str, question: "Question", places: int) -> str:
    """What is not decided: what was found where no more can be said, else the question that is left open and why."""
    count, limit = int(row["n"]), row["limit"]
    if count == 0:
        return f"whether {open_question} is not known: {limit or 'no seed is complete'}"
    if count == 1:
        return f"{found} with the one seed there is, which gives no verdict"
    if limit == "diverged":
        return f"{found} in the {counted(count, 'seed')} that are complete, but a seed diverged, so these are the better ones"
    if limit == "unstable":
        return f"{found} in {counted(count, 'seed')}, but a run is unstable, so there is no verdict of no effect"
    if limit == "alike":
        return f"{found} in all {counted(count, 'seed')} alike, so there is no deviation to judge it by"
    reason = _limit(row, IF_TRUE)
    size = f"{numbers.signed(row['points'], places)} {question.metric.points}"
    within = numbers.interval(row["low"], row["high"], places)
    return f"whether {open_question} is not told by {counted(count, 'seed')} ({size}, {within}): {reason}"


def _for_new_images(row: Row, places: int) -> str:
    if not row["dagger"]:
        return ""
    small = Outcome.NO_EFFECT in (row["verdict"], row["verdict_new"])  # then the equivalence interval makes the difference
    which = "equivalence_" if small else ""
    within = numbers.interval(row[f"{which}low_new"], row[f"{which}high_new"], places)
    return f"; for new images too it would be {row['verdict_new']} ({within})"


def _reading(changes: Sequence[Change]) -> _Reading:
    """The words for what an arm changes."""
    removed = [_ingredient(name) for name, before, after in changes if _is_whole(name, before) and _is_gone(name, after)]
    added = [_ingredient(name) for name, before, after in changes if _is_gone(name, before) and _is_whole(name, after)]
    together = " together" if len(changes) > 1 else ""
    if len(removed) == len(changes):
        their, names = _Pronouns(removed), series([each.name for each in removed])
        return _Reading(
            when=f"without {names}",
            if_better=f"{their.they} {their.are} better left out{together}",
            if_worse=f"{their.they} {their.earn} {their.own} place{together}",
            open=f"{names} {their.matter}{together}",
        )
    if len(added) == len(changes):
        their, names = _Pronouns(added), series([each.name for each in added])
        return _Reading(
            when=f"with {names}",
            if_better=f"{their.they} {their.earn} {their.own} place{together}",
            if_worse=f"{their.they} {their.are} better left out{together}",
            open=f"{names} {their.matter}{together}",
        )
    if len(changes) == 1:
        name, before, after = changes[0]
        return _Reading(
            when=f"with {name}: {after} in place of {before}",
            if_better=f"{after} is better",
            if_worse=f"{before} is better",
            open=f"{name}: {after} is better or worse than {before}",
        )
    all_of_it = series([f"{name}: {before} → {after}" for name, before, after in changes])
    return _Reading(
        when=f"with {all_of_it} together",
        if_better="together they help",
        if_worse="together they hurt",
        open=f"{all_of_it} matter together",
    )


class _Pronouns:
    """The words that stand for ingredients, and the verbs that go with them."""

    def __init__(self, ingredients: Sequence[Ingredient]) -> None:
        plural = len(ingredients) > 1 or ingredients[0].plural
        self.they, self.are, self.own = ("they", "are", "their") if plural else ("it", "is", "its")
        self.earn, self.matter = ("earn", "matter") if plural else ("earns", "matters")


def _ingredient(factor: str) -> Ingredient:
    return INGREDIENTS.get(factor, Ingredient(factor))


def _is_whole(factor: str, level: str) -> bool:
    return level in _ingredient(factor).present


def _is_gone(factor: str, level: str) -> bool:
    return level in _ingredient(factor).absent
