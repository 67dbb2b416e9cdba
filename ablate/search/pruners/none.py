"""Every trial goes to its end."""

from typing import Any

from ablate.search.algorithm import Pruner


def make(**given: Any) -> None:
    """No pruner."""


PRUNER = Pruner(make, {})
