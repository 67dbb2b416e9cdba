"""Wilcoxon's signed-rank test over the seeds of a trial against those of the best one."""

from ablate.search.algorithm import Pruner
from ablate.search.parameters import STARTUP, Number, Parameter

PRUNER = Pruner(
    "optuna.pruners:WilcoxonPruner",
    {
        "p_threshold": Parameter(Number(0, 1, open=True), 0.1),
        "n_startup_steps": Parameter(STARTUP, 2),
    },
)
