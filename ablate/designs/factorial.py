"""Every combination of levels."""

from collections.abc import Sequence
from itertools import product

from ablate.designs.design import Arm, Design, Factor


def arms(factors: Sequence[Factor], resolution: int) -> list[Arm]:
    """Every combination of levels; the last factor changes fastest, as in Hydra's own sweeper."""
    names = [factor.name for factor in factors]
    return [Arm(tuple(zip(names, levels, strict=True))) for levels in product(*(factor.levels for factor in factors))]


DESIGN = Design("factorial", "every combination of levels", arms, crossed=True, rank=1)
