"""Regular two-level fractions as arithmetic on bits: which factors' levels follow from those of which others.

The first factors of a fraction, its base, take every combination of levels; the level of each other factor is the parity of
some of theirs. A factor is a column: bit b stands for base factor b, so a base factor has one bit. A word is a set of factors
whose columns cancel, a bit for each factor: their interaction never changes. The resolution is the length of the shortest word.
Reference: Box and Hunter 1961; Fries and Hunter 1980 for what is least aberration. pyDOE3 has generators as well, but not
always the smallest fraction of a resolution, or of that resolution at all; the tests check these against its table of aliases.
"""

from collections.abc import Sequence
from functools import cache


@cache
def columns(factors: int, resolution: int) -> tuple[int, ...]:
    """The smallest fraction of at least a resolution: a column a factor, those of the base first.

    Among fractions of that size it is one of least aberration: the fewest words of the shortest length, then of the next.
    Where no fraction has the resolution, all factors are the base: the full factorial. Exact, so the time grows quickly:
    milliseconds up to 9 factors, seconds for 12.
    """
    for base in range(1, factors):
        generated = _least_aberration(factors, base, resolution)
        if generated is not None:
            return (*(1 << number for number in range(base)), *generated)
    return tuple(1 << number for number in range(factors))


def words(columns: Sequence[int]) -> list[int]:
    """The defining contrast subgroup without the empty word."""
    found = [0]
    for number, column in enumerate(columns):
        word = column ^ 1 << number
        if word:  # a base factor's column is its own bit
            found += [word ^ other for other in found]
    return found[1:]


def _least_aberration(factors: int, base: int, resolution: int) -> tuple[int, ...] | None:
    """The columns behind the base, or None where there is no such fraction."""
    candidates = [column for column in range(1 << base) if column.bit_count() >= resolution - 1]
    best: tuple[list[int], tuple[int, ...]] | None = None

    def grow(chosen: tuple[int, ...], found: list[int], pattern: list[int], start: int) -> None:
        """Depth first, cut off where the pattern (number of words of each length) is no better: more columns only add words."""
        nonlocal best
        if best is not None and pattern >= best[0]:
            return
        number = base + len(chosen)
        if number == factors:
            best = pattern, chosen
            return
        for place in range(start, len(candidates)):
            more = [candidates[place] ^ 1 << number ^ other for other in found]
            lengths = [word.bit_count() for word in more]
            if min(lengths) >= resolution:
                counts = [count + lengths.count(length) for length, count in enumerate(pattern)]
                grow((*chosen, candidates[place]), found + more, counts, place + 1)

    grow((), [0], [0] * (factors + 1), 0)
    return None if best is None else best[1]
