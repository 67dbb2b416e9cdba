"""NSGA-II (Deb et al. 2002), for two objectives."""

from typing import TYPE_CHECKING, Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, Number, Parameter, Whole

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(**given: Any) -> "BaseSampler":
    """Optuna's sampler with these parameters."""
    from optuna.samplers import NSGAIISampler

    return NSGAIISampler(**given)


SAMPLER = Sampler(
    make,
    {
        "seed": SEED,
        "population_size": Parameter(Whole(2), 50),
        "mutation_prob": Parameter(Number(0, 1)),
        "crossover_prob": Parameter(Number(0, 1), 0.9),
        "swapping_prob": Parameter(Number(0, 1), 0.5),
    },
    objectives=(2,),
)
