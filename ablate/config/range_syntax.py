"""The numbers of `range(START,STOP,STEP)`, as they are written: the end is never one of them."""

import math
from decimal import Decimal

from hydra.core.override_parser.types import RangeSweep

from ablate.errors import AblateError

LONGEST = 100_000  # numbers that can be meant


def numbers(value: RangeSweep) -> list[int] | list[float]:
    """The numbers in order, without the end. Whole ones where start, stop and step are.

    Raises:
        AblateError: there are none, or too many to be meant.
    """
    start, stop, step = value.start or 0, value.stop or 0, value.step
    written = f"range({start},{stop},{step})"
    if not all(map(math.isfinite, (start, stop, step))):
        raise AblateError(f"{written} has no numbers. Write range(START,STOP,STEP) with finite ones.")
    first, last, by = (Decimal(repr(each)) for each in (start, stop, step))
    count = math.ceil((last - first) / by) if by else 0
    if count <= 0:
        raise AblateError(f"{written} is empty. A range runs from its start to its end, and the end is excluded.")
    if count > LONGEST:
        raise AblateError(f"{written} has {count:,} numbers. Give at most {LONGEST:,}.")
    if all(isinstance(each, int) for each in (start, stop, step)):
        return [int(first + place * by) for place in range(count)]
    return [float(first + place * by) for place in range(count)]
