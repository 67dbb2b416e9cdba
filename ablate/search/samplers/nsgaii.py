"""NSGA-II (Deb et al. 2002), for two objectives."""

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, Number, Parameter, Whole

SAMPLER = Sampler(
    "optuna.samplers:NSGAIISampler",
    {
        "seed": SEED,
        "population_size": Parameter(Whole(2), 50),
        "mutation_prob": Parameter(Number(0, 1)),
        "crossover_prob": Parameter(Number(0, 1), 0.9),
        "swapping_prob": Parameter(Number(0, 1), 0.5),
    },
    objectives=(2,),
)
