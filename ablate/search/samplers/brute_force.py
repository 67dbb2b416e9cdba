"""Every combination of listed values, also where keys depend on each other."""

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED

SAMPLER = Sampler(
    "optuna.samplers:BruteForceSampler",
    {"seed": SEED},
    finite=True,
)
