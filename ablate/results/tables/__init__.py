"""The tables of a report: finished frames in, text out, as Markdown, LaTeX and CSV and for the terminal."""

from ablate.results.tables.order import every, markdown_file
from ablate.results.tables.plain import about_effects, arms, caveats, compared, effects, same, seeds, shown, shown_effects
from ablate.results.tables.rendering import csv, markdown, terminal
from ablate.results.tables.summary import show
from ablate.results.tables.table import Column, Table

__all__ = [
    "Column",
    "Table",
    "about_effects",
    "arms",
    "caveats",
    "compared",
    "csv",
    "effects",
    "every",
    "markdown",
    "markdown_file",
    "same",
    "seeds",
    "show",
    "shown",
    "shown_effects",
    "terminal",
]
