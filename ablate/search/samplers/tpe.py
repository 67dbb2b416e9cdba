"""Tree-structured Parzen estimators (Bergstra et al. 2011), of all keys together."""

from collections.abc import Mapping
from typing import Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, STARTUP, Flag, Parameter, Whole


def refusal(given: Mapping[str, Any]) -> str | None:
    """Groups of keys are those of the multivariate sampler."""
    if given.get("group") and given.get("multivariate") is False:
        return "hydra.sweeper.sampler.group=true needs hydra.sweeper.sampler.multivariate=true, got false."
    return None


SAMPLER = Sampler(
    "optuna.samplers:TPESampler",
    {
        "seed": SEED,
        "multivariate": Parameter(Flag(), True),
        "group": Parameter(Flag(), False),
        "constant_liar": Parameter(Flag(), True),
        "n_startup_trials": Parameter(STARTUP, 10),
        "n_ei_candidates": Parameter(Whole(1), 24),
        "consider_magic_clip": Parameter(Flag(), listed=False),
        "consider_endpoints": Parameter(Flag(), listed=False),
    },
    refusal=refusal,
)
