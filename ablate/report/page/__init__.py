"""The report as one HTML page: sections of plain blocks, rendered into one file that needs nothing else."""

from ablate.report.page.blocks import Code, Lines, Links, Picture, Point, Section, Table
from ablate.report.page.content import picture, sections
from ablate.report.page.render import EXPLORATORY, render

__all__ = ["EXPLORATORY", "Code", "Lines", "Links", "Picture", "Point", "Section", "Table", "picture", "render", "sections"]
