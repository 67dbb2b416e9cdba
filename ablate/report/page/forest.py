"""The forest plot of the page: a lane of inline SVG in each row of the table, and the one axis above them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ablate import escaping, numbers

EDGE = 2.0  # % of the lane that stay free at either end
TICKS = 7  # about as many as the axis has
STEPS = (1.0, 2.0, 5.0, 10.0)
NARROW = 11.0  # % of the lane; a margin that takes less has its words beside it
FAR = 1.5  # how far the intervals that decide nothing may widen the axis
LIKE_ANOTHER = {"ink": "base", "pending": "open"}  # kinds with the shape of another; the others have their own


@dataclass(frozen=True)
class Scale:
    """Where differences lie in a lane. low, high: its ends, in points. better: -1 where less is, which is right then."""

    low: float
    high: float
    better: int = 1

    def at(self, value: float) -> float:
        """The place of a difference, in % of the lane's width; what lies outside is put at the end."""
        share = (value - self.low) / (self.high - self.low)
        share = min(1.0, max(0.0, share if self.better > 0 else 1 - share))
        return EDGE + (100 - 2 * EDGE) * share

    @property
    def step(self) -> float:
        """The distance of the values that the axis names."""
        return _step((self.high - self.low) / TICKS)

    @property
    def ticks(self) -> list[float]:
        """The values that the axis names, 0 among them."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [self.step * number for number in range(first, last + 1)]


@dataclass(frozen=True)
class Marks:
    """What a lane shows, in points. kind: class of the verdict. value, interval: NaN where there is none to show.

    lesser: intervals that decide nothing, (low, high, class): `plain` or `new`.
    """

    kind: str
    value: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    lesser: tuple[tuple[float, float, str], ...] = ()
    seeds: tuple[float, ...] = ()


def scale(lanes: Sequence[Marks], margin: float | None, better: int, most: float = math.inf) -> Scale:
    """The axis that all lanes share. most: how far a difference can be from 0."""
    decisive = [0.0, *(() if margin is None else (-1.2 * margin, 1.2 * margin))]
    for lane in lanes:
        decisive += [lane.value, *lane.interval, *lane.seeds]
    known = [value for value in decisive if math.isfinite(value)]
    low, high = min(known), max(known)
    room = (high - low) * (FAR - 1) / 2
    lesser = [bound for lane in lanes for each in lane.lesser for bound in each[:2] if math.isfinite(bound)]
    low, high = (
        min([low, *(max(bound, low - room) for bound in lesser)]),
        max([high, *(min(bound, high + room) for bound in lesser)]),
    )
    if high <= low:
        low, high = -1.0, 1.0
    rest = 0.03 * (high - low)
    return Scale(max(low - rest, -most), min(high + rest, most), better)


def lane(marks: Marks, on: Scale, margin: float | None, error: float | None) -> Markup:
    """A row's part of the plot. error: of the baseline in %, where differences can be told as changes of it."""
    parts = [_ground(on, margin, error), f'<g class="{marks.kind}">']
    for low, high, kind in marks.lesser:
        if math.isfinite(low) and math.isfinite(high):
            parts.append(_span(on, low, high, f"x {kind}", "19%" if kind == "new" else "56%"))
    if all(map(math.isfinite, marks.interval)):
        parts.append(_span(on, *marks.interval, "ci", "40%"))
    y = "74%" if math.isfinite(marks.value) else "50%"
    parts += [f'<circle class="sd" cx="{on.at(seed):.2f}%" cy="{y}" r="3"/>' for seed in marks.seeds if math.isfinite(seed)]
    if math.isfinite(marks.value):
        y = "40%" if marks.seeds else "50%"
        glyph = LIKE_ANOTHER.get(marks.kind, marks.kind)
        parts.append(f'<svg class="gl" x="{on.at(marks.value):.2f}%" y="{y}"><use href="#g-{glyph}"/></svg>')
    return Markup(f'<svg class="fp" aria-hidden="true">{"".join(parts)}</g></svg>')


def axis(on: Scale, margin: float | None, error: float | None, unit: str, sides: bool = True) -> Markup:
    """The axis above the lanes. unit: of a difference. sides: whether an end is the better one, which no interaction has."""
    middle, parts, unit = on.at(0.0), [], escape(escaping.html(unit))
    reach = 0.0 if margin is None else abs(on.at(margin) - middle)
    if sides:
        left, right = middle - reach, middle + reach
        parts.append(f'<text class="side" x="{left:.2f}%" dx="-14" y="14" text-anchor="end">← hurts</text>')
        parts.append(f'<text class="side" x="{right:.2f}%" dx="14" y="14">helps →</text>')
    band = ""
    if margin is not None:
        band = f" The band is the margin of ± {margin:g} {unit}."
        if 2 * reach >= NARROW:
            parts.append(f'<text x="{middle:.2f}%" y="14" text-anchor="middle">± {margin:g} {unit}</text>')
    kind = "u-pp" if error else ""
    parts += [_tick(on.at(value), written(value, on.step), kind) for value in on.ticks]
    if error:
        of_error = _of_error(on, error)
        parts += [_tick(on.at(-share * error / 100), f"{written(share, of_error.step)}%", "u-rel") for share in of_error.ticks]
    means = "left of zero hurts, right of zero helps." if sides else "right of zero is more."
    label = f"Axis: difference in {unit}; {means}{band}"
    return Markup(f'<svg class="ax" role="img" aria-label="{label}">{"".join(parts)}</svg>')


def _ground(on: Scale, margin: float | None, error: float | None) -> str:
    """What lies behind the marks of every lane: band, grid and zero line."""
    parts = []
    if margin is not None:
        left, right = sorted((on.at(-margin), on.at(margin)))
        parts.append(f'<rect class="bd" x="{left:.2f}%" width="{right - left:.2f}%" height="100%"/>')
    kind = "g u-pp" if error else "g"
    parts += [_line(on.at(value), kind) for value in on.ticks if value]
    if error:
        parts += [_line(on.at(-share * error / 100), "g u-rel") for share in _of_error(on, error).ticks if share]
    return "".join([*parts, _line(on.at(0.0), "z")])


def _of_error(on: Scale, error: float) -> Scale:
    """The same lane in changes of the error, in %."""
    return Scale(-100 * on.high / error, -100 * on.low / error)


def _line(place: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{place:.2f}%" x2="{place:.2f}%" y2="100%"/>'


def _span(on: Scale, low: float, high: float, kind: str, y: str) -> str:
    left, right = sorted((on.at(low), on.at(high)))
    return f'<line class="{kind}" x1="{left:.2f}%" x2="{right:.2f}%" y1="{y}" y2="{y}"/>'


def _tick(place: float, text: str, kind: str) -> str:
    line = f'<line class="tk" x1="{place:.2f}%" x2="{place:.2f}%" y1="50" y2="56"/>'
    return f'<g class="{kind}"><text x="{place:.2f}%" y="40" text-anchor="middle">{text}</text>{line}</g>'


def written(value: float, step: float) -> str:
    """A tick, with the decimals of the step between ticks."""
    if not value:
        return "0"
    places = next((places for places in range(8) if math.isclose(round(step, places), step, rel_tol=1e-9)), 8)
    return numbers.signed(value, places)


def _step(rough: float) -> float:
    """The least round step that is not below a rough one."""
    size = 10.0 ** math.floor(math.log10(rough))
    return next(step for step in STEPS if step * size >= rough - 1e-12) * size
