"""A parameter of a sampler or pruner, and the values that it can have."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablate.errors import AblateError


@dataclass(frozen=True)
class Whole:
    """A whole number in a range, both ends included."""

    least: int = 0
    most: int = 2**31 - 1

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        return type(value) is int and self.least <= value <= self.most

    @property
    def must(self) -> str:
        """What it must be, in words."""
        return f"a whole number from {self.least:,} to {self.most:,}"


@dataclass(frozen=True)
class Number:
    """A finite number in a range, both ends included but for a `least` that is `open`."""

    least: float = -math.inf
    most: float = math.inf
    open: bool = False

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        sound = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return sound and self.least <= value <= self.most and not (self.open and value == self.least)  # type: ignore[operator]

    @property
    def must(self) -> str:
        """What it must be, in words."""
        start = f"above {self.least:g}" if self.open else f"from {self.least:g}"
        if self.most == math.inf:
            return f"a number {start}" if self.open else f"a number of {self.least:g} or more"
        return f"a number {start} up to {self.most:g}" if self.open else f"a number {start} to {self.most:g}"


@dataclass(frozen=True)
class Word:
    """One of some words."""

    words: tuple[str, ...]

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        return isinstance(value, str) and value in self.words

    @property
    def must(self) -> str:
        """What it must be, in words."""
        return " or ".join(self.words)


class Flag:
    """True or false."""

    must = "true or false"

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        return isinstance(value, bool)


Kind = Whole | Number | Word | Flag


@dataclass(frozen=True)
class Parameter:
    """One by its name in Optuna.

    kind: what it can be. default: what the config has; None for Optuna's own. listed: whether the config has it at all, so that
    it is set without a `+`.
    """

    kind: Kind
    default: Any = None
    listed: bool = True


SEED = Parameter(Whole(0, 2**32 - 1), 0)
STARTUP = Whole(0)


def checked(of: str, config: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The parameters that are given; null stands for Optuna's own default.

    Args:
        of: sampler or pruner. config: its name, which is known, and its parameters. parameters: that it has.

    Raises:
        AblateError: there is no such parameter, or it cannot have that value.
    """
    given = {str(key): value for key, value in config.items() if key != "name" and value is not None}
    for key, value in given.items():
        if key not in parameters:
            raise AblateError(
                f"Unknown key hydra.sweeper.{of}.{key} for {config['name']}. "
                + (f"Choose from {', '.join(parameters)}." if parameters else "It has none.")
            )
        if not parameters[key].kind.fits(value):
            raise AblateError(f"hydra.sweeper.{of}.{key} must be {parameters[key].kind.must}, got {value!r}.")
    return given
