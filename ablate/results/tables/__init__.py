"""The tables of a report: finished frames in, text out, as Markdown and CSV and for the terminal."""

from ablate.results.tables.order import every, markdown_file
from ablate.results.tables.rendering import csv, markdown
from ablate.results.tables.summary import print_table, show
from ablate.results.tables.table import Column, Table

__all__ = ["Column", "Table", "csv", "every", "markdown", "markdown_file", "print_table", "show"]
