"""Ends what is below the median of the trials before at the same number of examples."""

from typing import Any

from ablate.search.algorithm import Pruner
from ablate.search.parameters import STARTUP, Parameter, Whole


def filled(given: dict[str, Any], least: int, budget: int) -> dict[str, Any]:
    """Its warm-up is what comes before the first look."""
    return {"n_warmup_steps": max(0, least - 1), **given}


PRUNER = Pruner(
    "optuna.pruners:MedianPruner",
    {
        "n_startup_trials": Parameter(STARTUP, 5),
        "n_min_trials": Parameter(Whole(1), 1),
        "n_warmup_steps": Parameter(Whole(0), listed=False),
        "interval_steps": Parameter(Whole(1), listed=False),
    },
    filled,
)
