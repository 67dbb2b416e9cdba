"""Looking again at a comparison: what a look is, at which level it is judged, and which lists of seeds keep the promise.

A comparison is a metric and weights over arms. Looked at for the first time it may spend 5% / K, with K rows judged in its
sweep, a quarter of that at the second look, and at each further one half as much as at the one before; so all looks together
spend at most one and a half times as much as the first. What is promised is more, 2 − 2^−m times as much: how many seeds are
added may be chosen by what was seen, which a sum of levels does not pay for. In simulations, choosing them by how near a
verdict is stays within what is promised. The seeds of a further look have to hold all of those that were seen, or none.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.confidence import LEVEL
from ablate.config.neutral import without_neutral
from ablate.store import fingerprint
from ablate.store.look_lines import Compared, Ledger, Look

LEAST_SEEDS = 2  # that give a verdict
_DIGITS = 9  # of weights


def arm_key(content: Mapping[str, Any], evaluation_set: str, weights: str, step: int) -> str:
    """What an arm is, whatever the seed: what is trained (with the digest of its data), and what of it is read."""
    trained = {key: value for key, value in without_neutral(content).items() if key != "seed"}
    return fingerprint([trained, evaluation_set, weights, step])


def comparison_key(metric: str, weights: Iterable[tuple[str, float]]) -> str:
    """What a comparison is: its metric, and its weights over arms up to a common factor.

    Args:
        weights: of each arm, by its key; of one arm they add up.

    Examples:
        >>> from ablate.planning.look_law import comparison_key
        >>> comparison_key("accuracy", [("a", 1.0), ("b", -1.0)]) == comparison_key("accuracy", [("b", 0.5), ("a", -0.5)])
        True
    """
    return fingerprint([metric, _scaled(weights)])


def family_key(metric: str, default: str) -> str:
    """That of all winners of one default arm, whatever their settings. default: the key of the arm."""
    return fingerprint(["winners", metric, default])


def look_key(metric: str, last: int, runs: Iterable[tuple[tuple[int, str, str, int], float]]) -> str:
    """What a look is: a comparison with the runs that it is made of.

    Args:
        last: the mean of how many evaluations a run's value is.
        runs: (seed, fingerprint, weights, step) of each run, and the weight of its arm.
    """
    plain = [("\n".join(map(str, run)), weight) for run, weight in runs]
    return fingerprint([metric, last, _scaled(plain)])


def _scaled(weights: Iterable[tuple[str, float]]) -> list[list[Any]]:
    """In order of the keys, without those of 0, as multiples of the first."""
    sums: dict[str, float] = {}
    for key, weight in weights:
        sums[key] = sums.get(key, 0.0) + weight
    left = [(key, weight) for key, weight in sorted(sums.items()) if abs(weight) > 10**-_DIGITS]
    return [[key, round(weight / left[0][1], _DIGITS) + 0.0] for key, weight in left]


def level_of(judged: int, earlier: int) -> float:
    """The chance of an error that a row may spend: 5% / K, a quarter of it at the second look, then half as much each time.

    Args:
        judged: among how many rows 5% are shared.
        earlier: how many looks of two or more seeds came before.

    Examples:
        >>> from ablate.planning.look_law import level_of
        >>> level_of(judged=1, earlier=0), level_of(judged=5, earlier=1)
        (0.05, 0.0025)
    """
    return LEVEL / (max(1, judged) * divisor(earlier))


def divisor(earlier: int) -> int:
    """How much smaller the level of a look is than that of the first. earlier: how many looks came before."""
    return 2 << earlier if earlier else 1


def keeps(seeds: Collection[int], seen: Collection[int]) -> bool:
    """Whether a list of seeds holds all that were seen, or none of them.

    Examples:
        >>> from ablate.planning.look_law import keeps
        >>> keeps([0, 1, 2], [0, 1]), keeps([2, 3], [0, 1]), keeps([1, 2], [0, 1])
        (True, True, False)
    """
    return set(seen).issubset(seeds) or set(seen).isdisjoint(seeds)


def nearest(seeds: Collection[int], seen: Sequence[Collection[int]]) -> tuple[int, ...]:
    """The list of seeds next to one that keeps the promise: with what it lacks added, or what was seen left out.

    Args:
        seen: the seeds of the earlier looks at each comparison.

    Examples:
        >>> from ablate.planning.look_law import nearest
        >>> nearest([1, 2, 3], [[0, 1, 2]]), nearest([2, 3, 4, 5, 6], [[0, 1, 2]])
        ((0, 1, 2, 3), (3, 4, 5, 6))
    """
    wanted = set(seeds)
    more = set(wanted)
    while missing := set().union(*(each for each in seen if not keeps(more, each))) - more:
        more |= missing
    fewer = wanted.difference(*seen)
    if len(fewer) >= LEAST_SEEDS and len(wanted - fewer) < len(more - wanted):
        return tuple(sorted(fewer))
    return tuple(sorted(more))


@dataclass(frozen=True)
class Row:
    """A judged row of a plan. key, look, arms, family: as in `Compared`. seeds: its own; None for those of the plan."""

    key: str
    look: str
    arms: tuple[int, ...]
    family: str | None = None
    seeds: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Decision:
    """What a plan would look at.

    rows: as they are entered, or were. known: whether each was looked at with these very runs before, and keeps its level.
    missing: the seeds of earlier looks that the list lacks though it has others of them; where there are any, all that it
        shows is exploratory, and nothing is entered. nearest: the list next to it that is not so.
    withdrawn: looks of which no run has ended, by the check of their entry: they no longer count once these are entered.
    """

    rows: tuple[Compared, ...]
    known: tuple[bool, ...]
    missing: tuple[int, ...]
    nearest: tuple[int, ...]
    withdrawn: Mapping[str, frozenset[str]]

    @property
    def exploratory(self) -> bool:
        """Whether its list of seeds breaks the promise."""
        return bool(self.missing)

    @property
    def new(self) -> tuple[Compared, ...]:
        """The rows to be entered, each look once."""
        found = {row.look: row for row, known in zip(self.rows, self.known, strict=True) if not known}
        return () if self.exploratory else tuple(found.values())


def decide(rows: Sequence[Row], seeds: Sequence[int], ledger: Ledger, unread: Callable[[Look], bool]) -> Decision:
    """At which level each judged row of a plan is looked at, or that its list of seeds would be exploratory.

    Args:
        rows: all that the plan judges.
        unread: whether no run of an earlier look has ended, so that nobody can have seen anything of it.
    """
    made, known, seen, lists = [], [], [], []
    withdrawn: dict[str, set[str]] = {}
    for row in rows:
        same = ledger.find(row.look)
        known.append(same is not None)
        if same is not None:
            made.append(same.row)
            continue
        at_all = ledger.of(row.key)
        gone = {look.entry.check for look in at_all if unread(look)}
        for look in (look for look in at_all if look.entry.check in gone):
            withdrawn.setdefault(look.entry.check, set()).add(look.row.look)
        before = [look for look in at_all if look.entry.check not in gone]
        counted = before if row.family is None else [look for look in ledger.of(row.family) if not unread(look)]
        seen.append(frozenset(seed for look in before for seed in look.entry.seeds))
        lists.append(seeds if row.seeds is None else row.seeds)
        judged = max([len(rows), *(look.row.judged for look in before)])
        earlier = sum(len(look.entry.seeds) >= LEAST_SEEDS for look in counted)
        made.append(Compared(row.key, row.look, row.arms, earlier, judged, level_of(judged, earlier), row.family))
    broken = [(own, each) for own, each in zip(lists, seen, strict=True) if not keeps(own, each)]
    missing = tuple(sorted({seed for own, each in broken for seed in each - set(own)}))
    gone_looks = {check: frozenset(looks) for check, looks in withdrawn.items()}
    return Decision(tuple(made), tuple(known), missing, nearest(seeds, seen), {} if broken else gone_looks)


def history(ledger: Ledger, look: Look) -> list[Look]:
    """The looks of two or more seeds at a comparison up to one of them, that last; of winners those at all of one default."""
    every = sorted(ledger.of(look.row.family or look.row.key), key=lambda each: each.entry.entered_at)
    place = next(number for number, each in enumerate(every) if each.entry.check == look.entry.check)
    return [*(each for each in every[:place] if len(each.entry.seeds) >= LEAST_SEEDS), look]


def bound(histories: Sequence[Sequence[Look]]) -> float:
    """At most how likely any verdict of all looks at the rows of a report is wrong.

    (2 − 2^−M) x (5% for each sweep in which a row was first looked at, plus 5% / K for each arm added to one), with M the
    most earlier looks of a row; or what all their levels sum to, where that is more, as after looks of older versions.

    Args:
        histories: for each row its looks so far; see `history`.
    """
    firsts = [looks[0] for looks in histories]
    begun = {first.entry.sweep for first in firsts if _begun_by(first)}
    shares = [LEVEL * len(begun), *(LEVEL / first.row.judged for first in firsts if not _begun_by(first))]
    most = max((looks[-1].row.earlier for looks in histories), default=0)
    spent = sum(look.row.level for look in {each.row.look: each for looks in histories for each in looks}.values())
    promised = (2 - 2.0**-most) * sum(shares)
    return promised if promised > spent or math.isclose(promised, spent) else spent


def _begun_by(look: Look) -> bool:
    """Whether all rows of a sweep were first looked at with this entry; else arms were added to what was looked at before."""
    rows = look.entry.comparisons
    return len(rows) >= look.entry.judged and all(row.earlier == 0 for row in rows)
