"""Every combination of listed values, in an order that the seed decides."""

from typing import TYPE_CHECKING, Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(**given: Any) -> "BaseSampler":
    """Optuna's sampler with these parameters."""
    from optuna.samplers import GridSampler

    return GridSampler(**given)


SAMPLER = Sampler(
    make,
    {
        "seed": SEED,
    },
    one_sequence=True,
    finite=True,
    search_space=True,
)
