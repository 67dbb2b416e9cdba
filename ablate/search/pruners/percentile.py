"""Ends what is not among the best of the trials before at the same number of examples."""

from typing import Any

from ablate.search.algorithm import Pruner
from ablate.search.parameters import STARTUP, Number, Parameter, Whole


def filled(given: dict[str, Any], least: int, budget: int) -> dict[str, Any]:
    """Its warm-up is what comes before the first look; Optuna has no percentile of its own."""
    return {"n_warmup_steps": max(0, least - 1), "percentile": PRUNER.parameters["percentile"].default, **given}


PRUNER = Pruner(
    "optuna.pruners:PercentilePruner",
    {
        "percentile": Parameter(Number(0, 100), 25.0),
        "n_startup_trials": Parameter(STARTUP, 5),
        "n_min_trials": Parameter(Whole(1), 1),
        "n_warmup_steps": Parameter(Whole(0), listed=False),
        "interval_steps": Parameter(Whole(1), listed=False),
    },
    filled,
)
