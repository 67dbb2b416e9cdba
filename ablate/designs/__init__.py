"""Factors and levels in, arms out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any

from ablate.designs import fractions
from ablate.errors import AblateError, one_of, shown

BASELINE = "baseline"  # the label of the arm that changes nothing
LABEL_DIGITS = 6  # of a number in a label; longer ones are rounded to 4
RESOLUTION = 4  # of a fraction, unless a sweep says otherwise: no main effect is aliased with a two-factor interaction
LEAST_RESOLUTION = 3  # below it, main effects are aliased with each other
FRACTION_FACTORS = (2, 12)  # fewest and most; the search for the best fraction of more would take minutes

Effect = tuple[str, ...]  # the factors of a main effect (one) or an interaction, in the order of the command


@dataclass(frozen=True)
class Factor:
    """One thing that can be switched. levels: as written in the command, the baseline's first, without repeats."""

    name: str
    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.levels:
            raise AblateError(f"{self.name} has no level. Give at least one.")
        repeated = {level for level in self.levels if self.levels.count(level) > 1}
        if repeated:
            raise AblateError(
                f"{self.name}={','.join(self.levels)} has {', '.join(sorted(repeated))} more than once. Give different levels."
            )


@dataclass(frozen=True)
class Arm:
    """One level for every factor, in the order of the factors."""

    levels: tuple[tuple[str, str], ...]

    def changes(self, baseline: "Arm") -> list[tuple[str, str, str]]:
        """(factor, the baseline's level, this arm's level) for each that differs."""
        return [
            (name, before, after)
            for (name, before), (_, after) in zip(baseline.levels, self.levels, strict=True)
            if before != after
        ]

    def label(self, baseline: "Arm") -> str:
        """The arm as its change from the baseline, as in `augment: on → off`."""
        changes = self.changes(baseline)
        return ", ".join(f"{name}: {before} → {after}" for name, before, after in changes) or BASELINE


def factorial(factors: Sequence[Factor]) -> list[Arm]:
    """Every combination of levels; the last factor changes fastest, as in Hydra's own sweeper."""
    names = [factor.name for factor in factors]
    return [Arm(tuple(zip(names, levels, strict=True))) for levels in product(*(factor.levels for factor in factors))]


def one_factor(factors: Sequence[Factor]) -> list[Arm]:
    """The baseline, and one arm for every other level of every factor."""
    return [_baseline(factors)] + [
        _switched(_baseline(factors), factor.name, level) for factor in factors for level in factor.levels[1:]
    ]


def ladder(factors: Sequence[Factor]) -> list[Arm]:
    """The baseline, then factors switched cumulatively in the order written; one with several levels climbs through them."""
    arms = [_baseline(factors)]
    for factor in factors:
        for level in factor.levels[1:]:
            arms.append(_switched(arms[-1], factor.name, level))
    return arms


@dataclass(frozen=True)
class Fraction:
    """The arms of a regular fraction of a two-level factorial, baseline first, and what it cannot tell apart.

    resolution: the length of the shortest interaction that never changes; None for the full factorial, where no smaller
    fraction has the resolution that was asked for. generators: how the levels of the last factors follow from those of the
    first, as in `fc = augment x ema x lrn`, with a factor's first level as -1 and its second as +1. aliases: groups of main
    effects and two-factor interactions that the arms cannot tell apart; what is alone in its group is left out.
    """

    arms: tuple[Arm, ...]
    resolution: int | None
    generators: tuple[str, ...]
    aliases: tuple[tuple[Effect, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """All but the arms, as sweep.json holds it."""
        return {
            "resolution": self.resolution,
            "generators": list(self.generators),
            "aliases": [[list(effect) for effect in group] for group in self.aliases],
        }


def fraction(factors: Sequence[Factor], resolution: int = RESOLUTION) -> Fraction:
    """The smallest regular fraction of at least a resolution, of those the one with the fewest aliases.

    The first factors take every combination of levels in the order of `factorial`; the levels of the others follow from them.

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
        generated.append(f"{factor.name} = {interaction(sources) if len(sources) % 2 else f'−({interaction(sources)})'}")
    groups = _aliased([factor.name for factor in factors], columns)
    return Fraction(
        arms=tuple(arms),
        resolution=min((word.bit_count() for word in fractions.words(columns)), default=None),
        generators=tuple(generated),
        aliases=tuple(group for group in groups if len(group) > 1),
    )


def interaction(effect: Sequence[str]) -> str:
    """An effect as text, as in `augment x ema`."""
    return " x ".join(effect)


def together(factors: Sequence[Factor]) -> list[Arm]:
    """Factors switched at once: the first level of each is the baseline, their second levels are one arm, and so on.

    Raises:
        AblateError: factors with different numbers of levels.
    """
    if len({len(factor.levels) for factor in factors}) > 1:
        counts = " ".join(f"{factor.name}={','.join(factor.levels)}" for factor in factors)
        raise AblateError(f"design=together needs equally many levels for each factor, got {counts}.")
    names = [factor.name for factor in factors]
    rows = list(zip(*(factor.levels for factor in factors), strict=True)) if factors else [()]
    return [Arm(tuple(zip(names, levels, strict=True))) for levels in rows]


_SWITCHED: Mapping[str, Callable[[Sequence[Factor]], list[Arm]]] = {
    "factorial": factorial,
    "one_factor": one_factor,
    "ladder": ladder,
    "together": together,
}
DESIGNS = (*_SWITCHED, "fractional")


def arms(design: str, factors: Sequence[Factor], resolution: int = RESOLUTION) -> list[Arm]:
    """The arms of a design, the baseline first.

    Args:
        resolution: of a fractional design; the others have no use for it.

    Raises:
        AblateError: there is no such design or resolution, or the factors are none that it can take.
    """
    if design not in DESIGNS:
        raise AblateError(one_of("design", design, DESIGNS))
    _check_resolution(resolution)
    return _SWITCHED[design](factors) if design in _SWITCHED else list(fraction(factors, resolution).arms)


def differences(design: str, arms: Sequence[Arm]) -> list[tuple[int, int]]:
    """(arm, the arm it is compared with) for each difference that is judged.

    That is the baseline, and in a ladder the rung below. A fractional design has none: all its arms together say what each
    effect is, and two of them differ in several factors.
    """
    if design == "fractional":
        return []
    return [(number, number - 1 if design == "ladder" else 0) for number in range(1, len(arms))]


def effects(design: str, factors: Sequence[Factor], resolution: int = RESOLUTION) -> list[Effect]:
    """The effects that are judged: those of a fractional design, none of the others.

    They are every main effect, and of two-factor interactions that cannot be told apart the first. An interaction that is
    aliased with a main effect is not judged.

    Raises:
        AblateError: as `fraction`.
    """
    if design != "fractional":
        return []
    groups = _aliased([factor.name for factor in factors], _columns(factors, resolution))
    return [group[0] for group in groups]


def label(design: str, arms: Sequence[Arm], number: int) -> str:
    """What an arm is called: its change from the baseline; in a ladder, `+` and its change from the rung below.

    Numbers of many digits are rounded, where the arms can still be told apart.
    """
    rounded = [Arm(tuple((name, _rounded(level)) for name, level in arm.levels)) for arm in arms]
    shown = rounded if len(set(rounded)) == len(set(arms)) else arms
    if design == "ladder" and number > 0:
        return f"+ {shown[number].label(shown[number - 1])}"
    return shown[number].label(shown[0])


@cache
def _rounded(level: str) -> str:
    try:
        number = float(level)
    except ValueError:
        return level
    digits = level.lower().partition("e")[0].replace(".", "").lstrip("-+0")
    return f"{number:.4g}" if len(digits) > LABEL_DIGITS and "." in level else level


def _columns(factors: Sequence[Factor], resolution: int) -> tuple[int, ...]:
    """The bits of a fraction's factors, as `ablate.designs.fractions` has them, for factors that are checked."""
    _check_resolution(resolution)
    others = [f"{factor.name}={','.join(factor.levels)}" for factor in factors if len(factor.levels) != 2]
    if others:
        raise AblateError(f"design=fractional needs two levels for each factor, got {' '.join(others)}. Use another design.")
    fewest, most = FRACTION_FACTORS
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


def _check_resolution(resolution: int) -> None:
    if isinstance(resolution, bool) or not isinstance(resolution, int) or resolution < LEAST_RESOLUTION:
        raise AblateError(f"resolution must be a whole number of at least {LEAST_RESOLUTION}, got {shown(resolution)}.")


def _baseline(factors: Sequence[Factor]) -> Arm:
    return Arm(tuple((factor.name, factor.levels[0]) for factor in factors))


def _switched(arm: Arm, name: str, level: str) -> Arm:
    return Arm(tuple((factor, level if factor == name else before) for factor, before in arm.levels))
