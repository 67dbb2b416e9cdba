"""The designs by name: each module of this package that has one, and those that other packages name as entry points."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from ablate.designs.design import (
    KINDS,
    RESOLUTION,
    Arm,
    Design,
    Effect,
    Factor,
    Fraction,
    Pair,
    change,
    check_resolution,
    interaction,
    rounded,
    to_baseline,
)
from ablate.errors import AblateError, one_of
from ablate.system.plugins import Plugins

DESIGNS = Plugins(
    group="ablate.designs",
    package="ablate.designs",
    attribute="DESIGN",
    title="design={}",
    key="design",
    must="a Design named '{}'",
    fits=lambda name, one: isinstance(one, Design) and one.name == name,
    helpers=("design", "fractions", "phrases", "registry"),
)
USUAL = "factorial"  # the default in conf/config.yaml
UNKNOWN = "those that its design names"  # the sentence of a design that is not known here


def names() -> tuple[str, ...]:
    """The names of all designs, ours first. If another package uses one of our names, ours wins.

    Examples:
        >>> from ablate.designs import names
        >>> names()[:5]  # those of other packages follow
        ('factorial', 'one_factor', 'ladder', 'together', 'fractional')
    """
    return tuple(dict.fromkeys((*_ours(), *DESIGNS.names())))


def known(name: str) -> Design | None:
    """The design of a name; None where there is none.

    Raises:
        AblateError: it is that of another package, and cannot be loaded.

    Examples:
        >>> from ablate.designs import known
        >>> known("ladder").partner
        'the rung below'
        >>> known("no_such_design") is None
        True
    """
    found: Design | None = None if name in KINDS else DESIGNS.known(name)
    return found


def find(name: str) -> Design:
    """The design of a name.

    Raises:
        AblateError: there is none, or it cannot be loaded.

    Examples:
        >>> from ablate.designs import find
        >>> find("factorial").crossed
        True
    """
    design = known(name)
    if design is None:
        raise AblateError(one_of("design", name, names()))
    return design


def arms(name: str, factors: Sequence[Factor], resolution: int = RESOLUTION) -> list[Arm]:
    """The arms of a design, the baseline first.

    Args:
        resolution: of a fractional design; the others have no use for it.

    Raises:
        AblateError: there is no such design or resolution, or the factors are none that it can take.

    Examples:
        >>> from ablate.designs import Factor, arms, label
        >>> made = arms("ladder", [Factor("augment", ("off", "on")), Factor("ema", ("off", "on"))])
        >>> [label("ladder", made, number) for number in range(len(made))]
        ['baseline', '+ augment: off → on', '+ ema: off → on']
    """
    design = find(name)
    check_resolution(resolution)
    made = list(design.arms(factors, resolution))
    if name not in _ours():
        _check(design, factors, made)
        _check_judged(design, factors, made, resolution)
    return made


def fraction(name: str, factors: Sequence[Factor], resolution: int = RESOLUTION) -> Fraction | None:
    """How the arms of a fractional design were chosen; None for the others. Raises as `arms`.

    Examples:
        >>> from ablate.designs import Factor, fraction
        >>> factors = [Factor(name, ("on", "off")) for name in ("augment", "ema", "lrn", "fc")]
        >>> fraction("fractional", factors).generators, len(fraction("fractional", factors).arms)
        (('fc = augment x ema x lrn',), 8)
        >>> fraction("factorial", factors) is None
        True
    """
    design = known(name)
    return None if design is None or design.fraction is None else design.fraction(factors, resolution)


def differences(name: str, arms: Sequence[Arm]) -> list[Pair]:
    """(arm, the arm it is compared with) for each difference that is judged: with the baseline, where the design is unknown.

    Examples:
        >>> from ablate.designs import Factor, arms, differences
        >>> made = arms("ladder", [Factor("augment", ("off", "on")), Factor("ema", ("off", "on"))])
        >>> differences("ladder", made), differences("one_factor", made)
        ([(1, 0), (2, 1)], [(1, 0), (2, 0)])
    """
    design = known(name)
    return list((to_baseline if design is None else design.pairs)(arms))


def effects(name: str, factors: Sequence[Factor], resolution: int = RESOLUTION) -> list[Effect]:
    """The effects that are judged instead of differences; none where the design is not known. Raises as `arms`.

    Examples:
        >>> from ablate.designs import Factor, effects
        >>> effects("fractional", [Factor("augment", ("on", "off")), Factor("ema", ("on", "off"))])
        [('augment',), ('ema',), ('augment', 'ema')]
        >>> effects("factorial", [Factor("augment", ("on", "off")), Factor("ema", ("on", "off"))])
        []
    """
    design = known(name)
    return [] if design is None else list(design.effects(factors, resolution))


def label(name: str, arms: Sequence[Arm], number: int) -> str:
    """What an arm is called: its change from the baseline, unless its design calls it otherwise.

    Numbers of many digits are rounded, where the arms can still be told apart.

    Examples:
        >>> from ablate.designs import Factor, arms, label
        >>> made = arms("one_factor", [Factor("lr", ("0.1", "0.012345678"))])
        >>> label("one_factor", made, 0), label("one_factor", made, 1)
        ('baseline', 'lr: 0.1 → 0.01235')
    """
    design = known(name)
    return (change if design is None else design.label)(rounded(arms), number)


def sentence(name: str) -> str:
    """What the arms of a design are, as it follows `We compared 4 arms: `; a neutral one where the design is not known.

    Examples:
        >>> from ablate.designs import sentence
        >>> sentence("one_factor")
        'the baseline and one arm for every other level of every factor'
    """
    design = known(name)
    return UNKNOWN if design is None else design.sentence


@cache
def _ours() -> tuple[str, ...]:
    """The names of our own, as readers are shown them."""
    return tuple(sorted(DESIGNS.ours(), key=lambda name: (DESIGNS.known(name).rank, name)))


def _check(design: Design, factors: Sequence[Factor], arms: Sequence[Arm]) -> None:
    """Refuse what another package's design made of the factors, where no sweep can be made of it."""
    levels = {factor.name: factor.levels for factor in factors}
    for arm in arms:
        if [name for name, _ in arm.levels] != list(levels) or any(level not in levels[name] for name, level in arm.levels):
            got = ", ".join(f"{name}: {level}" for name, level in arm.levels) or "none"
            raise AblateError(
                f"design={design.name} must give each arm one level of every factor, in the order of the factors, got {got}."
            )
    if not arms:
        raise AblateError(f"design={design.name} must make at least one arm, got none.")
    [(twice, count)] = Counter(tuple(map(tuple, arm.levels)) for arm in arms).most_common(1)
    if count > 1:
        got = ", ".join(f"{name}: {level}" for name, level in twice)
        raise AblateError(f"design={design.name} must make different arms, got one twice: {got or 'that of no factor'}.")


def _check_judged(design: Design, factors: Sequence[Factor], arms: Sequence[Arm], resolution: int) -> None:
    """Refuse what another package's design judges, where no report could."""
    for pair in design.pairs(arms):
        if len({*pair}) != 2 or not {*pair} <= {*range(len(arms))}:
            raise AblateError(f"design={design.name} must compare two different arms from 0 to {len(arms) - 1}, got {pair}.")
    two = [factor.name for factor in factors if len(factor.levels) == 2]
    for effect in design.effects(factors, resolution):
        if not effect or not {*effect} <= {*two}:
            raise AblateError(
                f"design={design.name} must judge effects of factors with two levels ({', '.join(two) or 'there are none'}), "
                f"got {interaction(effect) or 'one of no factor'}."
            )
