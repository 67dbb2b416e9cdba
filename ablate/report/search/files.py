"""The files of a search's report: what was found in, files on disk out, each written whole or not at all."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from ablate.report import figures as plots
from ablate.report import output, page, tables
from ablate.report.files import FIGURE_FORMATS, FIGURES, FORMATS, INLINED, PAGE, TABLE
from ablate.report.search import content, paper, words
from ablate.report.search import tables as of_search
from ablate.report.search.figures import drawn
from ablate.report.search.repeat import commands
from ablate.results.search import SearchResults
from ablate.stats import searches

TUNED_ON_TEST = "tuned on the test set"
TEXTS: dict[str, dict[str, Callable[[SearchResults], str]]] = {
    "md": {
        TABLE: lambda found: of_search.markdown_file(
            found.title, [*content.banner(found), words.answer(found), *words.sentences(found)], of_search.every(found)
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
    "front.csv": "the trials that are done, with whether another beats them",
    "effort.csv": "what of each trial was trained, reused and saved, all its seeds together",
    "spent.csv": "what was trained and saved in all",
    TABLE: "all tables as Markdown",
    "methods.md": "a paragraph on the method for a paper",
    "checklist.md": "what checklists of conferences ask",
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
    texts: dict[str, str] = {}
    if "csv" in formats:
        texts |= {f"{name}.csv": tables.csv(frame) for name, frame in frames(found)}
    for kind, made in TEXTS.items():
        if kind in formats:
            texts |= {name: text(found) for name, text in made.items()}
    for name, text in texts.items():
        output.write(out / name, text.encode(errors="replace"))
    kinds = [kind for kind in FIGURE_FORMATS if kind in formats]
    pictures: dict[str, page.Picture] = {}
    figures: list[Path] = []
    large: list[str] = []
    if kinds or "html" in formats:
        for name, title, figure in drawn(found):
            svg = plots.svg(figure) if {"svg", "html"} & set(formats) else ""
            figures += plots.save(figure, out / FIGURES / name, kinds, svg)
            if "html" in formats:
                picture = page.picture(title, figure, svg)
                if sum(len(each.svg) for each in (*pictures.values(), picture)) <= INLINED:
                    pictures[name] = picture
                else:
                    large.append(f"{title} ({FIGURES}/{name}.{kinds[0]})" if kinds else title)
    written = [*(out / name for name in texts), *figures]
    if "html" not in formats:
        return written
    beside = [(str(path.relative_to(out)), MEANINGS.get(path.name, "a figure")) for path in written]
    parts = content.sections(found, pictures, commands(found, folder), beside, large)
    html = page.render(found.title, content.header(found), content.banner(found), parts, TUNED_ON_TEST)
    output.write(out / PAGE, html.encode(errors="replace"))
    return [out / PAGE, *written]


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
