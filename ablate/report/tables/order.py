"""All tables of a report, in the order in which they are read."""

from ablate.report import footnotes, parts, sentences
from ablate.report.naming import title
from ablate.report.tables import verdicts
from ablate.report.tables.rendering import document
from ablate.report.tables.table import Table
from ablate.results.analysis import Analysis

HELPERS = ("interplay", "order", "rendering", "summary", "table")
TABLES = parts.kind("ablate.tables", "ablate.report.tables", "table", HELPERS)


def every(analysis: Analysis) -> list[Table]:
    """The tables that a report has something for; see `parts.made`. Each may name `verdict_notes` beside frames."""
    return list(parts.made(analysis, TABLES, Table, verdict_notes=analysis.fill(footnotes.verdict_notes)))


def in_file(analysis: Analysis) -> list[Table]:
    """Those of the Markdown file: that of verdicts first, then the arms, then what stands beside them."""
    return [table for table in every(analysis) if not table.only_page]


def markdown_file(analysis: Analysis) -> str:
    """All tables as one Markdown file, with the sentences that read the verdicts under the first."""
    read = {verdicts.NAME: analysis.fill(sentences.sentences)}
    return document(title(analysis.results), in_file(analysis), read=read)
