"""A forest plot in characters: one line a comparison, all on one axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablate.numbers import MINUS

LINE, CROSSING, ZERO, BAND, EMPTY = "━", "┿", "│", "░", " "
EDGE = 0.04  # of the range, left free on both sides
BETWEEN_LABELS = 3  # characters
STEPS = (1, 2, 5)  # times a power of ten: the distances between ticks


@dataclass(frozen=True)
class Interval:
    """What a line shows. low, high: None where there is no interval. point: None where there is no value either."""

    point: float | None
    low: float | None
    high: float | None
    mark: str


@dataclass(frozen=True)
class Axis:
    """A range of values over a number of characters."""

    low: float
    high: float
    width: int

    def place(self, value: float) -> int:
        """The character that a value falls in, 0 to width - 1."""
        share = (value - self.low) / (self.high - self.low)
        return min(self.width - 1, max(0, round(share * (self.width - 1))))


def axis(intervals: Sequence[Interval], margin: float | None, width: int) -> Axis:
    """The axis that has room for all intervals, the margin, and 0."""
    ends = [end for each in intervals for end in (each.point, each.low, each.high) if end is not None]
    low, high = (end([0.0, *ends, *([] if margin is None else [-margin, margin])]) for end in (min, max))
    if low == high:
        low, high = -1.0, 1.0
    free = EDGE * (high - low)
    return Axis(low - free, high + free, width)


def line(shown: Interval, on: Axis, margin: float | None) -> list[tuple[str, bool]]:
    """The characters of a line, each with whether it belongs to the interval; the others are background."""
    cells = [(EMPTY, False)] * on.width
    if margin is not None:
        for cell in range(on.place(-margin), on.place(margin) + 1):
            cells[cell] = (BAND, False)
    zero = on.place(0.0)
    cells[zero] = (ZERO, False)
    if shown.low is not None and shown.high is not None:
        for cell in range(on.place(shown.low), on.place(shown.high) + 1):
            cells[cell] = (CROSSING if cell == zero else LINE, True)
    if shown.point is not None:
        cells[on.place(shown.point)] = (shown.mark, True)
    return cells


def ticks(on: Axis) -> str:
    """The labels of the axis, each centered on its value; as many as there is room for, 0 always."""
    for step in _steps(on):
        first, last = math.ceil(on.low / step), math.floor(on.high / step)
        labels = [(on.place(number * step), _label(number * step, step)) for number in range(first, last + 1)]
        if placed := _placed(labels, on.width):
            return placed
    return _placed([(on.place(0.0), "0")], on.width) or ""


def _steps(on: Axis) -> list[float]:
    smallest = math.floor(math.log10((on.high - on.low) / on.width))
    return [factor * 10.0**power for power in range(smallest, smallest + 5) for factor in STEPS]


def _placed(labels: Sequence[tuple[int, str]], width: int) -> str | None:
    """The labels on one line; None where they do not fit. One that the end of the line would cut is left out, but for 0."""
    text = ""
    for place, label in labels:
        start = place - len(label) // 2
        if start < 0 or start + len(label) > width:
            if label != "0":
                continue
            start = min(max(start, 0), width - 1)
        if text and start < len(text) + BETWEEN_LABELS:
            return None
        text = text.ljust(start) + label
    return text.ljust(width)


def _label(value: float, step: float) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    rounded = round(value, places)
    return "0" if rounded == 0 else f"{rounded:+.{places}f}".replace("-", MINUS)
