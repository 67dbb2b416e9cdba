"""Searches over a Python function, from a script, a module or a notebook."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate import api
from ablate.api import INLINE, Amount
from ablate.errors import AblateError, shown

if TYPE_CHECKING:
    from ablate.results.search import SearchResults


@dataclass(frozen=True)
class Interval:
    """A range of numbers that a search draws from: whole ones where both ends are, on a logarithmic scale if `log`."""

    low: float
    high: float
    log: bool = False

    @property
    def written(self) -> str:
        """As a command line has it."""
        written = f"interval({self.low!r},{self.high!r})"
        written = f"tag(log,{written})" if self.log else written
        return f"int({written})" if type(self.low) is type(self.high) is int else written


def interval(low: float, high: float) -> Interval:
    """Numbers from low to high, both included; whole numbers where both ends are of type int.

    Raises:
        AblateError: the ends are not finite numbers, the smaller first.
    """
    return _interval("interval", low, high, log=False)


def log_interval(low: float, high: float) -> Interval:
    """The same on a logarithmic scale: as many values from 0.001 to 0.01 as from 0.01 to 0.1.

    Raises:
        AblateError: the ends are not finite numbers above 0, the smaller first.
    """
    return _interval("log_interval", low, high, log=True)


def _interval(name: str, low: Any, high: Any, log: bool) -> Interval:
    low, high = map(api.plain, (low, high))
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end):
            raise AblateError(f"{name} must have two finite numbers, got {shown(end)}.")
    if not low < high:
        raise AblateError(f"{name} must go from a smaller to a larger number, got {name}({low!r}, {high!r}).")
    if log and low <= 0:
        raise AblateError(f"{name} must begin above 0, got {name}({low!r}, {high!r}).")
    return Interval(low, high, log)


def optimize(
    train: Callable[..., Any],
    space: Mapping[str, Interval | Iterable[Any]],
    *,
    trials: int = 20,
    seeds: Iterable[int] = (0,),
    metric: str | Mapping[str, Any] | None = None,
    metrics: Sequence[Mapping[str, Any]] | None = None,
    default: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    confirm_seeds: int = 5,
    margin: float | None = None,
    sampler: str | Mapping[str, Any] = "tpe",
    pruner: str | Mapping[str, Any] = "hyperband",
    timeout: float | None = None,
    labels: Any = None,
    version: str | None = None,
    name: str | None = None,
    question: str | None = None,
    workers: Amount = "auto",
    threads: Amount = "auto",
    retries: int = 2,
    fail_fast: bool = False,
    progress: bool = True,
    formats: Sequence[str] | None = None,
    store: str | Path | None = None,
    folder: str | Path | None = None,
) -> "SearchResults":
    """Search for the values with which a function trains best, and measure them against the default ones with fresh seeds.

    Trials that are behind are ended early. The same call again goes on where it was stopped, and trains nothing twice. The
    report is written into the search's folder, as `python -m ablate -m hydra/sweeper=optuna` does.

    Args:
        train: as for `ablate.sweep`. With a parameter `eval_on` it is told what to evaluate on: "validation" in trials, "test"
            when the best setting is measured. Without it, the report says that both are the same.
        space: what is searched over: a list of values, `ablate.interval(0.0, 0.5)`, or `ablate.log_interval(1e-4, 1e-1)`;
            whole numbers where both ends are.
        trials: how many settings are tried, those that are ended early among them.
        seeds: of each trial; its score is the mean over them.
        metric, metrics: what trials are judged by, as for `ablate.sweep`.
        default: the setting that the best one is measured against, and that is tried first. What it leaves out is the first of
            listed values, and the middle of a range.
        config: more values, the same for all trials.
        confirm_seeds: with how many seeds, which no trial used, the best setting is measured; 0: it is not.
        margin: as for `ablate.sweep`.
        sampler, pruner: a name of Optuna's, or a dict of `name` and parameters; `pruner="none"` ends no trial early.
        timeout: seconds after which no trial begins.
        labels: as for `ablate.sweep`; predictions on validation data are left out, and without labels all are.
        version, name, question, workers, threads, retries, fail_fast, progress, formats, store, folder: as for `ablate.sweep`.

    Returns:
        What it found: `trials`, `curves`, `best`, `confirmation`, `importances`.

    Raises:
        AblateError: something that is asked for cannot be; or no trial has a score in the end.
    """
    is_inline = workers == INLINE and not isinstance(workers, bool)
    searched = {key: _searched(key, given) for key, given in api.mapping("space", space).items()}
    if not searched:
        raise AblateError('space must map names to what is searched, as in space={"lr": ablate.log_interval(1e-3, 1.0)}.')
    fixed = api.fixed(config, "space", searched)
    algorithms = [word for kind, given in (("sampler", sampler), ("pruner", pruner)) for word in _algorithm(kind, given)]
    optional = {
        "metrics": None if metrics is None else list(metrics),
        "hydra.sweeper.n_trials": trials,
        "hydra.sweeper.confirm_seeds": confirm_seeds,
        "hydra.sweeper.timeout": timeout,
        "hydra.sweeper.default": _default(default, space),
        **api.options(margin, name, question, workers, threads, retries, fail_fast, progress, formats, store, folder),
    }
    words = [
        "hydra/sweeper=optuna",
        *api.of_metric("accuracy" if metric is None and metrics is None else metric),
        *(f"{key}={written}" for key, written in searched.items()),
        *fixed,
        f"seed={api.seeds_of(seeds)}",
        *algorithms,
        *(api.word(key, value) for key, value in optional.items() if value is not None),
    ]
    found: SearchResults = api.run(
        train,
        version,
        words,
        sends=not is_inline,
        has_some=lambda search: not search.done.empty,
        labels=labels,
        searches=True,
    )
    return found


def _searched(key: str, given: Any) -> str:
    """What is searched of a key, as a command line has it."""
    return given.written if isinstance(given, Interval) else ",".join(map(api.typed, api.levels("space", key, given)))


def _default(given: Any, space: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if given is None:
        return None
    for key in api.mapping("default", given):
        if key not in space:
            raise AblateError(f"default has {key}, which is not searched. Fixed values belong in config.")
    return {
        key: api.plain(value) if isinstance(space[key], Interval) else api.text(f"default[{key!r}]", value)
        for key, value in given.items()
    }


def _algorithm(kind: str, given: Any) -> list[str]:
    """The words for a sampler or pruner."""
    asked = {"name": given} if isinstance(given, str) else given
    if not isinstance(asked, Mapping) or not isinstance(asked.get("name"), str):
        raise AblateError(f"{kind} must be a name, or a dict of name and parameters, got {shown(given)}.")
    parameters = {key: value for key, value in asked.items() if key != "name"}
    return [
        f"hydra/sweeper/{kind}={asked['name']}",
        *(api.word(f"hydra.sweeper.{kind}.{key}", value) for key, value in parameters.items()),
    ]
