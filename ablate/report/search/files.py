"""The files of a search's report: what was found in, files on disk out, each written whole or not at all."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from ablate.report import page
from ablate.report.files import FORMATS, TABLE, Beside, Made, Pictures, write_all
from ablate.report.search import content, face, paper, words
from ablate.report.search import tables as of_search
from ablate.report.search.figures import drawn
from ablate.report.search.repeat import commands
from ablate.report.tables.rendering import csv, document
from ablate.results.search import SearchResults
from ablate.stats import searches

TUNED_ON_TEST = "tuned on the test set"
TEXTS: dict[str, dict[str, Callable[[SearchResults], str]]] = {
    "md": {
        TABLE: lambda found: document(
            found.title, of_search.every(found), [*content.banner(found), words.answer(found), *words.sentences(found)]
        ),
        "methods.md": paper.methods,
        "checklist.md": paper.checklist,
    },
    "tex": {"table.tex": paper.table},
}
MEANINGS = {
    "trials.csv": "each trial: its state, setting, scores, examples and seconds",
    "curves.csv": "each evaluation of each trial",
    "history.csv": "the best score over the trials, in order of finishing",
    "importance.csv": "how much each key matters",
    "front.csv": "the finished trials, and which are Pareto-optimal",
    "effort.csv": "what each trial trained, reused and saved, over its seeds",
    "spent.csv": "what all trials trained and saved",
    TABLE: "all tables as Markdown",
    "methods.md": "a paragraph on the method for a paper",
    "checklist.md": "answers for reproducibility checklists",
    "table.tex": "the search space for LaTeX (booktabs)",
}


def write(found: SearchResults, out: Path, folder: str, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write the report of a search; what was written, the page first.

    Args:
        out: the folder to write into.
        folder: of the search, as the commands on the page name it.
        formats: of `ablate.report.files.FORMATS`.

    Raises:
        AblateError: a file cannot be written.
    """

    def page_of(pictures: Pictures, beside: Beside, large: Sequence[str]) -> str:
        parts = content.sections(found, pictures, commands(found, folder), beside, large)
        saved = {f"{name}.csv": csv(frame) for name, frame in frames(found) if name == "trials"}
        first = face.of_search(found, commands(found, folder), saved)
        return page.render(found.title, [words.answer(found)], content.banner(found), parts, TUNED_ON_TEST, first)

    return write_all(found, out, formats, Made(frames, TEXTS, drawn, MEANINGS, page_of))


def frames(found: SearchResults) -> Iterator[tuple[str, pd.DataFrame]]:
    """The frames of a search's report by name; those of trials and curves always, others that have rows."""
    yield "trials", found.trials
    yield "curves", found.curves
    several = len(found.objectives) > 1
    others = {
        "history": searches.history(found.trials, found.objective),
        "importance": found.importances[0],
        "front": searches.fronts(found.trials, found.objectives) if several else pd.DataFrame(),
        "effort": searches.effort(found.trials),
        "spent": searches.spent(found.trials),
    }
    yield from ((name, frame) for name, frame in others.items() if len(frame))
