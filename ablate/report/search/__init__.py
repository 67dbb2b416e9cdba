"""What is written about a search: the same kinds of files as about a sweep, with other parts."""

from ablate.report.search.written import write_results

__all__ = ["write_results"]
