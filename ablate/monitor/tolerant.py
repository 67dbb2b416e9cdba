"""Values of files that anybody may be writing: what is not what it should be is none."""

import math
from pathlib import Path


def changed_at(path: Path) -> float:
    """When a file was written last, in seconds; infinity where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return math.inf


def finite(value: object) -> float | None:
    """A finite number, or None."""
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def number(value: object) -> float | None:
    """A finite number that is not negative, or None."""
    found = finite(value)
    return None if found is None or found < 0 else found


def whole(value: object) -> int:
    """A whole number that is not negative; 0 where it is none."""
    return int(number(value) or 0)


def ratio(value: float | None, by: float | None) -> float | None:
    """A quotient that is finite and not negative, or None."""
    return number(value / by) if value is not None and by else None


def line(text: object) -> str | None:
    """The first line of a text, or None where there is none."""
    return next((line.strip() for line in str(text or "").splitlines() if line.strip()), None)
