"""What a design is: from factors to arms, what of them is judged, and what is said of it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from ablate.errors import AblateError, shown

BASELINE = "baseline"  # the label of the arm that changes nothing
LABEL_DIGITS = 6  # of a number in a label; longer ones are rounded to 4
RESOLUTION = 4  # of a fraction, unless a sweep says otherwise: no main effect is aliased with a two-factor interaction
LEAST_RESOLUTION = 3  # below it, main effects are aliased with each other
# Kinds of sweeps that sweep.json, or what stands for it, names where others name their design; no design has these names.
SEARCH, TUNING, JOINED, STORE, TABLE = KINDS = ("search", "tuning", "joined", "store", "table")
LAST = 100  # the rank of a design that has none

Effect = tuple[str, ...]  # the factors of a main effect (one) or an interaction, in the order of the command
Pair = tuple[int, int]  # (arm, the arm it is compared with), by number


@dataclass(frozen=True)
class Factor:
    """One thing that can be switched.

    name: of the key or group.
    levels: as written in the command, the baseline's first, without repeats.

    Examples:
        >>> from ablate.designs import Factor
        >>> Factor("augment", ("on", "off")).levels[0]  # the baseline's
        'on'
        >>> Factor("augment", ("on", "on"))
        Traceback (most recent call last):
            ...
        ablate.errors.AblateError: augment=on,on has on more than once. Give different levels.
    """

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
    """One level for every factor, in the order of the factors.

    Examples:
        >>> from ablate.designs import Arm
        >>> first = Arm((("augment", "on"), ("ema", "on")))
        >>> Arm((("augment", "on"), ("ema", "off"))).label(first)
        'ema: on → off'
    """

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


@dataclass(frozen=True)
class Fraction:
    """The arms of a regular fraction of a two-level factorial, baseline first, and what it cannot tell apart.

    arms: one level of every factor each.
    resolution: the length of the shortest interaction that never changes; None for the full factorial, where no smaller
        fraction has the resolution that was asked for.
    generators: how the levels of the last factors follow from those of the first, as in `fc = augment x ema x lrn`, with a
        factor's first level as -1 and its second as +1.
    aliases: groups of main effects and two-factor interactions that the arms cannot tell apart; what is alone in its group is
        left out.

    Examples:
        Four arms of eight: the third factor follows from the others, so each main effect is aliased with an interaction.

        >>> from ablate.designs import Factor, fraction
        >>> found = fraction("fractional", [Factor(name, ("on", "off")) for name in ("augment", "ema", "lrn")], resolution=3)
        >>> len(found.arms), found.generators
        (4, ('lrn = −(augment x ema)',))
        >>> found.aliases[0]
        (('augment',), ('ema', 'lrn'))
    """

    arms: tuple[Arm, ...]
    resolution: int | None
    generators: tuple[str, ...]
    aliases: tuple[tuple[Effect, ...], ...]


def to_baseline(arms: Sequence[Arm]) -> list[Pair]:
    """Every other arm with the baseline."""
    return [(number, 0) for number in range(1, len(arms))]


def no_effects(factors: Sequence[Factor], resolution: int) -> list[Effect]:
    """Of a design whose arms are compared with each other."""
    return []


def change(arms: Sequence[Arm], number: int) -> str:
    """An arm as its change from the baseline.

    Examples:
        >>> from ablate.designs import Factor, arms, change
        >>> change(arms("one_factor", [Factor("ema", ("on", "off"))]), 1)
        'ema: on → off'
    """
    return arms[number].label(arms[0])


@dataclass(frozen=True)
class Design:
    """A way to make arms of factors. One of another package differs in nothing from ours.

    name: in lower case, as the command line has it.
    sentence: what its arms are, as it follows `We compared 4 arms: `, without a full stop.
    arms: from the factors and the resolution that a sweep asks for, which only fractions have a use for; the baseline first.
        Raises AblateError for factors that it cannot take.
    pairs: which differences between arms are judged, none where effects are.
    effects: what is judged over all arms together instead: main effects and interactions of factors with two levels, of arms
        that are every combination of levels or a regular fraction of them.
    label: what an arm is called.
    partner: what each arm is compared with, in words, where that is not the same arm for all: as in `the rung below`.
    fraction: what the arms cannot tell apart, and why, where they are a fraction.
    crossed: whether the arms are every combination of levels.
    alone: whether every arm but the baseline switches one factor to one level.
    rank: its place in lists.

    Examples:
        >>> from ablate.designs import Design, Factor, baseline, switched
        >>> def arms(factors, resolution):
        ...     first = baseline(factors)
        ...     return [first, *(switched(first, factor.name, factor.levels[-1]) for factor in factors)]
        >>> design = Design("last_out", "the baseline, and each factor at its last level", arms)
        >>> made = design.arms([Factor("augment", ("on", "center", "off")), Factor("ema", ("on", "off"))], 4)
        >>> [design.label(made, number) for number in range(3)], design.pairs(made)
        (['baseline', 'augment: on → off', 'ema: on → off'], [(1, 0), (2, 0)])
    """

    name: str
    sentence: str
    arms: Callable[[Sequence[Factor], int], Sequence[Arm]]
    pairs: Callable[[Sequence[Arm]], Sequence[Pair]] = to_baseline
    effects: Callable[[Sequence[Factor], int], Sequence[Effect]] = no_effects
    label: Callable[[Sequence[Arm], int], str] = change
    partner: str | None = None
    fraction: Callable[[Sequence[Factor], int], Fraction] | None = None
    crossed: bool = False
    alone: bool = False
    rank: int = LAST

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][a-z0-9_]*", self.name) or self.name in KINDS:
            raise AblateError(
                f"A design's name must be lowercase letters, digits, and _, but not {' or '.join(KINDS)}, got "
                f"{shown(self.name)}."
            )


def interaction(effect: Sequence[str]) -> str:
    """An effect as text, as in `augment × ema`.

    Examples:
        >>> from ablate.designs import interaction
        >>> interaction(["augment", "ema"])
        'augment × ema'
    """
    return " × ".join(effect)


def rounded(arms: Sequence[Arm]) -> Sequence[Arm]:
    """The arms with numbers of many digits rounded, for their labels; as they are where these would not tell them apart."""
    short = [Arm(tuple((name, rounded_level(level)) for name, level in arm.levels)) for arm in arms]
    return short if len(set(short)) == len(set(arms)) else arms


@cache
def rounded_level(level: str) -> str:
    """A number of many digits with four of them; any other level as it is."""
    try:
        number = float(level)
    except ValueError:
        return level
    digits = level.lower().partition("e")[0].replace(".", "").lstrip("-+0")
    return f"{number:.4g}" if len(digits) > LABEL_DIGITS and "." in level else level


def check_resolution(resolution: int) -> None:
    """Refuse what is no resolution.

    Raises:
        AblateError: it is no whole number, or below 3.
    """
    if isinstance(resolution, bool) or not isinstance(resolution, int) or resolution < LEAST_RESOLUTION:
        raise AblateError(f"resolution must be a whole number of at least {LEAST_RESOLUTION}, got {shown(resolution)}.")


def levels_of(arms: Sequence[Arm]) -> dict[str, tuple[str, ...]]:
    """The levels of each factor among the arms, in order of appearance, the baseline's first.

    Examples:
        >>> from ablate.designs import Arm, levels_of
        >>> levels_of([Arm((("ema", "on"), ("lr", "0.1"))), Arm((("ema", "off"), ("lr", "0.1")))])
        {'ema': ('on', 'off'), 'lr': ('0.1',)}
    """
    columns = zip(*(arm.levels for arm in arms), strict=True)
    return {column[0][0]: tuple(dict.fromkeys(level for _, level in column)) for column in columns}


def baseline(factors: Sequence[Factor]) -> Arm:
    """The arm with the first level of every factor.

    Examples:
        >>> from ablate.designs import Factor, baseline
        >>> baseline([Factor("augment", ("on", "off")), Factor("ema", ("on", "off"))]).levels
        (('augment', 'on'), ('ema', 'on'))
    """
    return Arm(tuple((factor.name, factor.levels[0]) for factor in factors))


def switched(arm: Arm, name: str, level: str) -> Arm:
    """The arm with another level of one factor.

    Examples:
        >>> from ablate.designs import Factor, baseline, switched
        >>> first = baseline([Factor("augment", ("on", "off")), Factor("ema", ("on", "off"))])
        >>> switched(first, "ema", "off").levels
        (('augment', 'on'), ('ema', 'off'))
    """
    return Arm(tuple((factor, level if factor == name else before) for factor, before in arm.levels))
