"""All factors switched at once."""

from collections.abc import Sequence

from ablate.designs.design import Arm, Design, Factor
from ablate.errors import AblateError


def arms(factors: Sequence[Factor], resolution: int) -> list[Arm]:
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


DESIGN = Design("together", "all factors switched at once, from the first level of each to the second and so on", arms, rank=4)
