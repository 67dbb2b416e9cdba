"""What was looked at before, as the looks of the store have it."""

from ablate.planning.look_law import history
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store.look_lines import Look
from ablate.store.trials import CONFIRMATION


def looks(results: Results, question: Question) -> list[list[Look]]:
    """The looks at each judged row so far, the report's own last; none where it is no look that was entered."""
    ledger = results.ledger
    return [] if ledger is None else [history(ledger, look) for look in question.looked]


def test_readers(results: Results, question: Question) -> tuple[int, int]:
    """(sweeps, confirmations) of the store that have read the images of a look, itself among them; zeros for what is none."""
    if results.ledger is None or not question.looked:
        return 0, 0
    own = question.looked[0].entry
    alike = [
        look.entry
        for look in results.ledger.looks
        if (look.entry.evaluation_set, look.entry.data) == (own.evaluation_set, own.data) and own.data
    ]
    confirmations = {entry.check for entry in alike if f"/{CONFIRMATION}" in entry.sweep}  # each search has one at a time
    return len({entry.sweep for entry in alike if entry.check not in confirmations}), len(confirmations)
