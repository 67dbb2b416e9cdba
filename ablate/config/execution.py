"""How a sweep is executed: what never changes what is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from ablate.errors import AblateError, shown
from ablate.resources import Amount

MOST = 10_000  # workers, threads, retries


@dataclass(frozen=True)
class Settings:
    """The keys of the config that say how, by their names there.

    Raises:
        AblateError: a value that the key cannot have.
    """

    workers: Amount
    threads: Amount
    retries: int
    fail_fast: bool
    watch: bool
    progress: bool

    def __post_init__(self) -> None:
        for name in ("workers", "threads"):
            if getattr(self, name) != "auto":
                self._check_whole(name, 1, ", or auto")
        self._check_whole("retries", 0)
        for name in ("fail_fast", "watch", "progress"):
            if not isinstance(getattr(self, name), bool):
                raise AblateError(f"{name} must be true or false, got {shown(getattr(self, name))}.")

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Those of a whole config."""
        return cls(**{field.name: config[field.name] for field in fields(cls)})

    def _check_whole(self, name: str, least: int, else_: str = "") -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise AblateError(f"{name} must be a whole number{else_}, got {shown(value)}.")
        if not least <= value <= MOST:
            raise AblateError(f"{name} must be from {least} to {MOST:,}{else_}, got {shown(value)}.")
