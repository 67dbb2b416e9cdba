"""The report as one HTML page: sections of plain blocks, rendered into one file that needs nothing else."""

from ablate.report.page.blocks import Code, Lines, Links, Picture, Point, Prose, Section, Table
from ablate.report.page.content import picture, sections
from ablate.report.page.face import CSVS, Bar, Face, of_sweep
from ablate.report.page.render import EXPLORATORY, render

__all__ = [
    "CSVS",
    "EXPLORATORY",
    "Bar",
    "Code",
    "Face",
    "Lines",
    "Links",
    "Picture",
    "Point",
    "Prose",
    "Section",
    "Table",
    "of_sweep",
    "picture",
    "render",
    "sections",
]
