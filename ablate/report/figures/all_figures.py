"""The figures of a report: those that the analysis has data for."""

from collections.abc import Iterator

from ablate.report import parts
from ablate.report.figures.save import Drawn

HELPERS = ("bars", "ends", "findings", "all_figures", "point_labels", "rows", "save", "style", "stylesheet")
FIGURES = parts.kind("ablate.figures", "ablate.report.figures", "figure", HELPERS)


def drawn(about: parts.Filled) -> Iterator[Drawn]:
    """Every figure that there is data for, finished, in the order in which a reader wants them; see `parts.made`."""
    return parts.made(about, FIGURES, Drawn)
