"""The trajectories that runs stand on, as far as a report reads them."""

from functools import cached_property
from pathlib import Path
from typing import Any

from ablate.store import Trajectory


class Trained:
    """A trajectory whose folder is there. Each of its files is read once, when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.trajectory = Trajectory(path.parent, path.name)
        self.path = path

    @property
    def store(self) -> Path:
        """The folder that it lies in."""
        return self.path.parent

    @cached_property
    def config(self) -> dict[str, Any] | None:
        """The content that was hashed; None where the file is missing or damaged."""
        return self.trajectory.config()

    @cached_property
    def segments(self) -> list[dict[str, Any]]:
        """Where and with what it was trained, first to last."""
        return self.trajectory.segments()

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Its evaluations, in order of step."""
        return self.trajectory.rows()

    @cached_property
    def status(self) -> dict[str, Any]:
        """{"state", "step", "error"}, as in status.json."""
        return self.trajectory.status()

    @property
    def state(self) -> str:
        """As in status.json, but `stopped` where that says running and nothing trains it, `damaged` where it is lost."""
        state = str(self.status["state"])
        if state == "running" and self.trajectory.live() is None:
            return "stopped"
        return "damaged" if state == "new" and self.rows else state

    @property
    def data_digest(self) -> str | None:
        """That of the data it was trained on; None where it is not known."""
        return None if self.config is None else str(self.config["data"]["digest"])
