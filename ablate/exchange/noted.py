"""A run of a table in the place of its training: what a report reads of one, and nothing besides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.exchange.runs import Run
from ablate.metrics import ACCURACY
from ablate.results.trained import Trained


class Noted(Trained):
    """What a table has of a training: evaluations of one metric. Nothing of it lies at its path."""

    unreadable: str | None = None
    config: dict[str, Any] | None = None

    def __init__(self, path: Path, run: Run, metric: str) -> None:
        super().__init__(path)
        self.run, self.metric = run, metric

    @property
    def segments(self) -> list[dict[str, Any]]:
        """None: where it was trained is not known."""
        return []

    @property
    def damage(self) -> list[str]:
        """None."""
        return []

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its evaluations, in order of step; of raw weights, so that a loss is not taken for that of training."""
        return [{"step": row.step, f"{self.metric}_raw": row.value} for row in self.run.rows if row.step is not None]

    @property
    def result(self) -> dict[str, Any]:
        """What it came to, as result.json would have it."""
        error = f"{self.metric} was {self.run.value:g}" if self.run.diverged else None
        value = {} if self.run.diverged else {self.metric: self.run.value}
        named = {} if self.metric == ACCURACY else {"metric": self.metric}
        return {"status": self.state, "step": self.run.step, "error": error, **named, **value}

    @property
    def status(self) -> dict[str, Any]:
        """As in status.json."""
        return {key: self.result[key] for key in ("step", "error")} | {"state": self.state}

    @property
    def state(self) -> str:
        """Done or diverged."""
        return "diverged" if self.run.diverged else "done"

    def gives_predictions(self, step: int) -> bool:
        """No."""
        return False

    def predictions(self, step: int) -> Mapping[str, NDArray[np.integer]] | None:
        """None."""
        return None
