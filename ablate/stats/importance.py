"""How much each searched key matters: functional analysis of variance over the trials that are done."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension

EVALUATOR = "fANOVA"
FEWEST = 6  # trials that are done, under which a forest has nothing to split
COMPUTED = ("operations", "parameters")  # objectives that no training is needed for
LEFT_OUT = 20  # trials that are left out in turn, at most
TYPES = {
    "objective": "str",
    "parameter": "str",
    "importance": "float64",
    "low": "float64",
    "high": "float64",
    "trials": "int64",
    "evaluator": "str",
}


def importance(
    trials: pd.DataFrame, space: Mapping[str, Dimension], objectives: Sequence[Objective]
) -> tuple[pd.DataFrame, list[str]]:
    """(one row an objective and searched key, the most important first; what a reader should be told, a line each).

    No rows where there are too few trials, or Optuna is not installed; none for an objective that is computed. Columns:

    objective, parameter: the two.
    importance: the share of the variance that a forest fitted to the trials explains by single keys; the shares add up to 1.
    low, high: the range where one trial at a time is left out.
    trials: how many it rests on.
    evaluator: fANOVA.

    Reference: Hutter, Hoos and Leyton-Brown 2014, An Efficient Approach for Assessing Hyperparameter Importance.
    """
    none = pd.DataFrame(columns=list(TYPES)).astype(TYPES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # in a notebook, of progress bars that nobody sees
            import optuna
    except ImportError:
        return none, ["Importances are left out because Optuna is not installed: pip install 'ablate-tf[search]'"]
    distributions = {key: _distribution(optuna, one) for key, one in space.items()}
    done = trials[trials["state"] == "done"]
    rows = [row for row in done.to_dict("records") if _inside(optuna, row, distributions)]
    notes = []
    if len(rows) < len(done):
        notes.append(f"Importances leave out {len(done) - len(rows)} of {len(done)} trials that lie outside the search space")
    measured = [one for one in objectives if one.name not in COMPUTED]
    notes += [
        f"Importances for {one.title} are left out: they are computed from the model, not measured by trials"
        for one in objectives
        if one not in measured
    ]
    if not measured:
        return none, notes
    if len(rows) < FEWEST:
        return none, [
            *notes,
            f"Importances are left out: they need at least {FEWEST} finished trials, got {len(rows)}",
        ]
    parts = []
    for one in measured:
        columns = (*space, one.column)
        shares = _ranged(optuna, tuple(space.items()), one, tuple(tuple(row[name] for name in columns) for row in rows))
        if shares is None:
            notes.append(f"Importances for {one.title} are left out: it is the same in all trials")
            continue
        part = pd.DataFrame(shares, columns=["parameter", "importance", "low", "high"])
        parts.append(part.assign(objective=one.title, trials=len(rows), evaluator=EVALUATOR))
    return (pd.concat(parts, ignore_index=True)[list(TYPES)].astype(TYPES) if parts else none), notes


def _distribution(optuna: Any, one: Dimension) -> Any:
    if one.kind == "categorical":
        return optuna.distributions.CategoricalDistribution(list(one.choices))
    assert one.low is not None
    assert one.high is not None
    if one.kind == "int":
        return optuna.distributions.IntDistribution(int(one.low), int(one.high), log=one.log, step=int(one.step or 1))
    return optuna.distributions.FloatDistribution(one.low, one.high, log=one.log, step=one.step)


def _inside(optuna: Any, row: Mapping[Any, Any], distributions: Mapping[str, Any]) -> bool:
    """Whether a trial lies in the space; one that was asked for need not."""
    try:
        _trial(optuna, row, distributions, 0.0)
    except ValueError:
        return False
    return True


def _trial(optuna: Any, row: Mapping[Any, Any], distributions: Mapping[str, Any], value: float) -> Any:
    params = {key: row[key] for key in distributions}
    return optuna.trial.create_trial(params=params, distributions=dict(distributions), value=value)


@lru_cache(maxsize=16)  # fitting the forests takes seconds, and a notebook asks again and again
def _ranged(
    optuna: Any, space: tuple[tuple[str, Dimension], ...], one: Objective, trials: tuple[tuple[Any, ...], ...]
) -> list[tuple[str, float, float, float]] | None:
    """(key, importance, the range where one trial at a time is left out); None where the objective is the same in all trials.

    trials: of each the values of the keys, then the objective.
    """
    distributions = {key: _distribution(optuna, dimension) for key, dimension in space}
    rows = [dict(zip((*distributions, one.column), trial, strict=True)) for trial in trials]
    shares = _shares(optuna, rows, distributions, one)
    if shares is None:
        return None
    left_out = np.unique(np.linspace(0, len(rows) - 1, min(LEFT_OUT, len(rows))).astype(int))
    others = [_shares(optuna, [*rows[:left], *rows[left + 1 :]], distributions, one) for left in left_out]
    spread = pd.DataFrame([found for found in others if found is not None], columns=list(shares))
    return [(key, share, spread[key].min(), spread[key].max()) for key, share in shares.items()]


def _shares(
    optuna: Any, rows: Sequence[Mapping[Any, Any]], distributions: Mapping[str, Any], one: Objective
) -> dict[str, float] | None:
    """The importance of each key, the largest first; None where the objective is the same in all trials."""
    if len({row[one.column] for row in rows}) < 2:
        return None
    with _silent(optuna):
        study = optuna.create_study()
        for row in rows:
            study.add_trial(_trial(optuna, row, distributions, row[one.column]))
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {str(key): float(value) for key, value in found.items()}


@contextmanager
def _silent(optuna: Any) -> Iterator[None]:
    """Without Optuna's lines about a study that nobody asked for."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
