"""The scores of a search's trials, read off the evaluations of their trainings again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from ablate import readout
from ablate.metrics import ACCURACY
from ablate.results.trained import Trained
from ablate.stats.objectives import Objective
from ablate.store.sweep_runs import SweepRun
from ablate.store.trials import Trial
from ablate.store.trials_file import TRIALS, Trials


def scored(
    found: Trials, trained: Mapping[str, Trained], objectives: Sequence[Objective], metric: str = ACCURACY
) -> tuple[list[Trial], list[str]]:
    """(the trials, with scores from the evaluations of their trainings where these are at hand; what differed, a line each).

    Args:
        trained: by fingerprint. metric: what they are judged by.
    """
    trials, differed = [], []
    for trial in found.trials:
        values = _score(trial, [run for run in found.runs if run.trial == trial.number], trained, objectives, metric)
        same = values is None or all(map(math.isclose, values, trial.values or ()))
        if values is None or same:
            trials.append(trial)
            continue
        old, new = (", ".join(map(Objective.text, objectives, each)) for each in (trial.values or (), values))
        differed.append(f"trial {trial.number} has the score of its training, {new}; {TRIALS} has {old}")
        learned = next((value for value, one in zip(values, objectives, strict=True) if one.is_learned), None)
        curve = trial.curve if learned is None else (*trial.curve[:-1], *((at, learned) for at, _ in trial.curve[-1:]))
        trials.append(replace(trial, values=values, curve=curve))
    return trials, differed


def _score(
    trial: Trial,
    runs: Sequence[SweepRun],
    trained: Mapping[str, Trained],
    objectives: Sequence[Objective],
    metric: str,
) -> tuple[float, ...] | None:
    """The mean over its seeds of what each objective is at the last step, of seconds the sum; None where that is not known."""
    if trial.state != "done" or not runs:
        return None
    columns: list[list[float]] = []
    for run in runs:
        one = trained.get(run.fingerprint)
        read = None if one is None else readout.of_run(run, readout.DIVERGED_LOSS, metric).read(one.rows)
        if one is None or not read:
            return None
        values = {**readout.values(read, run.readout.weights, metric), **one.costs}
        if any(values.get(each.name) is None for each in objectives):
            return None
        columns.append([float(values[each.name]) for each in objectives])
    means = [fmean(column) for column in zip(*columns, strict=True)]
    return tuple(mean * (len(runs) if one.name == "seconds" else 1) for mean, one in zip(means, objectives, strict=True))
