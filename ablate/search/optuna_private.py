"""What Optuna has and does not promise: the one place that uses it. Tried with Optuna 5.0."""

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.samplers import GridSampler
from optuna.storages import BaseStorage
from optuna.storages.journal._storage import JournalOperation as JournalOperation
from optuna.trial import FrozenTrial


def storage_of(study: optuna.Study) -> BaseStorage:
    """The storage of a study, with its cache."""
    return study._storage


def stored(study: optuna.Study, trial: optuna.Trial | FrozenTrial) -> FrozenTrial:
    """A trial as the storage has it now."""
    return study._storage.get_trial(trial._trial_id)


def note(study: optuna.Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Set a user attribute of a trial that is not this process's own.

    Raises:
        UpdateFinishedTrialError: it has ended.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)


def note_for_sampler(study: optuna.Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Set a system attribute of a trial, as samplers do."""
    study._storage.set_trial_system_attr(trial._trial_id, key, value)


def system_attrs(study: optuna.Study) -> Mapping[str, Any]:
    """What samplers noted of a study."""
    return study._storage.get_study_system_attrs(study._study_id)


def point_of_grid(sampler: GridSampler, place: int) -> dict[str, Any]:
    """The setting at a place of a grid."""
    return dict(zip(sampler._param_names, sampler._all_grids[place], strict=True))
