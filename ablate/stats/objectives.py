"""What a search aims at, as readers see it."""

from dataclasses import dataclass

from ablate import numbers
from ablate.stats.costs import COSTS
from ablate.store.trials import is_learned


@dataclass(frozen=True)
class Objective:
    """One objective.

    name: as in sweep.json.
    column: of the frame of trials.
    title: as in `validation accuracy`.
    what: as in `accuracy on the validation set`.
    unit: of a value; empty where it is a count.
    points: the unit of a difference.
    scale: from the column to the unit.
    better: 1 where more is better, -1 where less is.
    places: decimals that are shown.
    """

    name: str
    column: str
    title: str
    what: str
    unit: str
    points: str
    scale: float
    better: int
    places: int

    @property
    def is_learned(self) -> bool:
        """Whether every evaluation of a training has it."""
        return is_learned(self.name)

    @property
    def heading(self) -> str:
        """The title with the unit, as in `validation accuracy (%)`."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def axis(self) -> str:
        """The name of an axis, as in `accuracy on the validation set (%)`."""
        return f"{self.what} ({self.unit})" if self.unit else self.what

    def text(self, value: float) -> str:
        """A value of the column with its unit, as in `81.20%`."""
        return f"{self.number(value)}{'' if self.unit == '%' else ' '}{self.unit}".strip()

    def number(self, value: float) -> str:
        """A value of the column in the unit, as in `81.20`."""
        return numbers.number(self.scale * value, self.places)


def objective(name: str, direction: str, evaluation_set: str, unit: str | None = None) -> Objective:
    """An objective of sweep.json.

    Args:
        unit: of the metric of a trainer that is not judged by accuracy; None for all other objectives.
    """
    better = 1 if direction == "maximize" else -1
    if unit is not None:
        points, scale, places = ("pp", 100.0, 2) if unit == "%" else (unit or "units", 1.0, 4)
        title, what = f"{evaluation_set} {name}", f"{name} on the {evaluation_set} set"
        return Objective(name, f"{evaluation_set}_{name}", title, what, unit, points, scale, better, places)
    if name == "accuracy":
        what = f"accuracy on the {evaluation_set} set"
        column, title = f"{evaluation_set}_accuracy", f"{evaluation_set} accuracy"
        return Objective(name, column, title, what, "%", "pp", 100.0, better, 2)
    if name == "loss":
        column, title = f"{evaluation_set}_loss", f"{evaluation_set} loss"
        return Objective(name, column, title, f"loss on the {evaluation_set} set", "nats", "nats", 1.0, better, 4)
    if name == "seconds":
        return Objective(name, "training_seconds", "training time", "training time", "s", "s", 1.0, better, 1)
    title, axis = (COSTS[name].name, COSTS[name].axis) if name in COSTS else (name, name)
    return Objective(name, name, title, axis, "", title, 1.0, better, 0)
