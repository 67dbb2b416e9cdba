"""Quasi-random points, which cover the space evenly."""

from typing import TYPE_CHECKING, Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, Flag, Parameter, Word

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(**given: Any) -> "BaseSampler":
    """Optuna's sampler with these parameters."""
    from optuna.samplers import QMCSampler

    return QMCSampler(**given)


SAMPLER = Sampler(
    make,
    {
        "seed": SEED,
        "qmc_type": Parameter(Word(("sobol", "halton")), "sobol"),
        "scramble": Parameter(Flag(), False),
    },
    one_sequence=True,
)
