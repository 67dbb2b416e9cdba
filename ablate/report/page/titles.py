"""The title of the table of verdicts."""

from ablate.report import naming
from ablate.results.question import Question


def title(question: Question, names: dict[int, str], partner: str | None) -> str:
    """What is compared with what, over the verdicts."""
    count = question.judged
    if question.effects:
        return f"{_count(count, 'effect')}, averaged over the arms"
    if partner is None and naming.has_others(question, partner):
        return f"{_count(count, 'comparison')} between arms"
    against = naming.other_side(question, names, partner)
    against = f"the {against}" if against == "baseline" else against
    return f"{_count(count, 'change')}{', each' if count > 1 else ''} against {against}"


NUMERALS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def _count(count: int, what: str) -> str:
    """A count that begins a title."""
    numeral = NUMERALS[count] if count < len(NUMERALS) else f"{count:,}"
    return f"{numeral} {what}{'' if count == 1 else 's'}"
