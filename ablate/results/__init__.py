"""What was found: frames first (`load`), then statistics, tables, figures and pages that are computed and drawn from them."""

from ablate.results.frames import Results
from ablate.results.sources import load

__all__ = ["Results", "load"]
