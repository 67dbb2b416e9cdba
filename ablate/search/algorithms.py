"""Optuna's samplers and pruners, as a search uses them."""

import hashlib
import warnings
from collections.abc import Callable, Container, Mapping
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from ablate.errors import AblateError, one_of
from ablate.search import optuna_private, pruners
from ablate.search.algorithm import Sampler
from ablate.search.parameters import checked
from ablate.search.samplers import SAMPLERS
from ablate.store.trials import Dimension


def distribution(one: Dimension) -> BaseDistribution:
    """What Optuna draws from for a dimension."""
    if one.kind == "categorical":
        return CategoricalDistribution(one.choices)
    assert one.low is not None
    assert one.high is not None
    if one.kind == "int":
        return IntDistribution(int(one.low), int(one.high), log=one.log, step=int(one.step or 1))
    return FloatDistribution(one.low, one.high, log=one.log, step=one.step)


def sampler(config: Mapping[str, Any], space: Mapping[str, Dimension], objectives: int) -> "Seeded":
    """The sampler of a search.

    Args:
        config: its name, and Optuna's parameters for it.

    Raises:
        AblateError: no such sampler or parameter, or one that cannot do this search.
    """
    name = str(config["name"])
    if name not in SAMPLERS.names() or not _serves(name, objectives):
        raise AblateError(one_of(SAMPLERS.key, name, [other for other in SAMPLERS.ours() if _serves(other, objectives)]))
    found: Sampler = SAMPLERS.find(name)
    _check_installed(name, found)
    given = checked("sampler", config, found.parameters)
    if (refusal := found.refusal(given)) is not None:
        raise AblateError(refusal)
    seed = given.pop("seed", None) or 0
    words = [f"{key}={one.written}" for key, one in space.items() if one.kind == "categorical"]
    if found.ranges and words:
        raise AblateError(
            f"hydra/sweeper/sampler={name} needs ranges, as in batch_size=int(tag(log,interval(32,512))), got lists: "
            f"{' '.join(words)}."
        )
    if found.finite:
        grid = {key: _grid(key, one) for key, one in space.items()}
        given |= {"search_space": grid} if found.search_space else {}

    def make(number: int) -> BaseSampler:
        drawn = seed if found.one_sequence else derived(seed, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Optuna calls experimental or old has been there for years
            return found.made(seed=drawn, **given)

    return Seeded(make)


def derived(seed: int, number: int) -> int:
    """A seed for the draws of one trial, from that of the search and the trial's number: 0 to 2^32 - 1."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4], "big")


class Seeded(BaseSampler):
    """A sampler whose draws for a trial are a function of the seed, the trial's number and the trials before it.

    So a search that is given again draws what it would have drawn, and never what it has drawn already; and so do several
    processes at work on one study, since no two trials have one number.
    """

    def __init__(self, make: Callable[[int], BaseSampler]) -> None:
        self.make = make
        self.inner = make(0)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin a stream of draws for this trial."""
        self.inner = self.make(trial.number)
        self.inner.before_trial(study, trial)

    def point(self, trial: FrozenTrial) -> dict[str, Any]:
        """The setting that a trial was to have, where that is known before it is drawn: of a grid; empty otherwise."""
        place = trial.system_attrs.get("grid_id")
        if place is None or not isinstance(self.inner, optuna.samplers.GridSampler):
            return {}
        return optuna_private.point_of_grid(self.inner, place)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """As the sampler has it."""
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the sampler has it."""
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As the sampler has it."""
        return self.inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        """As the sampler has it; it cannot stop a search, which knows by itself when all points are tried."""
        if not isinstance(self.inner, optuna.samplers.GridSampler | optuna.samplers.BruteForceSampler):
            self.inner.after_trial(study, trial, state, values)


def pruner(config: Mapping[str, Any], least: int, budget: int) -> BasePruner | None:
    """The pruner of a search; None for none.

    Args:
        config: its name, and Optuna's parameters for it; resources are in examples.
        least: examples before which nothing is pruned.
        budget: examples of a whole training.

    Raises:
        AblateError: no such pruner or parameter.
    """
    found = pruners.pruner(str(config["name"]))
    given = found.filled(checked("pruner", config, found.parameters), least, budget)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return found.made(**given)


class Beside(optuna.Study):
    """A study as one trial's pruner sees it: the trials of its arm alone."""

    def __init__(self, study: optuna.Study, fits: Callable[[FrozenTrial], bool]) -> None:
        view: Any = _View(optuna_private.storage_of(study), fits)
        super().__init__(study_name=study.study_name, storage=view, sampler=study.sampler)


class _View:
    """A storage that shows some of the trials of a study; everything else as it is."""

    def __init__(self, storage: Any, fits: Callable[[FrozenTrial], bool]) -> None:
        self._storage, self._fits = storage, fits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Those of them that fit."""
        return [trial for trial in self._storage.get_all_trials(study_id, deepcopy, states) if self._fits(trial)]

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The best of those that fit.

        Raises:
            ValueError: none of them is complete.
        """
        done = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.COMPLETE,))
        if not done:
            raise ValueError("No trials are completed yet.")
        maximize = self._storage.get_study_directions(study_id)[0] == optuna.study.StudyDirection.MAXIMIZE
        return (max if maximize else min)(done, key=lambda trial: trial.values[0])


def _grid(key: str, one: Dimension) -> list[Any]:
    """All values of a dimension.

    Raises:
        AblateError: there are infinitely many.
    """
    if one.kind == "categorical":
        return list(one.choices)
    assert one.low is not None
    assert one.high is not None
    if one.step is None and (one.kind == "float" or one.log):
        raise AblateError(
            f"This sampler needs listed values or a range for every key, as in {key}=0.05,0.1,0.2, got {key}={one.written}."
        )
    low, step = Decimal(repr(one.low)), Decimal(repr(one.step or 1.0))
    values = [float(low + place * step) for place in range(round((one.high - one.low) / float(step)) + 1)]
    return [int(value) for value in values] if one.kind == "int" else values


def _serves(name: str, objectives: int) -> bool:
    found: Sampler = SAMPLERS.find(name)
    return objectives in found.objectives


def _check_installed(name: str, found: Sampler) -> None:
    if found.needs is None:
        return
    module, package = found.needs
    if find_spec(module) is None:
        raise AblateError(
            f"hydra/sweeper/sampler={name} needs {module}, which is not installed. Install it: pip install {package}."
        )
