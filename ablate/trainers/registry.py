"""The trainers by name: each module of this package that is one, and those that other packages name as entry points."""

from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.store.sweep_check import COLUMNS
from ablate.system.plugins import Plugins
from ablate.trainer import Trainer

TRAINERS = Plugins(
    group="ablate.trainers",
    package="ablate.trainers",
    attribute="TRAINER",
    title="trainer={}",
    key="trainer",
    must="a trainer named '{}'",
    fits=lambda name, one: getattr(one, "name", None) == name and bool(one.metrics),
    helpers=("asked", "evaluations", "libraries", "predicted", "registry", "versions"),
)
BUILT_IN = "networks"  # the one that trains where the config names none


def find(name: str) -> Trainer:
    """The trainer of a name.

    Raises:
        AblateError: there is none, or it cannot be loaded.
    """
    found: Trainer = TRAINERS.find(name)
    metric = found.metrics[0].name
    if metric in COLUMNS and metric != ACCURACY:
        raise AblateError(f"The metric of trainer={name} must not be called {metric}, the name of a run's column. Rename it.")
    if metric == ACCURACY and (found.metrics[0].low, found.metrics[0].high) != (0, 1):
        raise AblateError(
            f"trainer={name} must give its accuracy as a fraction, from 0 to 1. Use another name for other values."
        )
    return found
