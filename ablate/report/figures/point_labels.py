"""Names beside points, each where it covers least; a line joins one that has no room there to its point."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TALL = 8.5  # how high a line of a name is, in points
DOT = 3.5  # points from the middle of a marker to its edge
RINGS = (12.0, 18.0, 25.0, 33.0, 42.0, 54.0, 70.0)  # points from a point to the middle of a name's near edge
TURNS = 24  # places on each ring
EDGE = 4.0  # how much worse it is that a name leaves the axes than that it covers something
FAR = 0.5  # square points that each point of distance is as bad as
CROSSED = 8.0  # square points that a line through a mark or a name is as bad as, at each of STOPS along it
STOPS = np.linspace(0.2, 0.95, 6)
Values = NDArray[np.float64]


def places(
    x: Values, y: Values, sizes: Sequence[tuple[float, int]], width: float, height: float, others: Values | None = None
) -> list[tuple[float, float, bool]]:
    """Where names stand: the middle of each, and whether a line is to join it to its point.

    Args:
        x, y: of the points, in points from the axes' lower left corner. The first is placed first.
        sizes: of the names, how wide in points and how many lines. width, height: of the axes, in points.
        others: what is not to be covered besides the points, (n, 4): left, right, bottom, top.
    """
    taken = np.stack([x - DOT, x + DOT, y - DOT, y + DOT], axis=1)  # (n, 4): left, right, bottom, top
    taken = taken if others is None else np.vstack([taken, others])
    found = []
    for own, (at, up, (wide, lines)) in enumerate(zip(x, y, sizes, strict=False)):
        tall = TALL * lines
        middles, away = _candidates(wide, tall)
        middles += np.array([at, up])
        boxes = middles[:, [0, 0, 1, 1]] + np.array([-wide / 2, wide / 2, -tall / 2, tall / 2])
        beyond = wide * tall - _shared(boxes, np.array([[0.0, width, 0.0, height]]))[:, 0]
        beside = np.delete(taken, own, axis=0)
        worth = (
            _shared(boxes, taken).sum(axis=1) + EDGE * beyond + FAR * away + CROSSED * _crossed((at, up), middles, beside, away)
        )
        best = int(np.argmin(worth))
        taken = np.vstack([taken, boxes[best]])
        found.append((float(middles[best, 0]), float(middles[best, 1]), bool(away[best] > 0)))
    return found


def _candidates(wide: float, tall: float) -> tuple[Values, Values]:
    """Places around a point, and how far from it each is; 0 for those that touch it and need no line."""
    aside, rise = wide / 2 + DOT + 1.5, DOT + tall / 2
    touching = [(aside, 0.0), (-aside, 0.0), (0.0, rise), (0.0, -rise)]
    touching += [(way * 0.9, up) for up in (-rise, rise) for way in (aside, -aside)]
    angles = 2 * np.pi * np.arange(TURNS) / TURNS
    rings = [
        (ring * np.cos(angle) + np.sign(round(np.cos(angle), 6)) * wide / 2, ring * np.sin(angle))
        for ring in RINGS
        for angle in angles
    ]
    away = np.concatenate([np.zeros(len(touching)), np.repeat(RINGS, TURNS)])
    return np.array([*touching, *rings]), away


def _shared(boxes: Values, others: Values) -> Values:
    """The area that each box shares with each other one, (n, m)."""
    wide = np.minimum(boxes[:, None, 1], others[:, 1]) - np.maximum(boxes[:, None, 0], others[:, 0])
    high = np.minimum(boxes[:, None, 3], others[:, 3]) - np.maximum(boxes[:, None, 2], others[:, 2])
    area: Values = wide.clip(0) * high.clip(0)
    return area


def _crossed(point: tuple[float, float], middles: Values, others: Values, away: Values) -> Values:
    """How many of the stops on the line from a point to each place lie in another's box; none of one without a line."""
    stops = point + STOPS[:, None, None] * (middles - point)  # (stop, place, 2)
    x, y = stops[..., 0, None], stops[..., 1, None]
    inside = (x > others[:, 0]) & (x < others[:, 1]) & (y > others[:, 2]) & (y < others[:, 3])
    count: Values = inside.any(axis=2).sum(axis=0).astype(float) * (away > 0)
    return count
