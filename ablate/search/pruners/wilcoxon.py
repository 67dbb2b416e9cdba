"""Wilcoxon's signed-rank test over the seeds of a trial against those of the best one."""

from typing import TYPE_CHECKING, Any

from ablate.search.algorithm import Pruner
from ablate.search.parameters import STARTUP, Number, Parameter

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


def make(**given: Any) -> "BasePruner":
    """Optuna's pruner with these parameters."""
    from optuna.pruners import WilcoxonPruner

    return WilcoxonPruner(**given)


PRUNER = Pruner(
    make,
    {
        "p_threshold": Parameter(Number(0, 1, open=True), 0.1),
        "n_startup_steps": Parameter(STARTUP, 2),
    },
)
