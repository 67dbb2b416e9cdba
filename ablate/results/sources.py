"""What a user can name for a report: a sweep's folder."""

from pathlib import Path

from ablate.results import one_sweep
from ablate.results.frames import Results, build


def load(sweep: Path) -> Results:
    """Read a sweep's folder."""
    return build(one_sweep.read(sweep))
