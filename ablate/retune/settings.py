"""What the config says of retuning."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ablate.errors import AblateError

SHARED = 1.0  # the rate of an arm's own lr
FEWEST_RATES = 2


@dataclass(frozen=True)
class Settings:
    """The keys of the config, by their names there but for `retune_`.

    retune: whether rates are tuned at all. rates: times an arm's own learning rate, ascending, 1 among them. seeds: how many
    seeds each rate is tried with.
    """

    retune: bool
    rates: tuple[float, ...]
    seeds: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Those of a whole config.

        Raises:
            AblateError: a value that the key cannot have.
        """
        retune, rates, seeds = config["retune"], config["retune_rates"], config["retune_seeds"]
        if not isinstance(retune, bool):
            raise AblateError(f"Expected true or false. Received: retune={retune!r}.")
        if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
            raise AblateError(f"Expected a whole number of at least 1. Received: retune_seeds={seeds!r}.")
        found = None if isinstance(rates, str) or rates is None else _rates(list(rates) if hasattr(rates, "__iter__") else [])
        if not found:
            shown = rates if isinstance(rates, str | int | float | None) else list(rates)
            raise AblateError(
                "Expected at least two different numbers above 0, 1 among them, as in retune_rates=[0.5,1,2]. "
                f"Received: retune_rates={shown}."
            )
        return cls(retune, found, seeds)


def _rates(values: list[Any]) -> tuple[float, ...] | None:
    """Rates in ascending order; None where they are none."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return None
    rates = sorted(map(float, values))
    sound = all(0 < rate < math.inf for rate in rates) and len(set(rates)) == len(rates) >= FEWEST_RATES
    return tuple(rates) if sound and SHARED in rates else None
