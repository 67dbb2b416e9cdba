"""Factors and levels in, arms out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ablate.errors import AblateError, one_of


@dataclass(frozen=True)
class Factor:
    """One thing that can be switched. levels: as written in the command, the baseline's first, without repeats."""

    name: str
    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.levels:
            raise AblateError(f"Expected at least one level for {self.name}. Received: none.")
        repeated = {level for level in self.levels if self.levels.count(level) > 1}
        if repeated:
            raise AblateError(
                f"Expected different levels. Received: {self.name}={','.join(self.levels)}, with "
                f"{', '.join(sorted(repeated))} more than once."
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
        return ", ".join(f"{name}: {before} → {after}" for name, before, after in changes) or "baseline"


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


DESIGNS: Mapping[str, Callable[[Sequence[Factor]], list[Arm]]] = {
    "factorial": factorial,
    "one_factor": one_factor,
    "ladder": ladder,
}


def arms(design: str, factors: Sequence[Factor]) -> list[Arm]:
    """The arms of a design, the baseline first.

    Raises:
        AblateError: there is no such design.
    """
    if design not in DESIGNS:
        raise AblateError(one_of("design", design, DESIGNS))
    return DESIGNS[design](factors)


def _baseline(factors: Sequence[Factor]) -> Arm:
    return Arm(tuple((factor.name, factor.levels[0]) for factor in factors))


def _switched(arm: Arm, name: str, level: str) -> Arm:
    return Arm(tuple((factor, level if factor == name else before) for factor, before in arm.levels))
