"""Every combination of listed values, also where keys depend on each other."""

from typing import TYPE_CHECKING, Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(**given: Any) -> "BaseSampler":
    """Optuna's sampler with these parameters."""
    from optuna.samplers import BruteForceSampler

    return BruteForceSampler(**given)


SAMPLER = Sampler(
    make,
    {
        "seed": SEED,
    },
    finite=True,
)
