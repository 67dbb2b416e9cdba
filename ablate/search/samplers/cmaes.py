"""CMA-ES (Hansen 2016) over ranges."""

from collections.abc import Mapping
from typing import Any

from ablate.search.algorithm import Sampler
from ablate.search.parameters import SEED, STARTUP, Flag, Number, Parameter, Whole

ALONE = ("with_margin", "lr_adapt", "use_separable_cma")  # of these not more than one may be true, as Optuna has it


def refusal(given: Mapping[str, Any]) -> str | None:
    """Two variants of it at once."""
    together = [key for key in ALONE if given.get(key)]
    if len(together) < 2:
        return None
    words = " and ".join(f"hydra.sweeper.sampler.{key}=true" for key in together[:2])
    return f"{words} cannot go together. Set one of them to false."


SAMPLER = Sampler(
    "ablate.search.cmaes_state:CmaEs",
    {
        "seed": SEED,
        "n_startup_trials": Parameter(STARTUP, 1),
        "sigma0": Parameter(Number(0, open=True)),
        "popsize": Parameter(Whole(2)),
        "with_margin": Parameter(Flag(), False),
        "lr_adapt": Parameter(Flag(), False),
        "use_separable_cma": Parameter(Flag(), listed=False),
        "consider_pruned_trials": Parameter(Flag(), listed=False),
    },
    objectives=(1,),
    needs=("cmaes", "cmaes"),
    ranges=True,
    refusal=refusal,
)
