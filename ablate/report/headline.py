"""The headline of a report: what was found, in one sentence that names the changes that matter."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from ablate import numbers
from ablate.designs import STORE, TUNING, phrases
from ablate.report.next_step import subject
from ablate.report.sentences import DAGGER, series
from ablate.results.retuned import OWN, SHARED
from ablate.stats.outcomes import DIFFERS, Outcome
from ablate.text import capital, counted

if TYPE_CHECKING:
    from ablate.results.frames import Results
    from ablate.results.question import Question

MOST_NAMED = 3  # changes of one verdict that the headline names
Row = dict[Any, Any]


class Piece(NamedTuple):
    """A part of the headline.

    text: as it stands there. row: the number of the comparison that it is about, None for words between. outcome: of that.
    """

    text: str
    row: int | None = None
    outcome: Outcome | None = None


def headline(results: "Results", question: "Question", comparisons: pd.DataFrame) -> tuple[Piece, ...]:
    """What was found, in one sentence: gains first, then costs, then what has no effect; what is open where nothing is decided.

    Args:
        comparisons: of `Analysis`.

    Returns:
        The pieces in order; their texts together are the sentence.
    """
    rows = comparisons.to_dict("records")
    if not rows:
        return (Piece(nothing(results)),)
    told = [(number, row, Outcome(row["verdict"])) for number, row in enumerate(rows)]
    crossed = question.interactions
    clauses = [
        clause
        for clause in (
            _moved(results, question, [each for each in told if each[2] in DIFFERS and not crossed[each[0]]]),
            _unmoved(results, question, [each for each in told if each[2] == Outcome.NO_EFFECT and not crossed[each[0]]]),
            _interacting(question, [each for each in told if each[2] in DIFFERS and crossed[each[0]]]),
        )
        if clause
    ]
    if not clauses:
        return (Piece(_open(results, question, [(row, outcome) for _, row, outcome in told])),)
    pieces = [piece for number, clause in enumerate(clauses) for piece in ([Piece("; ")] if number else []) + clause]
    first = pieces[0]
    return (first._replace(text=capital(first.text)), *pieces[1:], Piece("."))


def nothing(results: "Results") -> str:
    """Why nothing is judged."""
    sweep = results.sweep
    if sweep.design == STORE:
        return "Nothing was compared: a store has no plan of what to compare. --baseline compares all arms with one."
    if sweep.design == TUNING:
        return "Nothing was compared: this is where learning rates are chosen, each arm by itself, on validation images."
    return f"Nothing was compared: {'there is one arm' if len(sweep.arms) == 1 else 'all arms are one'}."


def answer(results: "Results", question: "Question", comparisons: pd.DataFrame) -> str:
    """What was found, in a sentence, and what is open in another."""
    if comparisons.empty:
        return nothing(results)
    found = text(headline(results, question, comparisons)) + _for_new_images(comparisons)
    open_ones = comparisons["verdict"].isin([Outcome.INCONCLUSIVE, Outcome.NO_VERDICT])
    if open_ones.all() or not open_ones.any():
        return found
    named = [subject(results, question, comparisons, int(row)) for row in open_ones.to_numpy().nonzero()[0]]
    more = f", and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{found} Inconclusive: {', '.join(named[:MOST_NAMED])}{more}."


def _for_new_images(comparisons: pd.DataFrame) -> str:
    """What the dagger of the table stands for, where it has one."""
    others = comparisons.loc[comparisons["dagger"], "verdict_new"].drop_duplicates().tolist()
    return f" {DAGGER} For new test images too: {' or '.join(others)}." if others else ""


def text(pieces: Sequence[Piece]) -> str:
    """The sentence as plain text."""
    return "".join(piece.text for piece in pieces)


_Told = tuple[int, Row, Outcome]


def _moved(results: "Results", question: "Question", told: Sequence[_Told]) -> list[Piece]:
    """`dropping EMA costs 2.8 pp and a center crop 1.4`: the changes that help, the largest first, then those that hurt."""
    groups: list[list[Piece]] = []
    for outcome in DIFFERS:
        found = sorted((each for each in told if each[2] == outcome), key=lambda each: -abs(each[1]["points"]))
        parts: list[list[Piece]] = []
        for place, (number, row, _) in enumerate(found[:MOST_NAMED]):
            size = numbers.number(abs(row["points"]), 1 if question.metric.points == "pp" else 2)
            unit = "" if groups or place else f" {_UNITS.get(question.metric.points, question.metric.points)}"
            verb = "" if place else f"{_verbs(question, _is_several(results, question, number))[outcome]} "
            subject = Piece(f"{_doing(results, question, number)}{_rate(row)} ")
            parts.append([subject, Piece(f"{verb}{size}{unit}", number, outcome)])
        more = len(found) - MOST_NAMED
        if more > 0:
            parts.append([Piece(f"{more} more {'does' if more == 1 else 'do'} so too")])
        if parts:
            groups.append(_listed(parts))
    return _joined(groups, ", ")


def _rate(row: Row) -> str:
    """At which learning rate, where arms have two."""
    return {SHARED: " at the shared lr", OWN: " at each arm's best lr"}.get(row.get("rates", ""), "")


_UNITS = {"pp": "percentage points"}


def _verbs(question: "Question", several: bool) -> dict[Outcome, str]:
    """What a change does that helps or hurts, or what several do."""
    name, s = question.metric.name, "" if several else "s"
    if question.metric.better < 0:
        return {Outcome.HELPS: f"lower{s} {name} by", Outcome.HURTS: f"raise{s} {name} by"}
    if name == "accuracy":
        return {Outcome.HELPS: f"gain{s}", Outcome.HURTS: f"cost{s}"}
    return {Outcome.HELPS: f"raise{s} {name} by", Outcome.HURTS: f"lower{s} {name} by"}


def _unmoved(results: "Results", question: "Question", told: Sequence[_Told]) -> list[Piece]:
    """`LRN and weight decay have no effect`."""
    if not told:
        return []
    subjects = [
        [Piece((_doing if len(_changes(results, question, number)) > 1 else _subject)(results, question, number))]
        for number, _, _ in told[:MOST_NAMED]
    ]
    more = len(told) - MOST_NAMED
    if more > 0:
        subjects.append([Piece(f"{more} more")])
    verb = "has" if len(told) == 1 and not _is_plural(results, question, told[0][0]) else "have"
    return [*_listed(subjects), Piece(f" {verb} "), Piece(str(Outcome.NO_EFFECT), told[0][0], Outcome.NO_EFFECT)]


def _interacting(question: "Question", told: Sequence[_Told]) -> list[Piece]:
    """`augmentation and EMA interact`."""
    if not told:
        return []
    number, row, outcome = told[0]
    if row["aliases"]:
        return [Piece(f"{len(told)} of the interactions {'is' if len(told) == 1 else 'are'} not 0", number, outcome)]
    names = series([phrases.ingredient(each).name for each in question.effects[number]])
    more = f", and {counted(len(told) - 1, 'more pair')} too" if len(told) > 1 else ""
    return [Piece(f"{names} "), Piece("interact", number, outcome), Piece(more)]


def _open(results: "Results", question: "Question", told: Sequence[tuple[Row, Outcome]]) -> str:
    """What is said where nothing is decided."""
    seeds = max(int(row["n"]) for row, _ in told)
    missing = int((results.runs["status"] == "missing").sum())
    if missing:
        return f"No verdict yet: {missing:,} of {counted(len(results.runs), 'run')} {'is' if missing == 1 else 'are'} missing."
    if seeds == 1:
        return "No verdict: one seed cannot tell a change from luck."
    if all(outcome == Outcome.NO_VERDICT for _, outcome in told):
        return "No verdict: no comparison has two complete seeds."
    if all(row["limit"] == "alike" for row, _ in told):
        return f"Inconclusive: {_alike(question, told)}, so there is no SD to judge by."
    if len(told) == 1:
        return f"Inconclusive: {counted(seeds, 'seed')} cannot settle {_subject(results, question, 0)}."
    return f"Inconclusive: {counted(seeds, 'seed')} cannot settle any of {counted(len(told), 'comparison')}."


def _alike(question: "Question", told: Sequence[tuple[Row, Outcome]]) -> str:
    """That no difference varies from seed to seed."""
    if all(abs(row["points"]) <= numbers.SAME for row, _ in told):
        return f"{'both' if len(told) == 1 else 'all'} arms gave the same {question.metric.name} in every seed"
    return f"every seed gave the same difference{'' if len(told) == 1 else 's'}"


def _changes(results: "Results", question: "Question", number: int) -> list[phrases.Change]:
    if question.effects:
        factor = question.effects[number][0]
        before, after = results.sweep.factors[factor]
        return [(factor, before, after)]
    arms = results.sweep.arms
    arm, other = question.pairs[number]
    return arms[arm].switched.changes(arms[other].switched)


def _doing(results: "Results", question: "Question", number: int) -> str:
    """The change as the subject of a sentence: `dropping EMA`, `adding augmentation`, `lr 0.2 instead of 0.1`."""
    changes = _changes(results, question, number)
    told = [phrases.phrase(each) for each in changes]
    together = " together" if len(told) > 1 else ""
    for beginning, doing in _DOING.items():
        if all(each.startswith(beginning) for each in told):
            return f"{doing} {series([each.removeprefix(beginning) for each in told])}{together}"
    return series(told) + together


_DOING = {"no ": "dropping", "with ": "adding"}  # how the phrase of a change begins, and what it does


def _subject(results: "Results", question: "Question", number: int) -> str:
    return phrases.subject(_changes(results, question, number))


def _is_plural(results: "Results", question: "Question", number: int) -> bool:
    changes = _changes(results, question, number)
    return _is_several(results, question, number) if len(changes) > 1 else phrases.ingredient(changes[0][0]).plural


def _is_several(results: "Results", question: "Question", number: int) -> bool:
    """Whether a change is of several factors, and not what is done to them: `lr 0.2 and batch size 64`, not `dropping …`."""
    several = len(_changes(results, question, number)) > 1
    return several and not _doing(results, question, number).startswith(tuple(_DOING.values()))


def _listed(parts: Sequence[list[Piece]]) -> list[Piece]:
    """One after another, with commas and a last `and`."""
    pieces = list(parts[0])
    for place, part in enumerate(parts[1:], 2):
        pieces += [Piece(" and " if place == len(parts) else ", "), *part]
    return pieces


def _joined(groups: Sequence[list[Piece]], between: str) -> list[Piece]:
    return [piece for place, group in enumerate(groups) for piece in ([Piece(between)] if place else []) + group]
