"""Independent draws."""

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED

SAMPLER = Sampler(
    "optuna.samplers:RandomSampler",
    {"seed": SEED},
)
