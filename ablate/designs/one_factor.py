"""One factor at a time."""

from collections.abc import Sequence

from ablate.designs.design import Arm, Design, Factor, baseline, switched


def arms(factors: Sequence[Factor], resolution: int) -> list[Arm]:
    """The baseline, and one arm for every other level of every factor."""
    first = baseline(factors)
    return [first] + [switched(first, factor.name, level) for factor in factors for level in factor.levels[1:]]


DESIGN = Design("one_factor", "the baseline and one arm for every other level of every factor", arms, alone=True, rank=2)
