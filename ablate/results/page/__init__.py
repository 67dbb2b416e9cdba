"""The report as one HTML page: sections of plain blocks, rendered into one file that needs nothing else."""

from ablate.results.page.blocks import Code, Lines, Links, Picture, Point, Section, Table
from ablate.results.page.content import picture, sections
from ablate.results.page.render import render
from ablate.results.page.story import answer

__all__ = ["Code", "Lines", "Links", "Picture", "Point", "Section", "Table", "answer", "picture", "render", "sections"]
