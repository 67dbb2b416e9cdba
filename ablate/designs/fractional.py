"""The smallest fraction of a two-level factorial that tells its main effects apart, judged by its effects."""

from collections.abc import Sequence
from itertools import combinations, product

from ablate.designs import fractions
from ablate.designs.design import RESOLUTION, Arm, Design, Effect, Factor, Fraction, Pair, check_resolution
from ablate.errors import AblateError

FACTORS = (2, 12)  # fewest and most; the search for the best fraction of more would take minutes


def arms(factors: Sequence[Factor], resolution: int) -> list[Arm]:
    """The arms of `fraction`."""
    return list(fraction(factors, resolution).arms)


def fraction(factors: Sequence[Factor], resolution: int = RESOLUTION) -> Fraction:
    """The smallest regular fraction of at least a resolution, of those the one with the fewest aliases.

    The first factors take every combination of levels in the order of a factorial; the levels of the others follow from them.

    Raises:
        AblateError: a factor that has not two levels, too few or too many factors, or a resolution below 3.
    """
    columns = _columns(factors, resolution)
    base = [number for number, column in enumerate(columns) if column == 1 << number]
    arms = []
    for levels in product((0, 1), repeat=len(base)):
        setting = sum(level << number for number, level in enumerate(levels))
        chosen = [factor.levels[(setting & column).bit_count() % 2] for factor, column in zip(factors, columns, strict=True)]
        arms.append(Arm(tuple((factor.name, level) for factor, level in zip(factors, chosen, strict=True))))
    generated = []
    for factor, column in list(zip(factors, columns, strict=True))[len(base) :]:
        sources = [factors[number].name for number in base if column >> number & 1]
        # The product of an even number of first levels, each -1, is +1, and the baseline's is to be -1.
        product_of = " x ".join(sources)  # as sweep.json has it
        generated.append(f"{factor.name} = {product_of if len(sources) % 2 else f'−({product_of})'}")
    groups = _aliased([factor.name for factor in factors], columns)
    return Fraction(
        arms=tuple(arms),
        resolution=min((word.bit_count() for word in fractions.words(columns)), default=None),
        generators=tuple(generated),
        aliases=tuple(group for group in groups if len(group) > 1),
    )


def pairs(arms: Sequence[Arm]) -> list[Pair]:
    """None: all arms together say what each effect is, and two of them differ in several factors."""
    return []


def effects(factors: Sequence[Factor], resolution: int) -> list[Effect]:
    """Every main effect, and of two-factor interactions that cannot be told apart the first.

    An interaction that is aliased with a main effect is not judged.

    Raises:
        AblateError: as `fraction`.
    """
    groups = _aliased([factor.name for factor in factors], _columns(factors, resolution))
    return [group[0] for group in groups]


def _columns(factors: Sequence[Factor], resolution: int) -> tuple[int, ...]:
    """The bits of a fraction's factors, as `ablate.designs.fractions` has them, for factors that are checked."""
    check_resolution(resolution)
    others = [f"{factor.name}={','.join(factor.levels)}" for factor in factors if len(factor.levels) != 2]
    if others:
        raise AblateError(f"design=fractional needs two levels for each factor, got {' '.join(others)}. Use another design.")
    fewest, most = FACTORS
    if not fewest <= len(factors) <= most:
        raise AblateError(
            f"design=fractional needs {fewest} to {most} factors, got {len(factors)}. "
            f"Use {'more factors' if len(factors) < fewest else 'fewer factors'}, or design=one_factor."
        )
    return fractions.columns(len(factors), resolution)


def _aliased(names: Sequence[str], columns: Sequence[int]) -> list[tuple[Effect, ...]]:
    """Main effects and two-factor interactions, grouped by what cannot be told apart: the same parity in every arm."""
    groups: dict[int, list[Effect]] = {}
    numbers = range(len(names))
    for chosen in (*combinations(numbers, 1), *combinations(numbers, 2)):
        parity = 0
        for number in chosen:
            parity ^= columns[number]
        groups.setdefault(parity, []).append(tuple(names[number] for number in chosen))
    return [tuple(group) for group in groups.values()]


DESIGN = Design(
    "fractional",
    "a fraction of all combinations of levels, judged by its effects",
    arms,
    pairs,
    effects,
    fraction=fraction,
    rank=5,
)
