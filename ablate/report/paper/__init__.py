"""What a paper needs of a report: the table and its caption in LaTeX, a paragraph on the method, and a checklist."""

from ablate.report.paper.checklist import checklist
from ablate.report.paper.main_table import caption, table
from ablate.report.paper.methods import methods

__all__ = ["caption", "checklist", "methods", "table"]
