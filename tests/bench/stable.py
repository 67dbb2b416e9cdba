"""How often sound runs are called unstable, how often falls are found, and what falls do to verdicts: runs drawn at random.

Points throughout. A run is a plateau of evaluations with jitter, and its value the mean of the last ones.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablate.stats import stability

Floats = NDArray[np.float64]

RUNS = 20_000
LEVEL = 80.0
JITTERS = (0.2, 0.6, 1.0, 1.4, 1.8)  # of averaged weights at the least, of raw ones with augmentation at the most
EVALUATIONS = (9, 19, 49, 99, 199)
LAST = (1, 5, 10)
FALL = 5.0


class Cell(NamedTuple):
    """Runs of one kind. called: the share of sound ones that are called unstable. found: of those that fall by FALL."""

    last: int
    jitter: float
    evaluations: int
    called: float
    found: float


def cells() -> Iterator[Cell]:
    """Every number of evaluations that are averaged, every jitter, every length of the grid."""
    for last in LAST:
        for jitter in JITTERS:
            for count in EVALUATIONS:
                generator = np.random.default_rng([4, last, round(10 * jitter), count])
                grid = LEVEL + jitter * generator.standard_normal((RUNS, count))
                value = LEVEL + jitter * generator.standard_normal((RUNS, last)).mean(axis=1)
                shares = (stability(grid / 100, (value - fall) / 100, last).unstable.mean() for fall in (0.0, FALL))
                yield Cell(last, jitter, count, *(float(share) for share in shares))
