"""What a search found: frames first (`load`), then statistics, tables, figures, a page and texts that are made from them."""

from ablate.results.search.frames import SearchResults, load
from ablate.results.search.written import write_results

__all__ = ["SearchResults", "load", "write_results"]
