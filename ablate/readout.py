"""What a run came to, read off the evaluations of its training: the one place that says so, for sweeps and reports alike."""

import math
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ablate.store.sweep import Sweep

LARGEST = 2**63 - 1  # a step that frames hold
# The numbers of an evaluation: least and most of each; a loss may be NaN or infinite.
COLUMNS: Mapping[str, tuple[float, float] | None] = {
    "accuracy": (0.0, 1.0),
    "accuracy_raw": (0.0, 1.0),
    "accuracy_averaged": (0.0, 1.0),
    "loss": None,
    "eval_loss_raw": None,
    "eval_loss_averaged": None,
    "epoch": (0.0, math.inf),
    "lr": (-math.inf, math.inf),
    "seconds": (0.0, math.inf),
    "examples_per_second": (0.0, math.inf),
}
NEEDED = ("loss", "accuracy_raw", "accuracy_averaged")
EMA = {"averaged": "on", "raw": "off"}  # the level of `ema` that a run with these weights has
ACCURACY = "accuracy"
DIVERGED_LOSS = 10_000.0  # nats; that of conf/config.yaml, for sweeps of versions that did not note theirs


@dataclass(frozen=True)
class Readout:
    """How a run's value is read off its training.

    weights: which of the values of an evaluation; empty where it has one.
    step: at which.
    diverged_loss: the training loss, in nats, above which the run has diverged.
    metric: what it is judged by.
    grid: steps between two evaluations of its own; None where the trainer decides, and every one is its own.

    Examples:
        >>> from ablate.readout import Readout
        >>> [step for step in (10, 15, 20, 25, 30) if Readout("raw", step=25, grid=10).is_own(step)]
        [10, 20, 25]
    """

    weights: str
    step: int
    diverged_loss: float = DIVERGED_LOSS
    metric: str = ACCURACY
    grid: int | None = None

    def is_own(self, step: int) -> bool:
        """Whether the evaluation at a step is the run's; others of the same training were asked for by other runs."""
        return step == self.step or (step < self.step and (self.grid is None or step % self.grid == 0))


def column(metric: str, weights: str) -> str:
    """Where an evaluation has a metric for some weights."""
    return f"{metric}_{weights}" if weights else metric


def value(row: Mapping[str, Any], metric: str, weights: str) -> float | None:
    """What a metric is at an evaluation, of some weights; None where that has none.

    Examples:
        >>> from ablate.readout import value
        >>> value({"step": 100, "accuracy_raw": 0.7, "accuracy_averaged": 0.75}, "accuracy", "averaged")
        0.75
    """
    found: float | None = row.get(column(metric, weights))
    return found


def judged(result: Mapping[str, Any]) -> Any:
    """What a run is judged by, of its result: its accuracy, unless that names another metric."""
    return result.get(result.get("metric", ACCURACY))


def values(row: Mapping[str, Any], weights: str, metric: str = ACCURACY) -> dict[str, Any]:
    """The metric (with its name, if not accuracy), loss, seconds (of training up to its step), examples_per_second."""
    return {
        **({} if metric == ACCURACY else {"metric": metric}),
        metric: value(row, metric, weights),
        "loss": value(row, "eval_loss", weights),
        "seconds": row.get("seconds"),
        "examples_per_second": row.get("examples_per_second"),
    }


def needed(weights: str, metric: str = ACCURACY) -> tuple[str, ...]:
    """The numbers without which an evaluation is none."""
    return NEEDED if weights in EMA and metric == ACCURACY else (column(metric, weights),)


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    status: done or diverged.
    step: where it was read, or at which it diverged.
    error: how it diverged; None where it is done.
    row: its evaluation; None where it diverged.

    Examples:
        >>> from ablate.readout import Outcome
        >>> row = {"step": 100, "loss": 0.5, "accuracy_raw": 0.7, "accuracy_averaged": 0.75}
        >>> Outcome("done", 100, row=row).values("averaged")["accuracy"]
        0.75
    """

    status: str
    step: int
    error: str | None = None
    row: Mapping[str, Any] | None = None

    def values(self, weights: str, metric: str = ACCURACY) -> dict[str, Any]:
        """What its evaluation has; see `values`."""
        return dict(values(self.row or {}, weights, metric))


def read_off(
    rows: Iterable[Mapping[str, Any]], status: Mapping[str, Any], readout: Readout, whole: bool = True
) -> Outcome | None:
    """What a run came to, from its training; None where that has to be trained further.

    A run has diverged where a loss became NaN or infinite, and where its training loss from one evaluation to the next was
    above `diverged_loss` on average: networks that explode often end up finite, and dead. Its own evaluations tell, and none
    that other runs asked for.

    Args:
        rows: the evaluations of the training, in order of step.
        status: as in status.json.
        readout: of the run.
        whole: whether the evaluation at this step has all that belongs to it, as its predictions; it counts only with them.

    Examples:
        >>> from ablate.readout import Readout, read_off
        >>> rows = [{"step": step, "loss": 0.5, "accuracy_raw": 0.7, "accuracy_averaged": 0.75} for step in (50, 100)]
        >>> read_off(rows, {"state": "running", "step": 100}, Readout("raw", step=100)).status
        'done'
        >>> read_off(rows, {"state": "running", "step": 100}, Readout("raw", step=150)) is None
        True
    """
    step, limit = readout.step, readout.diverged_loss
    known = [row for row in rows if sound(row, needed(readout.weights, readout.metric)) and readout.is_own(row["step"])]
    burst = exploded(known, limit)
    if burst is not None:
        reason = f"the training loss up to step {burst['step']} was {burst['loss']:.3g} on average, above {limit:g}"
        return Outcome("diverged", burst["step"], reason)
    row = next((row for row in known if row["step"] == step), None)
    if row is not None and whole:
        found = value(row, readout.metric, readout.weights)
        if found is not None and not math.isfinite(found):
            return Outcome("diverged", step, f"{readout.metric} at step {step} was {found:g}")
        return Outcome("done", step, row=row)
    if status["state"] == "diverged" and status["step"] <= step:
        return Outcome("diverged", status["step"], status["error"])
    return None


def sound(row: Mapping[str, Any], needed: Collection[str] = NEEDED) -> bool:
    """Whether a row of metrics.jsonl is an evaluation: its numbers are numbers, in the range that they have.

    Args:
        needed: those that must be there.
    """
    if type(row.get("step")) is not int or not 0 <= row["step"] <= LARGEST or any(key not in row for key in needed):
        return False
    for key, bounds in (dict.fromkeys(needed) | dict(COLUMNS)).items():
        value = row.get(key)
        if value is None and key not in needed:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            return False
    return True


def exploded(rows: Iterable[Mapping[str, Any]], diverged_loss: float) -> Mapping[str, Any] | None:
    """The first evaluation before which the training loss was above `diverged_loss`; None where none was, or none is told.

    Examples:
        >>> from ablate.readout import exploded
        >>> losses = {50: 2.3, 100: 1e9}  # by step
        >>> rows = [{"step": step, "loss": losses[step], "accuracy_raw": 0.1, "accuracy_averaged": 0.1} for step in losses]
        >>> exploded(rows, diverged_loss=10_000)["step"]
        100
    """
    return next((row for row in rows if sound(row, ("loss",)) and row["loss"] > diverged_loss), None)


def judged_by(sweep: Sweep) -> str:
    """The metric of a sweep's runs that is judged where no other is asked for."""
    return ACCURACY if sweep.metric is None else str(sweep.metric["name"])


def diverged_loss_of(sweep: Sweep) -> float:
    """The training loss above which a run of a sweep has diverged: as noted, or as its command said."""
    if sweep.diverged_loss is not None:
        return float(sweep.diverged_loss)
    for run in sweep.runs[:1]:
        with suppress(ValueError):
            return float(run.words.get("diverged_loss", DIVERGED_LOSS))
    return DIVERGED_LOSS
