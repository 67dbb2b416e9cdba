"""The trajectories that runs stand on, as far as a report reads them."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.config.neutral import OTHERS, fill_levels, with_neutral
from ablate.errors import AblateError
from ablate.models import costs
from ablate.store import DAMAGE, Trajectory, evaluations, segments
from ablate.store.files import content_of, digest, read_json
from ablate.store.inventory import Inventory, take
from ablate.store.labels import data_digest
from ablate.store.predictions import unpack_predictions
from ablate.store.schema import BadFile, Node
from ablate.system.safe_files import reason_of

_DIGEST = re.compile(r"[0-9a-f]{8,128}")


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
    def unreadable(self) -> str | None:
        """Which of its files is there and cannot be read, and why; None where all can be, the damaged ones among them."""
        try:
            _ = (self.config, self.rows, self.segments, self.state, self.damage)
        except AblateError as error:
            return str(error)
        except OSError as error:
            return f"Cannot read {error.filename or self.path}: {reason_of(error)}."
        return None

    @cached_property
    def config(self) -> dict[str, Any] | None:
        """The content of the training, with neutral values; None where the file is missing or damaged."""
        content = self.trajectory.config()
        try:
            return None if content is None else with_neutral(_checked(Node(content, self.path / "config.yaml")))
        except BadFile:
            return None

    @property
    def names(self) -> dict[str, str]:
        """The level of each group that it was first asked for with, and of a group that came later its neutral one."""
        return fill_levels(self.trajectory.names(), self.config or {})

    @cached_property
    def _segments(self) -> tuple[list[dict[str, Any]], bool]:
        """(the segments of env.json that are sound, whether all are)."""
        path = self.path / "env.json"
        entries = read_json(path, below=self.store)
        if entries is None:
            return [], not self.rows and not path.exists()  # one that was never evaluated need have none
        return segments.sound(entries, path)

    @property
    def segments(self) -> list[dict[str, Any]]:
        """Where and with what it was trained, first to last; what is damaged is left out."""
        return self._segments[0]

    @cached_property
    def _inventory(self) -> Inventory:
        return take(self.trajectory, self.config)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its evaluations, in order of step."""
        return self._rows

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return evaluations.as_now((line.row for line in self._inventory.lines.by_step.values()), lambda: self.config)

    @property
    def status(self) -> dict[str, Any]:
        """{"state", "step", "error"}, as in status.json."""
        return dict(self._inventory.status)

    @property
    def state(self) -> str:
        """As in status.json, but `stopped` where that says running and nothing trains it, `damaged` where it is lost."""
        state = str(self.status["state"])
        if state == "running" and self.trajectory.live() is None:
            return "stopped"
        return "damaged" if state == "new" and self.rows else state

    def gives_predictions(self, step: int) -> bool:
        """Whether an evaluation was written with predictions, or is not there to tell."""
        line = self._inventory.lines.by_step.get(step)
        return line is None or line.predictions != evaluations.NO_PREDICTIONS

    def predictions(self, step: int) -> Mapping[str, NDArray[np.integer]] | None:
        """Predicted classes at a step, (images,), by readout; None where they are gone, or not what was written."""
        line = self._inventory.lines.by_step.get(step)
        try:
            content = content_of(self.trajectory.predictions_file(step), below=self.store)
            if content is None or (line is not None and line.predictions not in (None, digest(content))):
                return None
            return unpack_predictions(content)
        except (AblateError, *DAMAGE):
            return None

    @property
    def data_digest(self) -> str | None:
        """That of what it was evaluated on; None where it is not known, or has no true classes."""
        return None if self.config is None else data_digest(self.config)

    @cached_property
    def costs(self) -> dict[str, int]:
        """Parameters and operations of its network; empty where they are not known."""
        return costs.of_training(self.config) if self.config is not None and OTHERS not in self.config else {}

    @property
    def damage(self) -> list[str]:
        """Its files that are missing or not what was written, so that what they tell is left out."""
        lines = self._inventory.lines
        live = self.trajectory.live() is not None
        torn = [number for number in lines.damaged if not (live and number == lines.torn)]
        begun = bool(self.rows)
        return [
            *(["config.yaml"] if self.config is None or self.trajectory.names_damaged else []),
            *(["metrics.jsonl"] if torn or self._inventory.lost else []),
            *(["status.json"] if self.status["state"] == "new" and (begun or (self.path / "status.json").exists()) else []),
            *(["env.json"] if not self._segments[1] else []),
        ]


def _checked(node: Node) -> dict[str, Any]:
    """What a report reads of config.yaml, checked: a file that fits its fingerprint may still come from a stranger."""
    node["seed"].whole()
    if OTHERS in node:
        node[OTHERS].text(200)
        if "labels" in node:
            _check_digest(node["labels"])
        return node.object()
    data = node["data"]
    _check_digest(data["digest"])
    for key in ("train_images", "eval_images", "classes"):
        data[key].whole(1)
    for side in node["input"]["size"].items(3, 3):
        side.whole(1)
    node["model"].items()
    node["batch_size"].whole(1)
    node["eval_every"].whole(1)
    return node.object()


def _check_digest(node: Node) -> None:
    if not _DIGEST.fullmatch(node.text()):
        raise node.wrong("a digest")
