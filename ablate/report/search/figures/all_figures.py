"""The figures of a search's report: those that it has trials for."""

from collections.abc import Iterator

from ablate.report import figures, parts
from ablate.report.figures import Drawn
from ablate.results.search import SearchResults

CONFIRMED = {"effects": "The confirmation", "accuracy": "The confirmation over training"}
FIGURES = parts.kind("ablate.search_figures", "ablate.report.search.figures", "figure of a search", ("all_figures", "marks"))


def drawn(found: SearchResults) -> Iterator[Drawn]:
    """Every figure that there is data for, finished, in the order in which a reader wants them."""
    if found.confirmation is not None:
        for name, title, figure in figures.drawn(found.confirmation):
            if name in CONFIRMED:
                yield Drawn(f"confirmation_{name}", f"{CONFIRMED[name]}: {title[0].lower()}{title[1:]}", figure)
    yield from parts.made(found, FIGURES, Drawn)
