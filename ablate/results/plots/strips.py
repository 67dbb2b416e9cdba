"""Dots and bars that share a place on the axis, set beside each other as far as they would cover one another."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

CLOSER = 0.8  # the distance that is tried next, where the axis has no room for dots that far apart
Values = NDArray[np.float64]


def beside(x: Values, y: Values, distance: float, width: float) -> Values:
    """Where dots stand that are not to cover each other: each at its own x or as near to it as there is room.

    A dot that covers none stays. Two cover each other that are nearer than `distance` both across and up. Where the axis has
    no room for that, all that are moved stand closer.

    Args:
        x, y: where the dots belong, in points. distance: from dot to dot, in points. width: of the axis, from 0, in points.

    Returns:
        The x of each.
    """
    near = (np.abs(x - x[:, None]) < distance) & (np.abs(y - y[:, None]) < distance)
    alone = near.sum(axis=1) == 1
    order = [*np.flatnonzero(alone), *sorted(np.flatnonzero(~alone), key=lambda dot: (y[dot], x[dot]))]
    step = distance
    while (moved := _placed(x, y, order, int(alone.sum()), distance, step, width)) is None:
        step *= CLOSER
    return moved


def _placed(
    x: Values, y: Values, order: Sequence[int], fixed: int, distance: float, step: float, width: float
) -> Values | None:
    """The dots in this order, the first of them where they belong; None where the axis has no room for one."""
    moved = x.copy()
    for count, dot in enumerate(order):
        if count < fixed:
            continue
        row = moved[[other for other in order[:count] if abs(y[other] - y[dot]) < distance]]
        places = np.array([x[dot], *(row - step), *(row + step)])
        places = places[(places >= 0) & (places <= width)]
        free = places[(np.abs(places - row[:, None]) >= step * (1 - 1e-9)).all(axis=0)]
        if not free.size:
            return None
        moved[dot] = free[np.argmin(np.abs(free - x[dot]))]
    return moved


def lanes(x: Values, low: Values, high: Values, distance: float, most: float) -> Values:
    """How far aside of their dots bars stand that would cover each other, in points: up to `most` / 2 to either side.

    Args:
        x: of the bars, in points; those nearer than `distance` would cover each other. low, high: their ends; where one is
            missing there is no bar.
    """
    # Where one has no bar, all comparisons with it are false.
    covering = (np.abs(x - x[:, None]) < distance) & (low <= high[:, None]) & (low[:, None] <= high)
    lane = np.zeros(len(x), dtype=int)
    order = np.argsort(low, kind="stable")
    for count, bar in enumerate(order):
        taken = {int(lane[other]) for other in order[:count] if covering[bar, other]}
        lane[bar] = next(number for number in range(count + 1) if number not in taken)
    groups = connected_components(covering)[1]
    last = np.array([lane[groups == group].max() for group in groups])
    spacing: Values = np.minimum(distance, most / np.maximum(last, 1))
    return spacing * (lane - last / 2)
