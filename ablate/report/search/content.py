"""What stands on the page of a search, in the order in which it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ablate import numbers
from ablate.report.page import Code, Lines, Links, Picture, Section, Table
from ablate.report.page.blocks import Block
from ablate.report.page.content import CHECKLIST, METHOD, REPRODUCE, too_large, written
from ablate.report.page.content import shown as shown_on_page
from ablate.report.paper.methods import machines
from ablate.report.search import paper, tables, words
from ablate.results.search import SearchResults
from ablate.stats import searches

CONFIRMED = "confirmation_"  # how names of tables and figures of the confirmation begin


def sections(
    found: SearchResults,
    pictures: Mapping[str, Picture],
    commands: Mapping[str, str],
    files: Sequence[tuple[str, str]],
    large: Sequence[str] = (),
) -> list[Section]:
    """The page of a search, for `page.render`.

    Args:
        pictures: by name, in the order of the page.
        commands: what each does, and the command.
        files: what lies beside the page: (path from the page, what is in it).
        large: figures that the page has no room for.
    """
    shown = {table.name: shown_on_page(table) for table in tables.every(found)}

    def some(*names: str) -> tuple[Block, ...]:
        return tuple(shown[name] for name in names if name in shown)

    of_confirmation = [picture for name, picture in pictures.items() if name.startswith(CONFIRMED)]
    others = [picture for name, picture in pictures.items() if not name.startswith(CONFIRMED)]
    own = (Lines((found.sweep.question,)),) if found.sweep.question else ()
    parts = [
        Section(
            "trials", "All trials", blocks=(Lines(tuple(words.counted_trials(found))), *_open(some("trials"))), tab="Trials"
        ),
        Section("best", "The best settings", blocks=some("best", "front"), tab="Trials"),
        Section("failures", "Failures", blocks=some("failures"), tab="Trials"),
        Section(
            "confirmation",
            "Result: the confirmation",
            "The best setting against the default, with fresh seeds." if found.confirmation is not None else "",
            (
                *(some(*(name for name in shown if name.startswith(CONFIRMED))) or (Lines((words.answer(found),)),)),
                *of_confirmation,
            ),
            "Confirmation",
        ),
        Section("importance", "Importance of each key", blocks=some("importance") or _no_importance(found), tab="Importance"),
        Section("figures", "Figures", "Point at a value to see it." if others else "", (*others, *too_large(large)), "Figures"),
        Section("spent", "Time spent and saved", blocks=(*some("spent"), *_confirmation_took(found)), tab="Effort"),
        Section(
            "repeat",
            "To repeat it",
            blocks=tuple(block for what, line in commands.items() for block in _command(what, line)),
            tab=REPRODUCE,
        ),
        Section("question", "What was searched", blocks=(*own, *some("space", "setup")), tab=REPRODUCE),
        Section("environment", "Environment", blocks=_environment(found), tab=REPRODUCE),
        Section("files", "Files beside this page", blocks=(Links(tuple(files)),) if files else (), tab=REPRODUCE),
        Section("method", "For a paper", blocks=(written(paper.methods(found)),), tab=METHOD),
        Section("checklist", "Checklist", blocks=(written(paper.checklist(found)),), tab=CHECKLIST),
    ]
    return [part for part in parts if part.blocks]


def banner(found: SearchResults) -> list[str]:
    """What is set apart at the top of the page."""
    return words.warnings(found)


def _command(what: str, line: str) -> tuple[Block, ...]:
    return Lines((f"To {what}:",)), Code((line,))


def _open(blocks: Sequence[Block]) -> list[Block]:
    """Tables that are not folded, since what is kept in a drawing is kept in them."""
    return [replace(block, folded=False) if isinstance(block, Table) else block for block in blocks]


def _no_importance(found: SearchResults) -> tuple[Block, ...]:
    notes = found.importances[1]
    return (Lines(tuple(f"{note}." for note in notes)),) if notes else ()


def _confirmation_took(found: SearchResults) -> tuple[Block, ...]:
    if found.confirmation is None:
        return ()
    seconds, trained = found.confirmation.compute["seconds"], searches.spent(found.trials)["seconds"].iloc[0]
    total = numbers.duration(seconds + trained)
    return (
        Lines((f"The confirmation took {numbers.duration(seconds)} of training; search and confirmation together {total}.",)),
    )


def _environment(found: SearchResults) -> tuple[Block, ...]:
    notes = [*found.notes, *(found.confirmation.results.notes if found.confirmation is not None else ())]
    flagged = (Lines(tuple(dict.fromkeys(notes)), listed=True, warns=True),) if notes else ()
    told = [f"Trials ran on {where}." for where in machines(found.trainings)] or ["Unknown: no training of a trial was found."]
    return (*flagged, Lines(tuple(told)))
