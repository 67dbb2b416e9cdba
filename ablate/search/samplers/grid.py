"""Every combination of listed values, in an order that the seed decides."""

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED

SAMPLER = Sampler(
    "optuna.samplers:GridSampler",
    {"seed": SEED},
    one_sequence=True,
    finite=True,
    search_space=True,
)
