"""Optuna's samplers by name: a module each here, or an entry point of another package in the group `ablate.samplers`."""

from ablate.search.algorithm import Sampler
from ablate.system.plugins import Plugins

SAMPLERS = Plugins(
    group="ablate.samplers",
    package=__name__,
    attribute="SAMPLER",
    title="hydra/sweeper/sampler={}",
    key="hydra/sweeper/sampler",
    must="a Sampler",
    fits=lambda name, one: isinstance(one, Sampler),
)


def sampler(name: str) -> Sampler:
    """The sampler of a name.

    Raises:
        AblateError: there is none, or it cannot be loaded.
    """
    found: Sampler = SAMPLERS.find(name)
    return found
