"""What a paper needs of a report: the table and its caption in LaTeX, a paragraph on the method, and a checklist."""

from ablate.report.paper.checklist import checklist
from ablate.report.paper.macros import macros as _macros
from ablate.report.paper.main_table import caption, narrow_table, table
from ablate.report.paper.methods import methods
from ablate.results.analysis import Analysis

__all__ = ["caption", "checklist", "macros", "methods", "narrow_table", "table"]


def macros(analysis: Analysis) -> str:
    """`macros.tex`: single numbers as LaTeX commands."""
    said: str = analysis.fill(_macros)
    return said
