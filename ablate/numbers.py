"""Numbers as readers see them: the same digits in every table, figure and sentence of a report."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ablate import text

if TYPE_CHECKING:
    import pandas as pd  # slow to import, and plans write numbers without it

SAME = 1e-9  # points; a deviation below it is rounding, of differences that are all the same
NONE = "–"  # in a cell with no value
MINUS = "−"
TOO_FEW = "too few seeds"  # in place of an interval that is too wide to say anything
LEAST_P = 0.0001  # below it only that it is below: the tails of a distribution are not known so well
FEW = 10  # of a cost; a smaller difference is shown with decimals
MOST_DECIMALS = {"pp": 2}  # one of 10,000 images is 0.01 points
OTHER_DECIMALS = 4  # at most, of a metric that is no share


def decimals(deviations: "pd.Series[float]", most: int = MOST_DECIMALS["pp"]) -> int:
    """Decimals of a value: one more than the smallest deviation has before its first digit, `most` at most."""
    positive = deviations[deviations > SAME]
    return 1 if positive.empty else min(most, max(0, 1 - math.floor(math.log10(positive.min()))))


def missing(value: Any) -> bool:
    """Whether a value of a frame is none: None, NaN, or the NA and NaT of pandas."""
    return str(value) in ("None", "nan", "<NA>", "NaT")


def number(value: Any, places: int) -> str:
    """A value with so many decimals, as in `1,234.5`; what rounds to 0 has no sign."""
    if missing(value):
        return NONE
    rounded = round(float(value), places)
    return f"{rounded if rounded else 0.0:,.{places}f}".replace("-", MINUS)


def signed(value: Any, places: int) -> str:
    """A difference with its sign, as in `−3.1`."""
    text = number(value, places)
    return f"+{text}" if text != NONE and round(float(value), places) > 0 else text


def interval(low: Any, high: Any, places: int, signs: bool = True) -> str:
    """An interval, as in `−3.9 to −2.3`; of one without bounds that there are too few seeds."""
    if missing(low) or missing(high):
        return NONE
    if math.isinf(low) and math.isinf(high):
        return TOO_FEW
    write = signed if signs else number
    return f"{write(low, places)} to {write(high, places)}"


def p_value(value: Any) -> str:
    """A p-value with two digits that count, as in `0.041`."""
    if missing(value):
        return NONE
    if value < LEAST_P:
        return f"< {LEAST_P:.4f}"
    return f"{value:.{1 - math.floor(math.log10(value)) if value < 0.1 else 2}f}"


def whole(value: Any) -> str:
    """A count with thousands apart, as in `1,068,298`."""
    return NONE if missing(value) else f"{round(value):,}".replace("-", MINUS)


def amount(value: float) -> str:
    """A whole number as it is or where it is large, else one decimal; two digits of a small one."""
    if value == round(value) or value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"


def change(difference: Any, value: Any) -> str:
    """How much a cost differs from what it is compared with, as in `+688,128 (+64%)`; `same` where it does not."""
    if missing(difference) or missing(value):
        return NONE
    before = value - difference
    places = 0 if abs(difference) >= FEW or float(value).is_integer() else 2
    if round(difference, places) == 0:
        return "same"
    return signed(difference, places) + (f" ({relative(difference / before)})" if before else "")


def relative(share: Any) -> str:
    """A relative change in percent, as in `+64%` and `−0.4%`."""
    if missing(share):
        return NONE
    return f"{signed(100 * share, 0 if abs(share) >= 0.01 else 1)}%"


def listed(counts: Mapping[Any, int]) -> str:
    """Counts of things by name, as in `1 diverged, 2 missing`; empty where there are none."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def duration(seconds: Any) -> str:
    """A time as in `26 min`; see `text.duration`."""
    return NONE if missing(seconds) else text.duration(seconds)
