"""The tables of a report: finished frames in, text out, as Markdown and CSV and for the terminal."""

from ablate.report.tables.order import every, in_file, markdown_file
from ablate.report.tables.rendering import csv, markdown, records
from ablate.report.tables.summary import print_table, show
from ablate.report.tables.table import Column, Table

__all__ = ["Column", "Table", "csv", "every", "in_file", "markdown", "markdown_file", "print_table", "records", "show"]
