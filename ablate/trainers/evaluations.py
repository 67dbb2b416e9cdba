"""The evaluations of training code of the user's own: rows of numbers by name, each with its step, and what judges them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ablate import metrics
from ablate.config import own
from ablate.errors import AblateError, Diverged, did_you_mean, one_of, shown, unknown_key
from ablate.metrics import ACCURACY, Given
from ablate.readout import COLUMNS as LIMITS
from ablate.readout import END
from ablate.store.sweep_check import COLUMNS, EVAL_ON, EVALUATION_SETS

OURS = ("seconds", "examples_per_second")  # columns that are measured here
NEVER = 1e300  # no loss of another's code is taken for a divergence by its size
USUAL_SET = "test"  # what is evaluated on where the config says nothing
OF_METRIC = ("name", "unit", "better", "low", "high", "margin")  # keys of an entry of `metrics`
_JUDGED = ("loss",)  # columns of every table that can be judged by


def metrics_of(config: Mapping[str, Any]) -> tuple[Given, ...]:
    """What the sections `metric` and `metrics` of a config say: all metrics, the first what runs are judged by.

    Raises:
        AblateError: one line about the first thing that is wrong with them.
    """
    section, listed = config["metric"], config["metrics"]
    if listed is None:
        return (_metric({**section, "name": ACCURACY if section["name"] is None else section["name"]}, "metric.{}={}"),)
    if not isinstance(listed, list) or not listed:
        raise AblateError(
            f"metrics must be a list, as in 'metrics=[{{name:bleu,better:higher}},{{name:loss}}]', got {shown(listed)}."
        )
    said = next((key for key, value in section.items() if key != "name" and value is not None), None)
    if said is not None:
        raise AblateError(f"metric.{said} and metrics are both given. Write {said} into metrics.")
    found = [_listed(one) for one in listed]
    names = [one.metric.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AblateError(f"metrics has {twice} more than once.")
    if section["name"] not in (None, *names):
        raise AblateError(one_of("metric", section["name"], names))
    first = names.index(section["name"] or names[0])
    if found[first].margin is not None and config["report"]["margin"] is not None:
        key = "margin" if config["trainer"]["name"] == "function" else "report.margin"
        raise AblateError(f"The margin of {names[first]} is given twice, by metrics and by {key}. Keep one of them.")
    return (found[first], *(one for place, one in enumerate(found) if place != first))


def _listed(one: Any) -> Given:
    """An entry of the list `metrics`."""
    if not isinstance(one, Mapping) or "name" not in one:
        raise AblateError(f"metrics must have a name in each entry, as in {{name:loss}}, got {shown(one)}.")
    for key in one:
        if key not in OF_METRIC:
            raise AblateError(unknown_key(str(key), OF_METRIC, "metrics"))
    margin = one.get("margin")
    if margin is not None and (isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 < margin < math.inf):
        raise AblateError(f"The margin of {one['name']} must be above 0, got {shown(margin)}.")
    return replace(_metric({key: one.get(key) for key in OF_METRIC}, "{}:{}"), margin=margin)


def _metric(section: Mapping[str, Any], option: str) -> Given:
    found = metrics.given(
        text("metric", section["name"]), section["better"], section["unit"], section["low"], section["high"], option=option
    )
    name = metrics.in_frames(found.metric).name
    if name in COLUMNS and name not in (ACCURACY, *_JUDGED):
        raise AblateError(f"metric={name} is taken: the results have a column of that name. Log it as test_{name}.")
    if not re.fullmatch(r"[\w][\w ./@%+-]*", name):
        raise AblateError(f"metric must have letters, digits, and _ . / - in its name, got {shown(name)}.")
    return found


def told(given: Sequence[Given]) -> dict[str, Any]:
    """Of metrics, what a `Spec` has: them, as results call them, and their margins."""
    return {"metrics": tuple(metrics.in_frames(one.metric) for one in given), "margins": tuple(one.margin for one in given)}


def judged(given: Sequence[Given], on: str | None) -> dict[str, Any]:
    """What of metrics is part of a training, whose evaluations have them checked and scaled, and all else as it was logged.

    Args:
        on: what it is evaluated on, of `EVALUATION_SETS`; None where it is not told.
    """
    first, *others = ({"metric": one.metric.name} | ({"whole": one.whole} if one.whole != 1 else {}) for one in given)
    return first | ({"metrics": others} if others else {}) | ({EVAL_ON: on} if on not in (None, USUAL_SET) else {})


def eval_on(value: Any) -> str:
    """What the section `trainer` of a config has trainings evaluated on.

    Raises:
        AblateError: it is nothing that it can be.
    """
    if value not in EVALUATION_SETS:
        raise AblateError(one_of(own.EVAL_ON_KEY, value, EVALUATION_SETS))
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
        given: its metrics, the first what it is judged by. step: what rows call their step. sparse: whether rows may lack the
            metric, or repeat it, as in a file that has others, too. again: whether steps may be repeated, as by a script that
            resumes from a state that is older than its last row; the first row of a step counts.
    """

    def __init__(self, given: Sequence[Given], step: str, sparse: bool, again: bool = False) -> None:
        self.metric, *self.others = given
        self.step, self.sparse, self.again = step, sparse, again
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
            yield step, values | dict(self._checked(row))

    def _checked(self, row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
        """The metrics of a row, by the names that results have for them; those besides the first may be missing."""
        for one in (self.metric, *self.others):
            if _is_number(row.get(one.metric.name)):
                value = float(row[one.metric.name])
                yield metrics.in_frames(one.metric).name, one.value(value, "metric.{}={}")

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
