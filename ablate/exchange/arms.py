"""The arms of a table: which there are, what design they have, and what of them is judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

from ablate import designs
from ablate.designs import TABLE, Arm, Effect, Factor, Fraction, Pair
from ablate.designs.design import LEAST_RESOLUTION, RESOLUTION, to_baseline
from ablate.errors import AblateError, did_you_mean, shown
from ablate.exchange.runs import MOST_NAMED, Choices, Levels, named
from ablate.text import counted


@dataclass(frozen=True)
class TableDesign:
    """What is judged. design: a design's name, or that of a table. arms: the baseline first. fraction: how they were chosen."""

    design: str
    arms: tuple[Arm, ...]
    differences: tuple[Pair, ...] = ()
    effects: tuple[Effect, ...] = ()
    fraction: Fraction | None = None


def design_of(there: Sequence[Levels], choices: Choices, design: str | None, baseline: Mapping[str, str] | None) -> TableDesign:
    """What is judged of the arms that a table has.

    Without a design and a baseline these are the effects of a complete crossing of two levels each; with a design what it
    judges; with a baseline alone every other arm against it.

    Args:
        there: the levels of each arm, in order of appearance.
        baseline: the level of every factor.

    Raises:
        AblateError: the arms are not those of the design, or nothing says what is to be compared.
    """
    levels = _levels(there)
    for factor, own in levels.items():
        if len(own) == 1:
            raise AblateError(f"{factor} is {shown(own[0])} in every row. Leave it out of {choices.key('factors')}.")
    if baseline is not None:
        first = _baseline(there, levels, choices, baseline)
        levels = {factor: tuple(dict.fromkeys((first[factor], *own))) for factor, own in levels.items()}
    factors = [Factor(factor, own) for factor, own in levels.items()]
    if design is not None:
        return _of_design(design, factors, there, choices, baseline is None)
    return _crossing(factors, there, choices) if baseline is None else _against(factors, there)


def _levels(there: Sequence[Levels]) -> dict[str, tuple[str, ...]]:
    return {column[0][0]: tuple(dict.fromkeys(level for _, level in column)) for column in zip(*there, strict=True)}


def _baseline(
    there: Sequence[Levels], levels: Mapping[str, Sequence[str]], choices: Choices, given: Mapping[str, str]
) -> dict[str, str]:
    """The levels of the baseline, in the order of the factors."""
    key = choices.key("baseline")
    for factor, level in given.items():
        if factor not in levels:
            near = did_you_mean(factor, levels) or f" The factors are {', '.join(levels)}."
            raise AblateError(f"{key} names {shown(factor)}, which is no factor.{near}")
        if level not in levels[factor]:
            near = did_you_mean(level, levels[factor])
            raise AblateError(f"{key} has {factor}={level}. Its levels are {', '.join(levels[factor])}.{near}")
    lacking = [factor for factor in levels if factor not in given]
    if lacking:
        raise AblateError(f"{key} needs a level of every factor, and has none of {', '.join(lacking)}.")
    first = tuple((factor, given[factor]) for factor in levels)
    if first not in there:
        raise AblateError(f"{key} is {named(first)}, which no row has. The arms are {_listed(there)}.")
    return dict(first)


def _crossing(factors: Sequence[Factor], there: Sequence[Levels], choices: Choices) -> TableDesign:
    """The effects of a complete crossing; of a single factor the difference of its levels, which is the same."""
    instead = f"Say what to compare with: {choices.said('baseline', named(there[0]))}, or another arm."
    many = [factor for factor in factors if len(factor.levels) > 2]
    if many:
        count = counted(len(many[0].levels), "level")
        raise AblateError(f"Effects are of factors with two levels, and {many[0].name} has {count}. {instead}")
    if missing := _combinations(factors) - len(there):
        have = "has" if missing == 1 else "have"
        count = f"{missing:,} of {counted(_combinations(factors), 'combination')} of levels {have} no run"
        listed = _listed(_lacking(factors, there), missing)
        raise AblateError(f"{count} ({listed}), so effects cannot be estimated. {instead}")
    names = [factor.name for factor in factors]
    arms = tuple(designs.arms(designs.USUAL, factors))
    if len(names) == 1:
        return TableDesign(designs.USUAL, arms, differences=tuple(to_baseline(arms)))
    return TableDesign(designs.USUAL, arms, effects=(*combinations(names, 1), *combinations(names, 2)))


def _combinations(factors: Sequence[Factor]) -> int:
    """How many combinations of levels there can be: too many to list them, where a table has many factors."""
    return math.prod(len(factor.levels) for factor in factors)


def _lacking(factors: Sequence[Factor], there: Sequence[Levels]) -> list[Levels]:
    """The first combinations of levels that no arm has, as many as a message names."""
    present = set(there)
    every = product(*([(factor.name, level) for level in factor.levels] for factor in factors))
    return list(islice((levels for levels in every if levels not in present), MOST_NAMED))


def _against(factors: Sequence[Factor], there: Sequence[Levels]) -> TableDesign:
    """Every other arm against the baseline; called by the design that they have, if it compares so."""
    for name in designs.names():
        if (found := _fits(name, factors, there)) and found.differences == tuple(to_baseline(found.arms)):
            return found
    order = {(factor.name, level): number for factor in factors for number, level in enumerate(factor.levels)}
    arms = tuple(Arm(levels) for levels in sorted(there, key=lambda levels: [order[each] for each in levels]))
    return TableDesign(TABLE, arms, differences=tuple(to_baseline(arms)))


def _fits(name: str, factors: Sequence[Factor], there: Sequence[Levels]) -> TableDesign | None:
    """What a design judges, where the arms are its own and it is no fraction, which compares no two arms."""
    try:
        design = designs.find(name)
        if design.fraction is not None or (design.crossed and _combinations(factors) != len(there)):
            return None
        found = _made(name, factors, RESOLUTION)
    except AblateError:  # factors that it cannot take, or another package's that cannot be loaded
        return None
    return found if {arm.levels for arm in found.arms} == set(there) else None


def _made(name: str, factors: Sequence[Factor], resolution: int) -> TableDesign:
    arms = tuple(designs.arms(name, factors, resolution))
    differences, effects = designs.differences(name, arms), designs.effects(name, factors, resolution)
    return TableDesign(name, arms, tuple(differences), tuple(effects), designs.fraction(name, factors, resolution))


def _of_design(
    name: str, factors: Sequence[Factor], there: Sequence[Levels], choices: Choices, no_baseline: bool
) -> TableDesign:
    """What a design judges, of a fraction the one whose arms are there."""
    wrong = f"The arms do not match {choices.said('design', name)}: the table"
    without = "Leave the design out to compare all arms with the baseline."
    if designs.find(name).crossed and (count := _combinations(factors) - len(there)):
        raise AblateError(f"{wrong} lacks {_listed(_lacking(factors, there), count)}. {without}")
    resolutions = (RESOLUTION, LEAST_RESOLUTION, *range(RESOLUTION + 1, max(RESOLUTION, len(factors)) + 2))
    first = _made(name, factors, RESOLUTION)
    if no_baseline and not first.effects:
        raise AblateError(
            f"{choices.said('design', name)} compares with a baseline. Say which: {choices.said('baseline', named(there[0]))}, "
            "or another arm."
        )
    tried = [first] if first.fraction is None else [_made(name, factors, resolution) for resolution in resolutions]
    for found in tried:
        if {arm.levels for arm in found.arms} == set(there):
            return found
    made = [arm.levels for arm in first.arms]
    missing, more = ([each for each in one if each not in other] for one, other in ((made, set(there)), (there, set(made))))
    told = [f"lacks {_listed(missing)}"] if missing else []
    told += [f"also has {_listed(more)}"] if more else []
    raise AblateError(f"{wrong} {' and '.join(told)}. {without}")


def _listed(arms: Sequence[Levels], count: int | None = None) -> str:
    """The first arms, and how many more there are. count: of all; None for those given."""
    more = (len(arms) if count is None else count) - MOST_NAMED
    return "; ".join(map(named, arms[:MOST_NAMED])) + (f"; and {more:,} more" if more > 0 else "")
