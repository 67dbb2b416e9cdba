"""A Gaussian process, in PyTorch."""

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, STARTUP, Flag, Parameter

SAMPLER = Sampler(
    "optuna.samplers:GPSampler",
    {
        "seed": SEED,
        "n_startup_trials": Parameter(STARTUP, 10),
        "deterministic_objective": Parameter(Flag(), False),
    },
    needs=("torch", "torch"),
)
