"""Numbers beside points, each where it covers least; a line joins one that has no room there to its point."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIZE = 7.5  # of the letters, in points
DIGIT, TALL = 4.8, 6.5  # how wide a digit and how high a number is, in points
DOT = 2.0  # points from the middle of a marker to its edge
RINGS = (11.0, 17.0, 23.0, 30.0, 38.0, 48.0)  # points from a point to the numbers that have no room beside it
TURNS = 16  # places on each ring
EDGE = 4.0  # how much worse it is that a number leaves the axes than that it covers something
FAR = 0.15  # square points that each point of distance is as bad as
CROSSED = 8.0  # square points that a line through a mark or a number is as bad as, at each of STOPS along it
STOPS = np.linspace(0.2, 0.95, 6)
Values = NDArray[np.float64]


def places(x: Values, y: Values, numbers: Sequence[int], width: float, height: float) -> list[tuple[float, float, bool]]:
    """Where numbers stand: the middle of each, and whether a line is to join it to its point.

    Args:
        x, y: of the points, in points from the axes' lower left corner. width, height: of the axes, in points.
    """
    taken = np.stack([x - DOT, x + DOT, y - DOT, y + DOT], axis=1)  # (n, 4): left, right, bottom, top
    found = []
    for own, (at, up, number) in enumerate(zip(x, y, numbers, strict=True)):
        wide = DIGIT * len(str(number))
        middles, away = _candidates(wide)
        middles += np.array([at, up])
        boxes = middles[:, [0, 0, 1, 1]] + np.array([-wide / 2, wide / 2, -TALL / 2, TALL / 2])
        beyond = wide * TALL - _shared(boxes, np.array([[0.0, width, 0.0, height]]))[:, 0]
        others = np.delete(taken, own, axis=0)
        worth = _shared(boxes, taken).sum(axis=1) + EDGE * beyond + FAR * away + CROSSED * _crossed((at, up), middles, others)
        best = int(np.argmin(worth))
        taken = np.vstack([taken, boxes[best]])
        found.append((float(middles[best, 0]), float(middles[best, 1]), bool(away[best] > 0)))
    return found


def covering(x: Values, y: Values) -> NDArray[np.bool_]:
    """Which of the points cover another one, at least in part."""
    near = (np.abs(x - x[:, None]) < 2 * DOT) & (np.abs(y - y[:, None]) < 2 * DOT)
    covered: NDArray[np.bool_] = near.sum(axis=1) > 1
    return covered


def _candidates(wide: float) -> tuple[Values, Values]:
    """Places around a point, and how far from it the middle of each is; 0 for those that touch it and need no line."""
    aside, rise = wide / 2 + DOT, DOT + TALL / 2 + 1
    touching = [(0.0, -rise), (0.0, rise), (aside, 0.0), (-aside, 0.0)]
    touching += [(way, up) for up in (-TALL, TALL) for way in (aside, -aside)]
    angles = 2 * np.pi * np.arange(TURNS) / TURNS
    rings = [(ring * np.cos(angle), ring * np.sin(angle)) for ring in RINGS for angle in angles]
    away = np.concatenate([np.zeros(len(touching)), np.repeat(RINGS, TURNS)])
    return np.array([*touching, *rings]), away


def _shared(boxes: Values, others: Values) -> Values:
    """The area that each box shares with each other one, (n, m)."""
    wide = np.minimum(boxes[:, None, 1], others[:, 1]) - np.maximum(boxes[:, None, 0], others[:, 0])
    high = np.minimum(boxes[:, None, 3], others[:, 3]) - np.maximum(boxes[:, None, 2], others[:, 2])
    area: Values = wide.clip(0) * high.clip(0)
    return area


def _crossed(point: tuple[float, float], middles: Values, others: Values) -> Values:
    """How many of the stops on the line from a point to each place lie in another's box."""
    stops = point + STOPS[:, None, None] * (middles - point)  # (stop, place, 2)
    x, y = stops[..., 0, None], stops[..., 1, None]
    inside = (x > others[:, 0]) & (x < others[:, 1]) & (y > others[:, 2]) & (y < others[:, 3])
    count: Values = inside.any(axis=2).sum(axis=0).astype(float)
    return count
