"""What the config says of retuning."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ablate.errors import AblateError, shown
from ablate.store.retune_check import SHARED as SHARED

FEWEST_RATES = 2
MOST_SEEDS = 10_000


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
            raise AblateError(f"retune must be true or false, got {shown(retune)}.")
        if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= MOST_SEEDS:
            raise AblateError(f"retune_seeds must be a whole number from 1 to {MOST_SEEDS:,}, got {shown(seeds)}.")
        found = None if isinstance(rates, str) or rates is None else _rates(list(rates) if hasattr(rates, "__iter__") else [])
        if not found:
            given = rates if isinstance(rates, str | int | float | None) else list(rates)
            raise AblateError(
                "retune_rates must be at least two different numbers above 0, 1 among them, as in [0.5,1,2], "
                f"got {shown(given)}."
            )
        return cls(retune, found, seeds)


def _rates(values: list[Any]) -> tuple[float, ...] | None:
    """Rates in ascending order; None where they are none."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return None
    rates = sorted(map(float, values))
    sound = all(0 < rate < math.inf for rate in rates) and len(set(rates)) == len(rates) >= FEWEST_RATES
    return tuple(rates) if sound and SHARED in rates else None
