"""What runs are judged by: a metric's unit, direction, and bounds, with those of known names. A margin is always the user's."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from ablate.errors import AblateError, nearest, one_of, shown

Better = Literal["higher", "lower"]

ACCURACY = "accuracy"
PERCENT = "%"  # the unit of shares: frames have them from 0 to 1, readers see percent, and differences in percentage points


@dataclass(frozen=True)
class Metric:
    """What a training is judged by.

    name: as its evaluations have it.
    unit: of a value as readers see it, `%` for fractions; empty where it has none.
    low, high: bounds of a value, None where there are none.
    """

    name: str
    unit: str = ""
    better: Better = "higher"
    low: float | None = None
    high: float | None = None

    def allows(self, value: float) -> bool:
        """Whether a value is within the bounds; NaN always is."""
        return not ((self.low is not None and value < self.low) or (self.high is not None and value > self.high))


def _share(name: str, better: Better = "higher") -> Metric:
    return Metric(name, PERCENT, better, 0.0, 1.0)


# By name, or by what follows one of `PREFIXES`, as in `val_loss`.
KNOWN: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        _share(ACCURACY),
        _share("acc"),
        Metric("loss", better="lower"),
        _share("error", "lower"),
        _share("f1"),
        _share("auc"),
    )
}
PREFIXES = ("val_", "valid_", "validation_", "eval_", "test_", "train_")
WHOLES = (1, 100)  # what shares can be given as shares of


@dataclass(frozen=True)
class Given:
    """A metric, and how its user gives values of it.

    metric: with bounds as frames have them; of a share 0 and 1.
    whole: what a value of 1 is given as: 100 for shares in percent.
    margin: smaller differences do not matter, in its unit, of shares in percentage points; None where none is fixed here.
    """

    metric: Metric
    whole: float = 1.0
    margin: float | None = field(default=None, repr=False)

    def value(self, given: float, option: str = "{}={}") -> float:
        """A value as frames have it; NaN and infinite ones, of what diverged, are as they are.

        Args:
            option: as for `given`.

        Raises:
            AblateError: it is out of bounds.

        Examples:
            >>> from ablate.metrics import given
            >>> given("accuracy", high=100).value(91.5)
            0.915
            >>> given("accuracy").value(91.5)
            Traceback (most recent call last):
                ...
            ablate.errors.AblateError: accuracy must be from 0 to 1, got 91.5. For percentages, give high=100.
        """
        if not math.isfinite(given):
            return given
        value = given / self.whole
        if self.metric.allows(value):
            return value
        percent = self.metric.unit == PERCENT and self.whole == 1 and 1 < given <= 100
        hint = f" For percentages, give {option.format('high', 100)}." if percent else ""
        raise AblateError(f"{self.metric.name} must be {self._bounds}, got {given:g}.{hint}")

    @property
    def _bounds(self) -> str:
        low, high = (None if bound is None else f"{bound * self.whole:g}" for bound in (self.metric.low, self.metric.high))
        if low is None or high is None:
            return f"{low} or more" if high is None else f"{high} or less"
        return f"from {low} to {high}"


def known(name: str) -> Metric | None:
    """The metric of a known name, that of a set before it or not; None where there is none.

    Examples:
        >>> from ablate.metrics import known
        >>> known("val_loss")
        Metric(name='val_loss', unit='', better='lower', low=None, high=None)
        >>> known("bleu") is None
        True
    """
    stem = next((name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix)), name)
    found = KNOWN.get(name) or KNOWN.get(stem)
    return None if found is None else replace(found, name=name)


def in_frames(metric: Metric) -> Metric:
    """A metric as results call it: there `error` is why a run failed.

    Examples:
        >>> from ablate.metrics import KNOWN, in_frames
        >>> in_frames(KNOWN["error"]).name, in_frames(KNOWN["f1"]).name
        ('error_rate', 'f1')
    """
    return replace(metric, name=name_in_frames(metric.name))


def name_in_frames(name: str) -> str:
    """What results call the metric of a name; see `in_frames`."""
    return "error_rate" if name == "error" else name


def given(
    name: str,
    better: Any = None,
    unit: str | None = None,
    low: float | None = None,
    high: float | None = None,
    option: str = "{}={}",
) -> Given:
    """A metric by its name, with what its user says of it; of a known name nothing need be said.

    Args:
        better: `higher` or `lower`, as the user wrote it.
        unit: of a value as readers see it; `%` of shares.
        low, high: bounds of a value as the user gives it. Shares are from 0 to 1, unless high=100.
        option: how the user says a choice, from its name and its value, for messages.

    Raises:
        AblateError: the direction of an unknown name is not said, or what is said contradicts the name or itself.

    Examples:
        >>> from ablate.metrics import given
        >>> given("accuracy", high=100)
        Given(metric=Metric(name='accuracy', unit='%', better='higher', low=0.0, high=1.0), whole=100.0)
        >>> given("bleu", better="higher", low=0).metric
        Metric(name='bleu', unit='', better='higher', low=0, high=None)
    """
    if not name or name != name.strip():
        raise AblateError(f"A metric needs a name, got {shown(name)}.")
    for key, bound in (("low", low), ("high", high)):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound)):
            raise AblateError(f"{option.format(key, '').strip(' =')} must be a finite number, got {shown(bound)}.")
    found = known(name)
    metric = _unknown(name, better, option) if found is None else found
    if found is not None and better not in (None, found.better):
        raise AblateError(
            f"{name} is better when {found.better}, got {option.format('better', better)}. Leave it out, or give it "
            "another name."
        )
    if found is not None and unit not in (None, found.unit) and PERCENT in (unit, found.unit):
        share = f"must be in {PERCENT}" if found.unit == PERCENT else f"cannot be in {PERCENT}"
        raise AblateError(f"{name} {share}, got {option.format('unit', unit)}. Leave it out.")
    metric = metric if unit is None else replace(metric, unit=unit)
    if metric.unit == PERCENT:
        return _of_share(metric, low, high, option)
    if low is not None and high is not None and low >= high:
        raise AblateError(f"{option.format('low', f'{low:g}')} must be below {option.format('high', f'{high:g}')}.")
    return Given(replace(metric, low=metric.low if low is None else low, high=metric.high if high is None else high))


def _unknown(name: str, better: Any, option: str) -> Metric:
    """A metric with an unknown name; its user says which direction is better."""
    choices = get_args(Better)
    if better is None:
        near = nearest(name, KNOWN)
        meant = f" Did you mean {near}?" if near is not None else ""
        said = " or ".join(option.format("better", choice) for choice in choices)
        raise AblateError(f"{name} is not a known metric. Say {said}.{meant}")
    if better not in choices:
        raise AblateError(one_of(option.format("better", "").strip(" ="), better, choices))
    return Metric(name, better=better)


def _of_share(metric: Metric, low: float | None, high: float | None, option: str) -> Given:
    """A share, from 0 to 1 or to 100 percent."""
    for key, bound, bounds in (("low", low, (0,)), ("high", high, WHOLES)):
        if bound is not None and bound not in bounds:
            listed = " or ".join(option.format(key, each) for each in bounds)
            raise AblateError(f"{metric.name} is a share, so it takes {listed}, got {option.format(key, f'{bound:g}')}.")
    return Given(replace(metric, low=0.0, high=1.0), float(high or 1))
