"""What a run came to, read off the evaluations of its training: the one place that says so, for sweeps and reports alike."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ablate.metrics import ACCURACY
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.store.sweep import Sweep
from ablate.store.sweep_runs import END as END
from ablate.store.sweep_runs import STEPS_A_TAIL, SweepRun

LARGEST = 2**63 - 1  # a step that frames hold
LAST_KEY = "readout.last"  # of the config
LAST = 10  # evaluations that a run's value is the mean of, where no other number is asked for
# The numbers of an evaluation: least and most of each; a loss may be NaN or infinite.
COLUMNS: Mapping[str, tuple[float, float] | None] = {
    "accuracy": (0.0, 1.0),
    "accuracy_raw": (0.0, 1.0),
    "accuracy_averaged": (0.0, 1.0),
    "train_accuracy_raw": (0.0, 1.0),
    "train_accuracy_averaged": (0.0, 1.0),
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
WEIGHTS = {"averaged": "EMA", "raw": "raw"}  # what readers call them
DIVERGED_LOSS = 10_000.0  # nats; that of conf/config.yaml, for sweeps of versions that did not note theirs


@dataclass(frozen=True)
class Readout:
    """How a run's value is read off its training.

    weights: which of the values of an evaluation; empty where it has one.
    step: at which; END where the trainer ends by itself.
    diverged_loss: the training loss, in nats, above which the run has diverged.
    metric: what it is judged by.
    grid: steps between two evaluations of its own; None where the trainer decides, and every one is its own.
    last: the value is the mean over so many evaluations, its tail; see `tail`. Where the trainer decides, its newest ones.

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
    last: int = 1

    @property
    def steps(self) -> tuple[int, ...]:
        """Where it is read, first to last; where the trainer decides, only the last of them is known."""
        return (self.step,) if self.grid is None else tail(self.step, self.last)

    def is_own(self, step: int) -> bool:
        """Whether the evaluation at a step is the run's; others of the same training were asked for by other runs."""
        return step == self.step or (step < self.step and (self.grid is None or step % self.grid == 0))

    def is_due(self, step: int) -> bool:
        """Whether its training is evaluated at a step, as far as that is known beforehand."""
        return step in self.steps or (self.grid is not None and self.is_own(step))

    def read(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]] | None:
        """The evaluations that the value is the mean of, first to last; None where one is missing.

        Args:
            rows: those of the training that are sound, in order of step.
        """
        if self.grid is None:
            found = [row for row in rows if row["step"] <= self.step][-self.last :]
        else:
            wanted = set(self.steps)
            found = [row for row in rows if row["step"] in wanted]
        return found if len(found) == self.last and self.step in (found[-1]["step"], END) else None


def tail(step: int, last: int) -> tuple[int, ...]:
    """The steps of the last evaluations that a value is the mean of, all in the last 5% of the training.

    Args:
        step: the last one, T. last: how many, k; T // 20 at most.

    Returns:
        T − i (T // 20k) for i = k − 1, …, 0.

    Examples:
        >>> from ablate.readout import tail
        >>> tail(10_000, 5)
        (9600, 9700, 9800, 9900, 10000)
        >>> tail(10_000, 1)
        (10000,)
    """
    apart = step // (STEPS_A_TAIL * last)
    return tuple(step - back * apart for back in reversed(range(last)))


def affordable(last: int, step: int, batch_size: int | None, images: int | None) -> int:
    """How many evaluations a value can be the mean of: as many as are asked for, but they take about a tenth of the training.

    Args:
        last: asked for.
        step: of the training, T.
        batch_size: training images a step, B; None where it is not known, and then the cost is not considered.
        images: of the evaluation set, n; None likewise.

    Returns:
        max(1, min(last, T // 20, 3 T B // 20 n)): evaluating an image takes about 0.35 of the time of training on one, and each
        evaluation is of raw and averaged weights, so that k evaluations take 0.7 k n / T B of the training.

    Examples:
        >>> from ablate.readout import affordable
        >>> affordable(10, step=10_000, batch_size=128, images=10_000)
        10
        >>> affordable(10, step=1_000, batch_size=128, images=10_000)
        1
    """
    cheap = last if batch_size is None or not images else 3 * step * batch_size // (20 * images)
    return max(1, min(last, step // STEPS_A_TAIL, cheap))


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


def values(
    rows: Sequence[Mapping[str, Any]], weights: str, metric: str = ACCURACY, others: Sequence[str] = ()
) -> dict[str, Any]:
    """What evaluations come to: means of the metric (with its name, if not accuracy), loss and, if known, train_accuracy.

    Also of other metrics, by name; and of the last of them the seconds (of training up to its step) and examples_per_second.
    All None without evaluations.
    """
    last = rows[-1] if rows else {}
    on_training = _mean([value(row, TRAIN_ACCURACY, weights) for row in rows])
    return {
        **({} if metric == ACCURACY else {"metric": metric}),
        metric: _mean([value(row, metric, weights) for row in rows]),
        **({} if metric == "loss" else {"loss": _mean([value(row, "eval_loss", weights) for row in rows])}),
        **({} if on_training is None else {TRAIN_ACCURACY: on_training}),
        **{name: _mean([value(row, name, weights) for row in rows]) for name in others},
        "seconds": last.get("seconds"),
        "examples_per_second": last.get("examples_per_second"),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def needed(weights: str, metric: str = ACCURACY) -> tuple[str, ...]:
    """The numbers without which an evaluation is none."""
    return NEEDED if weights in EMA and metric == ACCURACY else (column(metric, weights),)


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    status: done or diverged.
    step: where it was read, or at which it diverged.
    error: how it diverged; None where it is done.
    rows: the evaluations that it was read off, first to last; none where it diverged.

    Examples:
        >>> from ablate.readout import Outcome
        >>> row = {"step": 100, "loss": 0.5, "accuracy_raw": 0.7, "accuracy_averaged": 0.75}
        >>> Outcome("done", 100, rows=[row]).values("averaged")["accuracy"]
        0.75
    """

    status: str
    step: int
    error: str | None = None
    rows: Sequence[Mapping[str, Any]] = ()

    def values(self, weights: str, metric: str = ACCURACY, others: Sequence[str] = ()) -> dict[str, Any]:
        """What its evaluations come to; see `values`."""
        return values(self.rows, weights, metric, others)


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
        whole: whether the evaluations that it is read off have all that belongs to them, as predictions; they count only so.

    Examples:
        >>> from ablate.readout import Readout, read_off
        >>> rows = [{"step": step, "loss": 0.5, "accuracy_raw": 0.7, "accuracy_averaged": 0.75} for step in (50, 100)]
        >>> read_off(rows, {"state": "running", "step": 100}, Readout("raw", step=100)).status
        'done'
        >>> read_off(rows, {"state": "running", "step": 100}, Readout("raw", step=150)) is None
        True
    """
    step, limit = readout.step, readout.diverged_loss
    known = [row for row in rows if sound(row, needed(readout.weights, readout.metric))]
    burst = exploded([row for row in known if readout.is_own(row["step"])], limit)
    if burst is not None:
        reason = f"the training loss up to step {burst['step']} was {burst['loss']:.3g} on average, above {limit:g}"
        return Outcome("diverged", burst["step"], reason)
    read = None if step == END and status["state"] != "done" else readout.read(known)
    if read is not None and whole:
        step = read[-1]["step"]
        for row in read:
            found = value(row, readout.metric, readout.weights)
            if found is not None and not math.isfinite(found):
                return Outcome("diverged", step, f"{readout.metric} at step {row['step']} was {found:g}")
        return Outcome("done", step, rows=read)
    if status["state"] == "diverged" and status["step"] <= step:
        return Outcome("diverged", status["step"], status["error"])
    return None


def sound(row: Mapping[str, Any], needed: Collection[str] = NEEDED) -> bool:
    """Whether a row of metrics.jsonl is an evaluation: its numbers are numbers, in the range that they have.

    Args:
        needed: those that must be there.
    """
    if type(row.get("step")) is not int or not 0 <= row["step"] <= LARGEST:
        return False
    for key, bounds in COLUMNS.items():
        value: Any = row.get(key)
        if value is None and key not in needed:
            continue
        if not _is_number(value) or (bounds is not None and not bounds[0] <= value <= bounds[1]):
            return False
    return all(_is_number(row.get(key)) for key in needed if key not in COLUMNS)


def _is_number(value: Any) -> bool:
    return type(value) is float or (isinstance(value, int | float) and not isinstance(value, bool))


def exploded(rows: Iterable[Mapping[str, Any]], diverged_loss: float) -> Mapping[str, Any] | None:
    """The first evaluation before which the training loss was above `diverged_loss`; None where none was, or none is told.

    Examples:
        >>> from ablate.readout import exploded
        >>> losses = {50: 2.3, 100: 1e9}  # by step
        >>> rows = [{"step": step, "loss": losses[step], "accuracy_raw": 0.1, "accuracy_averaged": 0.1} for step in losses]
        >>> exploded(rows, diverged_loss=10_000)["step"]
        100
    """
    above = (row for row in rows if _is_number(row.get("loss")) and row["loss"] > diverged_loss)
    return next((row for row in above if sound(row, ("loss",))), None)


def before(step: int) -> str:
    """Where something ended too early: as in `before step 100`, or at once where the trainer decides."""
    return "without an evaluation" if step == END else f"before step {step}"


def of_run(run: SweepRun, diverged_loss: float, metric: str = ACCURACY) -> Readout:
    """The readout of a run of a sweep. diverged_loss, metric: of the sweep."""
    noted = run.readout
    grid = None if noted.newest or noted.step == END else run.eval_every
    return Readout(noted.weights, noted.step, diverged_loss, metric, grid, noted.last)


def judged_by(sweep: Sweep) -> str:
    """The metric of a sweep's runs that is judged where no other is asked for."""
    return ACCURACY if sweep.metric is None else str(sweep.metric["name"])


def others_of(sweep: Sweep) -> list[str]:
    """What else its runs can be judged by, of training code of the user's own."""
    return [str(metric["name"]) for metric in sweep.metrics]


def diverged_loss_of(sweep: Sweep) -> float:
    """The training loss above which a run of a sweep has diverged: as noted, or as its command said."""
    if sweep.diverged_loss is not None:
        return float(sweep.diverged_loss)
    for run in sweep.runs[:1]:
        with suppress(ValueError):
            return float(run.words.get("diverged_loss", DIVERGED_LOSS))
    return DIVERGED_LOSS
