"""How often sound runs are called unstable, how often falls are found, and what falls do to verdicts: runs drawn at random.

    python tests/bench/stable.py falls.csv           simulate studies whose arms collapse, and write the table
    python tests/bench/stable.py --show falls.csv    print the tables of the record

Points throughout. A run is a plateau of evaluations with jitter, and its value the mean of the last ones.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate.stats import HELPS, HURTS, INCONCLUSIVE, NONE, stability

sys.path.insert(0, str(Path(__file__).parent))
import rivals

Floats = NDArray[np.float64]

RUNS = 20_000
LEVEL = 80.0
JITTERS = (0.2, 0.6, 1.0, 1.4, 1.8)  # of averaged weights at the least, of raw ones with augmentation at the most
EVALUATIONS = (9, 19, 49, 99, 199)
LAST = (1, 5, 10)
FALL = 5.0

STUDIES = 20_000
ARMS, SEEDS = (1, 6, 12), (3, 5, 8, 20)
MARGIN = 0.5
PAIRED_DEVIATION = 0.3  # of the difference of two sound runs
SELDOM = 0.05  # of the runs of an arm that collapses now and then
GRID, GRID_JITTER = 49, 0.6
SKEWED = "Arms alone that are skewed (exponential, four times the baseline's deviation)"
KINDS = (f"Arms that fall by {FALL:g} points in {SELDOM:.0%} of runs", SKEWED)
EFFECTS = {"0": (0.0,), "± margin": (MARGIN, -MARGIN), "mixed": (0.3, 0.0, -MARGIN, MARGIN, 1.0, -2.0)}  # as in `simulate`


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


class Studies(NamedTuple):
    """Studies whose arms collapse, and the baseline does not, in shares.

    unstable: with an unstable run. wrong: with any wrong verdict, were there no rule for unstable runs. barred: with one by the
    rule. wrong_among_sound: of the studies without an unstable run, whose report gives the bound of 5%, those with one.
    """

    kind: str
    effects: str
    arms: int
    seeds: int
    unstable: float
    wrong: float
    barred: float
    wrong_among_sound: float


def collapses(generator: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Floats:
    """By how much the runs of arms fall below what they had, (studies, arms, seeds)."""
    if kind == SKEWED:
        return 4 * PAIRED_DEVIATION / np.sqrt(2) * generator.standard_exponential(shape)
    return FALL * (generator.random(shape) < SELDOM)


def seen(generator: np.random.Generator, falls: Floats) -> NDArray[np.bool_]:
    """Which falls the rule for unstable runs finds; those under 1 point never."""
    found = np.zeros(falls.shape, dtype=bool)
    deep = falls > 1
    grid = LEVEL + GRID_JITTER * generator.standard_normal((int(deep.sum()), GRID))
    value = LEVEL + GRID_JITTER * generator.standard_normal((len(grid), LAST[-1])).mean(axis=1) - falls[deep]
    found[deep] = stability(grid / 100, value / 100, LAST[-1]).unstable
    return found


def studies() -> Iterator[Studies]:
    """Studies of each kind; the truth is the mean of all runs that an arm could have, those that fall among them."""
    for number, (kind, (name, effects), arms, seeds) in enumerate(product(KINDS, EFFECTS.items(), ARMS, SEEDS)):
        generator = np.random.default_rng([5, number])
        truth = np.resize(effects, arms)
        falls = collapses(generator, kind, (STUDIES, arms, seeds))
        mean = 4 * PAIRED_DEVIATION / np.sqrt(2) if kind == SKEWED else FALL * SELDOM
        runs = PAIRED_DEVIATION / np.sqrt(2) * generator.standard_normal((STUDIES, 1 + arms, seeds))
        if kind == SKEWED:
            runs[:, 1:] = 0.0  # the collapse is all that they scatter by, as in `simulate.LIMIT`
        runs[:, 1:] += mean - falls + truth[:, None]
        codes, _ = rivals.two_intervals(runs, MARGIN)
        fell = seen(generator, falls).any(axis=2)  # (studies, arms)
        barred = np.where(fell & (codes == NONE), INCONCLUSIVE, codes)
        wrong, less = (_wrong(each, truth).any(axis=1) for each in (codes, barred))
        sound = ~fell.any(axis=1)
        among = float(wrong[sound].mean()) if sound.any() else float("nan")
        yield Studies(kind, name, arms, seeds, float(1 - sound.mean()), float(wrong.mean()), float(less.mean()), among)


def _wrong(codes: NDArray[np.int64], truth: Floats) -> NDArray[np.bool_]:
    """(studies, arms): which verdicts are wrong."""
    no = (codes == NONE) & (np.abs(truth) >= MARGIN)
    return np.asarray((codes == HELPS) & (truth <= 0) | (codes == HURTS) & (truth >= 0) | no)


def table(frame: pd.DataFrame) -> Iterator[str]:
    """The tables of the record in markdown, in %, a kind each: the worst over true differences."""
    for kind, rows in frame.groupby("kind", sort=False):
        worst = rows.groupby(["arms", "seeds"])[["unstable", "wrong", "barred", "wrong_among_sound"]].max()
        head = ["arms", "seeds", "with an unstable run", "wrong before", "wrong after", "wrong, without an unstable run"]
        lines = [
            [str(arms), str(seeds), *("–" if np.isnan(share) else f"{100 * share:.1f}" for share in shares)]
            for (arms, seeds), shares in zip(worst.index, worst.to_numpy(), strict=True)
        ]
        cells = [head, ["---:"] * len(head), *lines]
        yield f"{kind}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in cells)


if __name__ == "__main__":
    if sys.argv[1] == "--show":
        print("\n\n".join(table(pd.read_csv(sys.argv[2], dtype={"effects": "str"}))))
    else:
        pd.DataFrame(studies()).to_csv(Path(sys.argv[1]), index=False, float_format="%.4f")
