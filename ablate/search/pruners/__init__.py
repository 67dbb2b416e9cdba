"""Optuna's pruners by name: a module each here, or an entry point of another package in the group `ablate.pruners`."""

from ablate.search.algorithm import Pruner
from ablate.system.plugins import Plugins

PRUNERS = Plugins(
    group="ablate.pruners",
    package=__name__,
    attribute="PRUNER",
    title="hydra/sweeper/pruner={}",
    key="hydra/sweeper/pruner",
    must="a Pruner",
    fits=lambda name, one: isinstance(one, Pruner),
)


def pruner(name: str) -> Pruner:
    """The pruner of a name.

    Raises:
        AblateError: there is none, or it cannot be loaded.
    """
    found: Pruner = PRUNERS.find(name)
    return found
