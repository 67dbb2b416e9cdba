"""The evaluations of a function: what it logs while it trains, or returns in the end."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ablate.errors import AblateError, Diverged, Stopped, shown
from ablate.metrics import ACCURACY, Given
from ablate.trainer import Report
from ablate.trainers.evaluations import Evaluations
from ablate.trainers.predicted import Labels

ALONE = 1  # the step of an evaluation that is returned without one


class Log:
    """What a function is given as `log`: called with a step and values by name, it stores an evaluation.

    The step is a whole number from 0 that rises from call to call, the values are numbers, and the metric is among them. It
    also ends a training that was asked to stop, by an exception that is for ablate alone.

    Args:
        name: of the function. labels: true classes, where each evaluation has predicted ones. drops: whether predictions
            are left out where there are no labels, rather than refused.
    """

    def __init__(self, name: str, metrics: Sequence[Given], report: Report, labels: Labels | None, drops: bool = False) -> None:
        self._drops = drops
        self._name, self._metric, self._report, self._labels = name, metrics[0].metric.name, report, labels
        self._rows = Evaluations(metrics, "step", sparse=False)
        self._ended: Exception | None = None

    def __call__(self, step: int, *, predictions: Any = None, **values: float) -> None:
        """Store an evaluation."""
        if self._ended is None:
            try:
                self._store(step, values, predictions)
            except (AblateError, Diverged, Stopped) as error:
                self._ended = error  # even if the function goes on
        self.check()

    def check(self) -> None:
        """Raise what has ended the training, if anything has, also where the function went on."""
        if self._ended is not None:
            raise self._ended

    def finish(self, returned: Any) -> None:
        """Take what the function returned; where it has logged evaluations it may return anything.

        Raises:
            AblateError: there is no evaluation in all, or one that is none. Diverged, Stopped: as told before.
        """
        self.check()
        if self._rows.last >= 0:
            return
        values = returned if isinstance(returned, Mapping) else {self._metric: returned}
        if returned is None or not all(isinstance(name, str) for name in values):
            got = "" if returned is None else f", and returned {shown(returned)}"
            raise AblateError(
                f"{self._name} logged no evaluation{got}. Call log(step, {self._metric}=…), or return {{'{self._metric}': …}}."
            )
        self(values.get("step", ALONE), **{name: value for name, value in values.items() if name != "step"})

    def _store(self, step: Any, values: Mapping[str, Any], predictions: Any) -> None:
        row = {"step": _number(step, "step"), **{name: _number(value, name) for name, value in values.items()}}
        for at, stored in self._rows.of([row]):
            self._report.row(at, stored, self._predicted(predictions, at, stored))
            self._report.alive(at, stored.get("loss"))
            if self._report.stop():
                raise Stopped(at)

    def _predicted(self, given: Any, step: int, stored: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if self._labels is None and (given is None or self._drops):
            return None
        if self._labels is None:
            raise AblateError("Predictions need the true classes. Pass labels=… to ablate.sweep.")
        if given is None:
            raise AblateError(f"Step {step:,} has no predictions, which labels need. Call log(step, …, predictions=…).")
        return self._labels.predictions(given, step, stored.get(ACCURACY))


def _number(value: Any, name: str) -> float | int:
    """A number as JSON has it, of what counts as one: those of NumPy and tensors of one value too.

    Raises:
        AblateError: it is none.
    """
    if type(value) in (int, float):
        return value  # type: ignore[no-any-return]
    try:
        if isinstance(value, str | bytes | bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise AblateError(f"{name} must be a number, got {shown(value)}.") from None
    return int(number) if name == "step" and math.isfinite(number) and number == int(number) else number
