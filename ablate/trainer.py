"""What a trainer and its watchers know of each other."""

from typing import Any, Protocol


class Watcher(Protocol):
    """Somebody who is told how a training goes."""

    def began(self, step: int) -> None:
        """It goes on from a step, 0 where it is new."""

    def stepped(self, step: int, loss: float, examples_per_second: float) -> None:
        """Some steps were done; `loss` is that of the last."""

    def evaluated(self, row: dict[str, Any]) -> None:
        """An evaluation was stored."""
