"""What a report judges: as fixed in sweep.json before training, or changed by who reads it, which makes it exploratory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from ablate import trainer
from ablate.config.own import TRAINERS as OWN
from ablate.designs import STORE
from ablate.errors import AblateError, one_of
from ablate.metrics import ACCURACY, KNOWN
from ablate.planning.looks import is_older, look_keys
from ablate.readout import END, WEIGHTS, tail
from ablate.results.frames import Results, arm_name
from ablate.stats.intervals import family_level
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.store.look_lines import Look
from ablate.store.sweep import Sweep
from ablate.store.sweep_check import ONE_VALUE
from ablate.trainers import networks


@dataclass(frozen=True)
class Metric:
    """What runs are compared by.

    column: of runs and, where it has another name there, `evaluation_column` of evaluations. unit, points: of a value and of a
    difference. scale: from the column to the unit. better: 1 where more is better, -1 where less is.
    bounds: least and most of a value, in its unit.
    """

    name: str
    column: str
    evaluation_column: str
    unit: str
    points: str
    scale: float
    better: int
    bounds: tuple[float, float] = (-math.inf, math.inf)


def _of(metric: trainer.Metric) -> Metric:
    """A metric of the built-in trainer: in the evaluations `loss` is that of training."""
    percent, better = metric.unit == "%", 1 if metric.better == "higher" else -1
    unit = metric.unit or "units"
    points, scale = ("pp", 100.0) if percent else (unit, 1.0)
    bounds = (-math.inf if metric.low is None else scale * metric.low, math.inf if metric.high is None else scale * metric.high)
    return Metric(metric.name, metric.name, metric.name, unit, points, scale, better, bounds)


def metrics_of(sweep: Sweep) -> Mapping[str, Metric]:
    """The metrics that the runs of a sweep can be compared by."""
    if sweep.metric is None and sweep.trainer not in OWN:
        return METRICS
    first = asdict(KNOWN[ACCURACY]) if sweep.metric is None else sweep.metric
    found = [
        trainer.Metric(one["name"], one["unit"], one["better"], one.get("low"), one.get("high"))
        for one in (first, *sweep.metrics)
    ]
    return {one.name: _of(one) for one in found}


UNPLANNED = "these runs were not planned here"
METRICS = {metric.name: _of(metric) for metric in networks.TRAINER.metrics}


@dataclass(frozen=True)
class Question:
    """What is judged, and how.

    steps, weights: of each arm, what it is read at and off. margin: in points, None where the metric has none. pairs: (arm, the
    arm it is compared with) for the differences judged. effects: the effects judged instead, the factors of each. looks: how
    often each is judged on the way. baseline: number of the arm. changes: what is not as sweep.json fixed it, a phrase each.
    target: the accuracy in % of which it is told when it is reached; None for the lowest of the arms' means.
    looked: the look that each judged row is, as it was entered before training; none where versions before looks trained it, or
    it is exploratory. unentered: why the list of seeds is no look that was entered; empty where it is one, or need be none.
    target: the accuracy in % of which it is told when it is reached; None for the lowest of the arms' means. last: how many
    evaluations a value is the mean of. newest: whether the trainer decides where, and they are its newest ones.
    """

    metric: Metric
    evaluation_set: str
    steps: tuple[int, ...]
    weights: tuple[str, ...]
    margin: float | None
    pairs: tuple[tuple[int, int], ...]
    effects: tuple[tuple[str, ...], ...]
    looks: int
    baseline: int
    changes: tuple[str, ...] = ()
    target: float | None = None
    looked: tuple[Look, ...] = ()
    unentered: str = ""
    last: int = 1
    newest: bool = False

    @property
    def read_at(self) -> str:
        """Where runs are read, behind what they are judged by: as in ` at step 10,000`."""
        return where_read(self.steps, self.last, self.newest)

    @property
    def axis(self) -> str:
        """What is measured, as an axis of a figure says it: as in `accuracy on the test set, mean of 10 evaluations`."""
        return self.measured + (f", mean of {self.last} evaluations" if self.last > 1 else "")

    @property
    def measured(self) -> str:
        """What one evaluation measures: as in `accuracy on the test set`."""
        return f"{self.metric.name} on the {self.evaluation_set} set"

    @property
    def read_with(self) -> str:
        """As in ` with raw weights`; empty where the arms differ in them, or a run has one value."""
        different = set(self.weights)
        if len(different) != 1 or different == {ONE_VALUE}:
            return ""
        one = different.pop()
        return f" with {WEIGHTS.get(one, one)} weights"

    @property
    def judged(self) -> int:
        """How many differences or effects are judged."""
        return len(self.effects) or len(self.pairs)

    @property
    def interactions(self) -> list[bool]:
        """Whether each comparison is an interaction of factors, which cannot help, only be there."""
        return [len(effect) > 1 for effect in self.effects] or [False] * len(self.pairs)

    @property
    def levels(self) -> list[float]:
        """Of the family interval of each judged row: as entered, else so that all hold with a chance of at least 95%."""
        return [1 - look.row.level for look in self.looked] or [family_level(self.judged, self.looks)] * self.judged

    @property
    def level(self) -> float:
        """The highest of them; that of one row where nothing is judged."""
        return max(self.levels, default=family_level(self.judged, self.looks))

    @property
    def shared(self) -> bool:
        """Whether every row has the level of 5% shared among those of this sweep, as at a first look."""
        return all(math.isclose(level, family_level(self.judged, self.looks)) for level in self.levels)

    @property
    def why_exploratory(self) -> list[str]:
        """What is not as it was fixed before training, a phrase each."""
        return [*self.changes, *([self.unentered] if self.unentered else [])]

    @property
    def exploratory(self) -> bool:
        """Whether anything is not as it was fixed before training."""
        return bool(self.changes or self.unentered)


def where_read(steps: Sequence[int], last: int, newest: bool = False) -> str:
    """Where runs are read, behind what they are judged by; empty where no steps are known.

    steps: of each arm, 0 where it is not known. last: how many evaluations are averaged.
    newest: whether these are the newest ones of a trainer that decides where.

    Examples:
        >>> from ablate.results.question import where_read
        >>> where_read([10_000, 10_000], 1)
        ' at step 10,000'
        >>> where_read([10_000, 10_000], 10)
        ' (mean of 10 evaluations, steps 9,550 to 10,000)'
    """
    if not any(steps):
        return ""
    which = steps_read(steps, last, newest)
    if END in steps:
        return f" at {which}" if last == 1 else f" (mean of {which})"
    return f" at {which}" if last == 1 else f" (mean of {last} evaluations, {which})"


def steps_read(steps: Sequence[int], last: int, newest: bool = False) -> str:
    """The steps of the evaluations that values are means of; see `where_read`."""
    if END in steps:
        return "the end of training" if last == 1 else f"the last {last} evaluations"
    different = sorted(set(steps))
    each = ", ".join(f"{step:,}" for step in different)
    if last == 1:
        return f"step {each}" if len(different) == 1 else f"each arm's own step ({each})"
    if len(different) > 1:
        return f"up to each arm's own step: {each}"
    if newest:
        return f"the newest up to step {each}"
    return f"steps {tail(different[0], last)[0]:,} to {each}"


def planned(results: Results) -> Question:
    """What sweep.json fixed; a joined sweep or a store was put together after training, which is a change."""
    fixed = results.sweep.fixed
    joined, store = results.sweep.joined, results.sweep.design == STORE
    looked, unentered = ((), UNPLANNED) if results.sweep.is_table else _entered(results)
    return Question(
        _known(fixed.metric, metrics_of(results.sweep)),
        fixed.evaluation_set,
        fixed.steps,
        fixed.weights,
        None if fixed.margin is None else float(fixed.margin),
        fixed.differences,
        fixed.effects,
        fixed.looks,
        0,
        ("a store, where nothing was fixed before training",)
        if store
        else (f"sweeps joined: {', '.join(joined)}",)
        if joined
        else (),
        looked=looked,
        unentered=unentered,
        last=results.sweep.averaged,
        newest=any(run.readout.newest for run in results.sweep.runs),
    )


def _entered(results: Results) -> tuple[tuple[Look, ...], str]:
    """(the look that each judged row is, why they are none); see `Question`."""
    ledger, sweep = results.ledger, results.sweep
    if ledger is None or sweep.joined is not None or not (sweep.fixed.differences or sweep.fixed.effects):
        return (), ""
    found = [ledger.find(key) for key in look_keys(sweep)]
    if is_older(sweep, ledger) and all(look is None or look.entry.older for look in found):
        return (), ""  # it keeps the levels that it was fixed with
    looked = tuple(look for look in found if look is not None)
    if len(looked) < len(found):
        return (), "this list of seeds was not registered as a look before training"
    others = {look.entry.margin for look in looked} - {sweep.fixed.margin}
    if others:
        before = " and ".join("none" if margin is None else f"± {margin:g}" for margin in others)
        return (), f"this look was registered with another margin before training: {before}"
    return looked, ""


def ask(
    results: Results,
    baseline: str | None = None,
    metric: str | None = None,
    at_step: int | None = None,
    margin: float | None = None,
    target: float | None = None,
) -> tuple[Results, Question]:
    """The results as they are to be read, and what is judged.

    Args:
        baseline: the number or name of an arm that all others are to be compared with.
        metric: one of METRICS.
        at_step: the step at which all runs are to be read.
        margin: in points, greater than 0.
        target: see `Question`; it decides nothing, so it changes nothing that was planned.

    Raises:
        AblateError: there is no such arm, metric or step, or the margin or the target is none.
    """
    question = planned(results)
    changes = list(question.changes)
    known = metrics_of(results.sweep)
    if metric is not None and _known(metric, known) != question.metric:
        changes.append(f"metric {metric} instead of {question.metric.name}")
        question = replace(question, metric=known[metric])
        if metric == TRAIN_ACCURACY and results.runs[TRAIN_ACCURACY].isna().all():
            raise AblateError(f"No run has {TRAIN_ACCURACY}. Train with eval_train=2000 to have it.")
        if metric != ACCURACY or results.sweep.trainer in OWN:  # it was fixed in points of another one
            margins = {one["name"]: one["margin"] for one in results.sweep.metrics}
            question = replace(question, margin=margins.get(metric))
    if at_step is not None and set(question.steps) != {at_step}:
        changes.append(
            f"evaluated at step {at_step:,} instead of {' and '.join(f'{step:,}' for step in sorted(set(question.steps)))}"
        )
        results = results.at(at_step)
        question = replace(question, steps=tuple(at_step for _ in question.steps), last=1)
    if margin is not None and margin != question.margin:
        if not 0 < margin < float("inf"):
            raise AblateError(f"--margin must be greater than 0, got {margin:g}.")
        before = "none" if question.margin is None else f"{question.margin:g}"
        changes.append(f"margin {margin:g} instead of {before}")
        question = replace(question, margin=margin)
    if baseline is not None:
        number = _arm(results, baseline)
        if results.sweep.retune is not None:
            raise AblateError(
                f"This sweep compares each arm at two learning rates, so its baseline is fixed, got --baseline {baseline}."
            )
        if question.effects:
            raise AblateError(f"This sweep is judged by effects, so it has no baseline, got --baseline {baseline}.")
        pairs = _against(results, number)
        if pairs != question.pairs:
            results = _seen_from(results, number)
            levels = results.sweep.arms[number].levels
            changes.append(f"compared with {_levels(levels, ': ', ', ')} instead of as planned")
            question = replace(question, baseline=number, pairs=pairs)
    if target is not None and not 0 < target <= 100:
        raise AblateError(f"--reach must be an accuracy in %, above 0 and up to 100, got {target:g}.")
    looked = () if changes else question.looked
    return results, replace(question, changes=tuple(changes), target=target, looked=looked)


def _known(metric: str, known: Mapping[str, Metric]) -> Metric:
    if metric not in known:
        raise AblateError(one_of("metric", metric, tuple(known)))
    return known[metric]


def _names(results: Results) -> list[str]:
    return [arm_name(arm) for arm in results.sweep.arms]


def _arm(results: Results, word: str) -> int:
    names, arms = _names(results), results.sweep.arms
    for number, name in enumerate(names):
        if word in (str(number), name, arms[number].label, _levels(arms[number].levels)):
            return number
    listed = "; ".join(f"{number}: {name}" for number, name in enumerate(names))
    raise AblateError(f"--baseline must be the number or name of an arm ({listed}), got {word}.")


def _levels(levels: Mapping[str, str], is_: str = "=", and_: str = " ") -> str:
    return and_.join(f"{factor}{is_}{level}" for factor, level in levels.items())


def _seen_from(results: Results, baseline: int) -> Results:
    """The same results with every arm named by its change from another baseline."""
    arms = [arm.switched for arm in results.sweep.arms]
    return results.relabeled([arm.label(arms[baseline]) for arm in arms])


def _against(results: Results, baseline: int) -> tuple[tuple[int, int], ...]:
    """Every arm against the baseline, but for those that are one with it or with an earlier one."""
    one = dict(results.sweep.same_arms)
    first = one.get(baseline, baseline)
    numbers = [arm.number for arm in results.sweep.arms]
    return tuple((arm, baseline) for arm in numbers if arm not in one and arm not in (baseline, first))
