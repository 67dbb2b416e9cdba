"""A Gaussian process, in PyTorch."""

from typing import TYPE_CHECKING, Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, STARTUP, Flag, Parameter

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(**given: Any) -> "BaseSampler":
    """Optuna's sampler with these parameters."""
    from optuna.samplers import GPSampler

    return GPSampler(**given)


SAMPLER = Sampler(
    make,
    {
        "seed": SEED,
        "n_startup_trials": Parameter(STARTUP, 10),
        "deterministic_objective": Parameter(Flag(), False),
    },
    needs=("torch", "torch"),
)
