"""Every trial goes to its end."""

from ablate.search.algorithm import Pruner

PRUNER = Pruner(None, {})
