"""CMA-ES without pickles: its state is computed from the finished trials, never read from where they are kept."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna._transform import _SearchSpaceTransform
from optuna.distributions import BaseDistribution
from optuna.samplers import CmaEsSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from ablate.search import optuna_private

ASKED = "x_for_tell"  # of a trial: the point that the optimizer asked for, where parameters are rounded afterwards
FIXED = "fixed_params"  # of a trial that was enqueued rather than drawn


class CmaEs(CmaEsSampler):
    """Optuna's CMA-ES, whose optimizer is rebuilt for every trial by telling it the finished ones again.

    Optuna keeps the optimizer pickled among the attributes of a trial, and unpickles what it finds there: whoever writes the
    storage runs code in every process that goes on with the study. Here nothing is pickled or unpickled. All that a finished
    generation depends on is its trials: of each generation the first that were completed, as many as its population has. One
    process alone so draws what Optuna's own would draw, but for last bits; several agree with each other.
    """

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A setting from the newest generation; empty before there is one."""
        self._raise_error_if_multi_objective(study)
        completed = sorted(self._get_trials(study), key=_order)
        if not search_space or len(completed) < self._n_startup_trials:
            return {}
        trans = _SearchSpaceTransform(search_space, transform_step=not self._with_margin, transform_0_1=True)
        later = any(one.system_attrs.get(self._attr_key_generation, 0) > 0 for one in completed)
        seed = self._drawn_seed(trial) if later else None  # in the order in which Optuna draws
        optimizer = self._init_optimizer(trans, study.direction)
        seed = self._drawn_seed(trial) if seed is None else seed
        sign = 1.0 if study.direction == StudyDirection.MINIMIZE else -1.0
        size = optimizer.population_size
        while len(found := self._generation(completed, optimizer.generation, size)) == size:
            optimizer.tell([(self._point(trans, one), sign * float(one.value or 0.0)) for one in found])
        optimizer.reseed_rng(seed)
        asked = optimizer.ask()
        if self._with_margin:
            asked, told = asked
            optuna_private.note_for_sampler(study, trial, ASKED, told.tolist())
        optuna_private.note_for_sampler(study, trial, self._attr_key_generation, optimizer.generation)
        return dict(trans.untransform(asked))

    def _drawn_seed(self, trial: FrozenTrial) -> int:
        return int(self._cma_rng.rng.randint(1, 2**16)) + trial.number

    def _generation(self, completed: Sequence[FrozenTrial], generation: int, size: int) -> list[FrozenTrial]:
        """The first trials of a generation that were completed, at most as many as its population has."""
        of_it = (one for one in completed if one.system_attrs.get(self._attr_key_generation) == generation)
        # Of an enqueued trial the noted point is one that was asked for and not tried.
        return list(itertools.islice((one for one in of_it if not (self._with_margin and FIXED in one.system_attrs)), size))

    def _point(self, trans: _SearchSpaceTransform, trial: FrozenTrial) -> NDArray[np.float64]:
        """Where a trial lies, as the optimizer is told."""
        if self._with_margin:
            return np.array(trial.system_attrs[ASKED], dtype=float)
        return np.asarray(trans.transform(trial.params), dtype=float)


def _order(trial: FrozenTrial) -> tuple[datetime, int]:
    """By time of completion, so that a generation stays what it was when later trials of it are completed."""
    return trial.datetime_complete or datetime.max, trial.number
