"""What a sweep shows, as frames by name; tables, figures and texts are functions that name the frames they are made of."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

import pandas as pd

from ablate.errors import AblateError, one_of
from ablate.results import computed
from ablate.results.frames import Results
from ablate.results.question import Question

Made = TypeVar("Made")
VERDICTS = ("name", "override", "against_label", "n", "points", "low", "high", "level", "p", "verdict")
GIVEN = ("results", "question")  # what all others are computed from


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a sweep shows, as frames by name; each is computed when it is first asked for. Points are those of the metric.

    The functions of `ablate.results.computed` make them, and their names are those of the frames: `analysis.comparisons`.

    results: what there is. question: what is judged, and how. given: frames by name that stand in place of those computed.
    """

    results: Results
    question: Question
    given: Mapping[str, Any] = field(default_factory=dict)
    _computed: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def verdicts(self) -> pd.DataFrame:
        """What was judged, one row a comparison.

        name: the change. override: as a command has it. against_label: what it is compared with. n: how many seeds have both.
        points: the mean difference, paired by seed; of arms that share none the difference of means. low,
        high: its adjusted interval. level: of that interval. p: of a paired t test, without pairs of Welch's, not adjusted.
        verdict: helps, hurts, no effect, inconclusive or no verdict.
        """
        frame: pd.DataFrame = self.comparisons.reindex(columns=list(VERDICTS))
        return frame

    def __getattr__(self, name: str) -> Any:
        """The frame of a name."""
        if name.startswith("_") or name not in functions():
            raise AttributeError(one_of("frame", name, names()))
        if name in self.given:
            return self.given[name]
        if name not in self._computed:
            self._computed[name] = self.fill(functions()[name])
        return self._computed[name]

    def fill(self, function: Callable[..., Made], **said: Any) -> Made:
        """What a function makes of the frames that its parameters are named after; others are left at their defaults.

        Args:
            said: what it may name besides frames.

        Raises:
            AblateError: a parameter without a default is the name of no frame.
        """
        return filled(function, names(), lambda name: getattr(self, name), said)


def analyze(results: Results, question: Question) -> Analysis:
    """What a sweep shows; see `Analysis`."""
    return Analysis(results, question)


def names() -> tuple[str, ...]:
    """The names of all frames."""
    return (*GIVEN, *functions())


def filled(function: Callable[..., Made], known: Sequence[str], frame: Callable[[str], Any], said: Mapping[str, Any]) -> Made:
    """What a function makes of frames by name.

    Args:
        known: the names of frames. frame: from a name.
        said: values by other names.

    Raises:
        AblateError: a parameter without a default is the name of none.
    """
    return function(**{name: said[name] if name in said else frame(name) for name in wanted(function, (*known, *said))})


def wanted(function: Callable[..., Any], known: Sequence[str]) -> list[str]:
    """The names of a function's parameters that are known.

    Raises:
        AblateError: a parameter without a default is not.
    """
    parameters = inspect.signature(function).parameters.values()
    for each in parameters:
        if each.name not in known and each.default is each.empty:
            raise AblateError(one_of(f"frame of {function.__module__}.{function.__qualname__}", each.name, known))
    return [each.name for each in parameters if each.name in known]


@cache
def functions() -> Mapping[str, Callable[..., Any]]:
    """What computes each frame: the public functions of the modules of `computed`."""
    modules = [import_module(f"{computed.__name__}.{found.name}") for found in iter_modules(computed.__path__)]
    return {
        name: function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
