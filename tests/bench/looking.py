"""How often any verdict of several looks is wrong, against what a report prints: studies drawn at random that look again.

    python tests/bench/looking.py        print a line a cell

Points throughout, as in `simulate`. Each study looks at its differences, decides by what it saw whether and with how many more
seeds to look again, and each verdict of each look counts.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import simulate
from numpy.typing import NDArray

from ablate.confidence import LEVEL
from ablate.planning.look_law import level_of
from ablate.stats import HELPS, HURTS, INCONCLUSIVE, NONE, decide
from ablate.stats.intervals import critical, equivalence_level

Floats, Ints = NDArray[np.float64], NDArray[np.int64]

LOOKS = (1, 2, 3)  # further ones
MOST_MORE = 10  # seeds that a further look adds
FIRST_SEEDS = (3, 5)
ARMS = (1, 6)
ADDED = 2  # arms, with the first further look
SCATTERS = ("equal", "heavy tails", "one arm x 4", "baseline x 4", "skewed runs")
TRUTHS = {name: simulate.EFFECTS[name] for name in ("0", "± margin", "mixed")}


class Cell(NamedTuple):
    """Studies of one kind. wrong: the share with any wrong verdict at any look. printed: at most, in their last report."""

    way: str
    scatter: str
    effects: str
    arms: int
    seeds: int
    looks: int
    wrong: float
    printed: float


class Seen(NamedTuple):
    """What a look showed: shape (studies, rows), and the number of seeds, (studies,)."""

    mean: Floats
    sd: Floats
    codes: Ints
    n: Ints


def ten(seen: Seen) -> Ints:
    """Ten more seeds each time."""
    return np.full(len(seen.n), MOST_MORE)


def one(seen: Seen) -> Ints:
    """One more seed each time."""
    return np.ones(len(seen.n), dtype=np.int64)


def as_needed(seen: Seen) -> Ints:
    """As many as would decide the row that is open and nearest to it, if its mean and deviation stayed."""
    z = np.abs(seen.mean) / np.maximum(seen.sd, 1e-12) * np.sqrt(seen.n)[:, None]
    nearest = np.where(seen.codes == INCONCLUSIVE, z, 0.0).max(axis=1)
    wanted = seen.n * (3.0 / np.maximum(nearest, 0.1)) ** 2 - seen.n
    return np.clip(np.ceil(wanted), 1, MOST_MORE).astype(np.int64)


def at_random(seen: Seen) -> Ints:
    """One to ten."""
    return np.random.default_rng(8).integers(1, MOST_MORE + 1, len(seen.n))


def by_nearness(seen: Seen) -> Ints:
    """Many where a verdict is near, one where none is: what gives chance most to choose from."""
    z = np.abs(seen.mean) / np.maximum(seen.sd, 1e-12) * np.sqrt(seen.n)[:, None]
    return np.where(z.max(axis=1) > 2.0, 1, MOST_MORE)


WAYS: dict[str, Callable[[Seen], Ints]] = {
    "ten": ten,
    "one": one,
    "one to ten": at_random,
    "as needed": as_needed,
    "by nearness": by_nearness,
}


class Study:
    """Differences of a cell, (studies, rows, seeds), summed up so that any number of first seeds is read at once."""

    def __init__(self, differences: Floats) -> None:
        self.sums = np.cumsum(differences, axis=2)
        self.squares = np.cumsum(np.square(differences), axis=2)

    def look(self, n: Ints, levels: Floats, since: Ints | None = None) -> Seen:
        """What the seeds from `since` up to n show; levels: the chance of an error that each row may spend, (rows,)."""
        studies = np.arange(len(n))
        total, squares = self.sums[studies, :, n - 1], self.squares[studies, :, n - 1]
        count = n
        if since is not None:
            total, squares = total - self.sums[studies, :, since - 1], squares - self.squares[studies, :, since - 1]
            count = n - since
        per = count[:, None].astype(np.float64)
        mean = total / per
        sd = np.sqrt(np.maximum(squares - per * np.square(mean), 0) / np.maximum(per - 1, 1))
        family, equivalence = (
            (mean - half, mean + half)
            for half in (critical(per, level) * sd / np.sqrt(per) for level in (1 - levels, equivalence_level(1 - levels)))
        )
        codes = np.where(per > 1, decide(family, equivalence, simulate.MARGIN), INCONCLUSIVE)
        return Seen(mean, sd, codes, count)


def errors(codes: Ints, truth: Floats) -> NDArray[np.bool_]:
    """Which verdicts are wrong; as in `simulate.judged`."""
    wrong = (codes == HELPS) & (truth <= 0) | (codes == HURTS) & (truth >= 0)
    return wrong | (codes == NONE) & (np.abs(truth) >= simulate.MARGIN)


def drawn(number: int, scatter: str, truth: Floats, seeds: int) -> Study:
    """Studies of a cell."""
    runs = simulate.noise(np.random.default_rng([7, number]), scatter, len(truth), seeds)
    runs[:, 1:] += truth[:, None]
    return Study(runs[:, 1:] - runs[:, :1])


def looked(
    study: Study, way: str, truth: Floats, first: int, looks: int, added: int = 0, fresh: bool = False
) -> tuple[float, float]:
    """(the share of studies with any wrong verdict, what is printed of those that looked most often).

    Args:
        way: how many seeds a further look adds.
        added: the last rows, which come with the first further look.
        fresh: whether a further look has none of the seeds that were seen.
    """
    rows = len(truth)
    begun = rows - added
    n = np.full(len(study.sums), first)
    seen = study.look(n, np.full(rows, level_of(begun, 0)))
    there = np.arange(rows) < begun
    wrong = (errors(seen.codes, truth) & there).any(axis=1)
    decided = (seen.codes != INCONCLUSIVE)[:, there].all(axis=1) & (added == 0)
    for look in range(1, looks + 1):
        more = WAYS[way](seen)
        more = np.maximum(more, 2) if fresh else more
        since = n if fresh else None
        n = n + more
        earlier = np.where(there, look, look - 1)
        judged = np.where(there, begun if added == 0 else rows, rows)
        levels = np.array([level_of(int(k), int(m)) for k, m in zip(judged, earlier, strict=True)])
        seen = study.look(n, levels, since)
        wrong |= errors(seen.codes, truth).any(axis=1) & ~decided
        decided |= (seen.codes != INCONCLUSIVE).all(axis=1)
    return float(wrong.mean()), (2 - 2.0**-looks) * (LEVEL + added * LEVEL / rows)


def cells() -> Iterator[Cell]:
    """Every kind of study that the record is to hold for."""
    kinds = [(scatter, name, arms, first) for scatter in SCATTERS for name in TRUTHS for arms in ARMS for first in FIRST_SEEDS]
    for number, (scatter, name, arms, first) in enumerate(kinds):
        truth = np.resize(TRUTHS[name], arms).astype(np.float64)
        study = drawn(number, scatter, truth, first + max(LOOKS) * MOST_MORE)
        for looks in LOOKS:
            for way in WAYS:
                yield Cell(way, scatter, name, arms, first, looks, *looked(study, way, truth, first, looks))
            yield Cell("fresh seeds", scatter, name, arms, first, looks, *looked(study, "ten", truth, first, looks, fresh=True))
        if arms > ADDED:
            for looks in LOOKS:
                told = looked(study, "one to ten", truth, first, looks, added=ADDED)
                yield Cell(f"{ADDED} arms added", scatter, name, arms, first, looks, *told)


if __name__ == "__main__":
    for cell in cells():
        print(*(f"{value:.4f}" if isinstance(value, float) else value for value in cell), sep="\t", flush=True)
