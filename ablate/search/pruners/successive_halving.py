"""Successive halving (Jamieson and Talwalkar 2016), without waiting for a whole round."""

from typing import Any

from ablate.search.algorithm import Pruner
from ablate.search.parameters import Parameter, Whole


def filled(given: dict[str, Any], least: int, budget: int) -> dict[str, Any]:
    """From the first look on."""
    return {"min_resource": max(1, least), **given}


PRUNER = Pruner(
    "optuna.pruners:SuccessiveHalvingPruner",
    {
        "min_resource": Parameter(Whole(1)),
        "reduction_factor": Parameter(Whole(2), 4),
        "min_early_stopping_rate": Parameter(Whole(0, 1000), 0),
        "bootstrap_count": Parameter(Whole(0), 0),
    },
    filled,
)
