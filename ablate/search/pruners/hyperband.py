"""Hyperband (Li et al. 2018): successive halvings that begin at several numbers of examples."""

from typing import Any

from ablate.errors import AblateError
from ablate.search.algorithm import Pruner
from ablate.search.parameters import Parameter, Whole


def filled(given: dict[str, Any], least: int, budget: int) -> dict[str, Any]:
    """From the first look to a whole training.

    Raises:
        AblateError: it would end before it begins.
    """
    lowest = given.get("min_resource", max(1, least))
    highest = given.get("max_resource", max(budget, lowest))
    if highest < lowest:
        raise AblateError(
            f"hydra.sweeper.pruner.max_resource must be {lowest:,} examples or more, which is min_resource, got {highest:,}."
        )
    return {**given, "min_resource": lowest, "max_resource": highest}


PRUNER = Pruner(
    "optuna.pruners:HyperbandPruner",
    {
        "min_resource": Parameter(Whole(1)),
        "max_resource": Parameter(Whole(1)),
        # Optuna's own is 3, with which ten epochs are looked at after 1, 3 and 9; with 4, as in ASHA's paper, after 1 and 4.
        "reduction_factor": Parameter(Whole(2), 4),
        "bootstrap_count": Parameter(Whole(0), 0),
    },
    filled,
)
