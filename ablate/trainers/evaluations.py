"""The evaluations of training code of the user's own: rows of numbers by name, each with its step, and what judges them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablate import metrics
from ablate.errors import AblateError, Diverged, did_you_mean, one_of, shown
from ablate.metrics import ACCURACY, Given
from ablate.readout import COLUMNS as LIMITS
from ablate.readout import END
from ablate.store.sweep_check import COLUMNS, EVALUATION_SETS

OURS = ("seconds", "examples_per_second")  # columns that are measured here
NEVER = 1e300  # no loss of another's code is taken for a divergence by its size
EVAL_ON, USUAL_SET = "trainer.eval_on", "test"  # of the config, and where it says nothing
_JUDGED = ("loss",)  # columns of every table that can be judged by


def metric(section: Mapping[str, Any]) -> Given:
    """What the section `metric` of a config says.

    Raises:
        AblateError: one line about the first thing that is wrong with it.
    """
    found = metrics.given(
        text("metric", section["name"]),
        section["better"],
        section["unit"],
        section["low"],
        section["high"],
        option="metric.{}={}",
    )
    name = found.metric.name
    if name in COLUMNS and name not in (ACCURACY, *_JUDGED):
        raise AblateError(f"metric={name} is taken: the results have a column of that name. Log it as test_{name}.")
    if not re.fullmatch(r"[\w][\w ./@%+-]*", name):
        raise AblateError(f"metric must have letters, digits, and _ . / - in its name, got {shown(name)}.")
    return found


def judged(metric: Given, on: str) -> dict[str, Any]:
    """What of a metric is part of a training, whose evaluations have it checked and scaled, and all else as it was logged.

    Args:
        on: what it is evaluated on, of `EVALUATION_SETS`.
    """
    whole = {"whole": metric.whole} if metric.whole != 1 else {}
    return {"metric": metric.metric.name} | whole | ({"eval_on": on} if on != USUAL_SET else {})


def eval_on(value: Any) -> str:
    """What the section `trainer` of a config has trainings evaluated on.

    Raises:
        AblateError: it is nothing that it can be.
    """
    if value not in EVALUATION_SETS:
        raise AblateError(one_of(EVAL_ON, value, EVALUATION_SETS))
    return str(value)


def text(key: str, value: Any) -> str:
    """A value of the config that has to be a name.

    Raises:
        AblateError: it is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise AblateError(f"{key} must be a name, got {shown(value)}.")
    return value


class Evaluations:
    """Rows, checked and made those of a training.

    Args:
        metric: what it is judged by. step: what rows call their step. sparse: whether rows may lack the metric, or
            repeat it, as in a file that has others, too. again: whether steps may be repeated, as by a script that resumes from
            a state that is older than its last row; the first row of a step counts.
    """

    def __init__(self, metric: Given, step: str, sparse: bool, again: bool = False) -> None:
        self.metric, self.step, self.sparse, self.again = metric, step, sparse, again
        self.last, self._value = -1, math.nan  # the step and the metric of the last row
        self.seen: dict[str, None] = {}  # names of the values so far

    @property
    def names(self) -> str:
        """What rows have, listed."""
        return ", ".join(name for name in self.seen if name != self.step)

    def of(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """(step, values) of each row.

        Raises:
            AblateError: one has no step, or one out of order, or lacks the metric, or has a value that it cannot be.
            Diverged: the metric is NaN or infinite.
        """
        for row in rows:
            self.seen |= dict.fromkeys(name for name, value in row.items() if _is_number(value))
            name = self.metric.metric.name
            if not _is_number(row.get(name)):
                if self.sparse:
                    continue
                raise AblateError(f"A row has no {name}{self._there(name)}")
            step = self._step(row)
            if self.again and step <= self.last:
                continue
            if self.sparse and step == self.last and row[name] == self._value:
                continue  # as Hugging Face's Trainer repeats its last evaluation
            if step <= self.last:
                again = "was logged twice" if step == self.last else f"came after step {self.last:,}"
                raise AblateError(f"Step {step:,} {again}. Steps must increase.")
            self.last, self._value = step, row[name]
            if not math.isfinite(row[name]):
                raise Diverged(step, f"{name} at step {step} was {row[name]:g}")
            values = {
                key: float(value) for key, value in row.items() if key not in (self.step, "step", *OURS) and _is_number(value)
            }
            values = {key: value for key, value in values.items() if _fits(key, value)}
            yield step, values | {name: self.metric.value(float(row[name]), "metric.{}={}")}

    def _there(self, name: str) -> str:
        """What rows have in place of what they lack, and how to be judged by it."""
        there = [each for each in self.seen if each != self.step]
        listed = f", only {', '.join(there)}" if there else ""
        advice = f" Log it, or name what to judge by: metric={there[0]}." if there else " Log it."
        return f"{listed}.{advice}{did_you_mean(name, there)}"

    def _step(self, row: Mapping[str, Any]) -> int:
        value = row.get(self.step)
        if value is None:
            near = next((key for key in ("step", "epoch", "global_step", "iteration") if key in row and key != self.step), None)
            advice = f" Name what counts them: trainer.step={near}." if near else f" Log {self.step} with each row."
            raise AblateError(f"A row has no {self.step}, only {', '.join(map(str, row)) or 'nothing'}.{advice}")
        whole = _is_number(value) and math.isfinite(value) and value == int(value)
        if not whole or not 0 <= value < END:
            raise AblateError(f"{self.step} must be a whole number from 0, got {shown(value)}.")
        return int(value)

    def check_some(self, where: str) -> None:
        """Refuse that there was none.

        Raises:
            AblateError: none came, or none that has the metric.
        """
        if self.last >= 0:
            return
        if self.seen:
            raise AblateError(f"No row has {self.metric.metric.name}{self._there(self.metric.metric.name)}")
        raise AblateError(f"The command ended with no evaluation {where}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(key: str, value: float) -> bool:
    """Whether a column can have a value: those of ours have bounds that one of the user's need not keep."""
    bounds = LIMITS.get(key)
    return bounds is None or bounds[0] <= value <= bounds[1]
