"""Quasi-random points, which cover the space evenly."""

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, Flag, Parameter, Word

SAMPLER = Sampler(
    "optuna.samplers:QMCSampler",
    {
        "seed": SEED,
        "qmc_type": Parameter(Word(("sobol", "halton")), "sobol"),
        "scramble": Parameter(Flag(), False),
    },
    one_sequence=True,
)
