"""How a search goes: the keys of `hydra.sweeper`, checked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from omegaconf import DictConfig, OmegaConf

from ablate.errors import AblateError, one_of
from ablate.metrics import name_in_frames
from ablate.search import parameters, pruners, storage
from ablate.store.trials import OBJECTIVES, Direction, is_learned

MOST_SEED = 2**31 - 1
MOST_TRIALS = 100_000  # trials.json is written anew whenever one ends
MOST_CONFIRMED = 10_000
MOST_EPOCHS = 1e9
EXAMPLE = ("accuracy", "operations")  # of objectives
EXHAUSTIVE = ("grid", "brute_force")  # samplers that try every setting once


@dataclass(frozen=True)
class SearchSettings:
    """What is asked of a search.

    n_trials: how many are to be finished, pruned, failed and diverged ones included. timeout: seconds after which no trial
    begins any more; None for no limit. sampler, pruner: `name` and Optuna's parameters. objectives: one or two. directions: the
    better one of each. default: what the winner is measured against, where no config has it; what it leaves out is the first of
    listed values, and the middle of a range. storage: a URL of Optuna's; None for a journal in the search's folder. study_name:
    None for the folder's. seeds: of every trial. enqueue: settings that are tried first; what they leave out is as by default.
    min_epochs: before which no trial is pruned. eval_epochs: between two evaluations. confirm_seeds: with how many seeds the
    winner is measured. confirm_epochs: for how long; None as long as a trial. allow_test: whether the test set may be tuned on.
    max_failure_rate: fraction of failed and diverged trials that stops the search, from the tenth trial on.
    """

    n_trials: int
    timeout: float | None
    sampler: Mapping[str, Any]
    pruner: Mapping[str, Any]
    objectives: tuple[str, ...]
    directions: tuple[Direction, ...]
    default: Mapping[str, Any] | None
    storage: str | None
    study_name: str | None
    seeds: tuple[int, ...]
    enqueue: tuple[Mapping[str, Any], ...]
    min_epochs: float
    eval_epochs: float
    confirm_seeds: int
    confirm_epochs: float | None
    allow_test: bool
    max_failure_rate: float

    @property
    def of_curves(self) -> int:
        """The place of the objective that curves are of: the first that is learned, else the first."""
        return next((place for place, name in enumerate(self.objectives) if is_learned(name)), 0)

    @property
    def by_seed(self) -> bool:
        """Whether trials are pruned after one seed or another, not within a training."""
        return bool(self.pruner["name"] == "wilcoxon")

    @property
    def sampler_seed(self) -> int:
        """What the sampler's draws are a function of, with the number of the trial."""
        return int(self.sampler.get("seed") or 0)

    @classmethod
    def of(cls, node: DictConfig, seeds: Sequence[int] | None, aims: Mapping[str, Direction] = OBJECTIVES) -> Self:
        """From `hydra.sweeper`.

        Args:
            seeds: that the command itself names, as seed=0,1,2; None where it names none.
            aims: what can be an objective, the usual one first.

        Raises:
            AblateError: a value that a key cannot have.
        """
        given = OmegaConf.to_container(node, resolve=True)
        assert isinstance(given, dict)
        config = {str(key): value for key, value in given.items()}
        objectives = _objectives(config["objectives"], config["direction"], aims)
        pruner = _named("pruner", config["pruner"])
        if len(objectives) > 1 and pruner["name"] != "none":
            raise AblateError(
                f"Two objectives need hydra/sweeper/pruner=none, got {pruner['name']}: a trial behind in {objectives[0]} may "
                f"be ahead in {objectives[1]}, so none can be stopped early."
            )
        if not is_learned(objectives[0]) and pruner["name"] != "none":
            raise AblateError(
                f"hydra.sweeper.objectives=[{objectives[0]}] needs hydra/sweeper/pruner=none, got {pruner['name']}: it is not "
                "measured during training."
            )
        replicates = _seeds(config["seeds"]) if seeds is None else tuple(seeds)
        if pruner["name"] == "wilcoxon":
            _check_wilcoxon(pruner, len(replicates))
        if seeds is not None and config["seeds"] is not None:
            raise AblateError("seed=… and hydra.sweeper.seeds=[…] both set the seeds of a trial. Give only one of them.")
        return cls(
            n_trials=_whole("n_trials", config["n_trials"], 1, MOST_TRIALS),
            timeout=_positive("timeout", config["timeout"], null=True),
            sampler=_named("sampler", config["sampler"]),
            pruner=pruner,
            objectives=objectives,
            directions=tuple(aims[name] for name in objectives),
            default=_point("default", config["default"]),
            storage=_storage(config["storage"]),
            study_name=_folder("study_name", config["study_name"]),
            seeds=replicates,
            enqueue=_points(config["enqueue"]),
            min_epochs=_positive("min_epochs", config["min_epochs"]) or 1.0,
            eval_epochs=_positive("eval_epochs", config["eval_epochs"]) or 1.0,
            confirm_seeds=_whole("confirm_seeds", config["confirm_seeds"], 0, MOST_CONFIRMED),
            confirm_epochs=_positive("confirm_epochs", config["confirm_epochs"], null=True, most=MOST_EPOCHS),
            allow_test=_flag("allow_test", config["allow_test"]),
            max_failure_rate=_rate("max_failure_rate", config["max_failure_rate"]),
        )


def _objectives(given: Any, direction: Any, aims: Mapping[str, Direction]) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else [next(iter(aims))] if given is None else given
    if not isinstance(names, list) or not 1 <= len(names) <= 2 or len(set(map(str, names))) < len(names):
        example = ",".join(EXAMPLE if aims is OBJECTIVES else aims)
        raise _wrong("objectives", f"one or two different ones, as in [{example}]", given)
    called = {name: name_in_frames(str(name)) for name in names}
    names = [called[name] if called[name] in aims else name for name in names]
    for name in names:
        if name not in aims:
            raise AblateError(one_of("hydra.sweeper.objectives", name, tuple(aims)))
    if direction is not None:
        wanted = [direction] if isinstance(direction, str) else direction
        ours = [aims[name] for name in names]
        if wanted != ours:
            raise _wrong("direction", f"{', '.join(ours)}, that of {', '.join(names)}", direction)
    return tuple(names)


def _check_wilcoxon(pruner: Mapping[str, Any], seeds: int) -> None:
    """Refuse what could never end a trial: the test's smallest p after all seeds but one is 2 to the power of minus those."""
    known = pruners.pruner("wilcoxon").parameters
    threshold = parameters.checked("pruner", pruner, known).get("p_threshold", known["p_threshold"].default)
    smallest = 0.5 ** min(seeds - 1, 1000)
    if seeds < 3 or smallest >= threshold:
        raise AblateError(
            f"hydra/sweeper/pruner=wilcoxon needs more seeds, or a larger hydra.sweeper.pruner.p_threshold: after all but the "
            f"last of {seeds} seeds, its smallest p is {smallest:g}, so with p_threshold={threshold:g} it would never end one."
        )


def _named(key: str, given: Any) -> dict[str, Any]:
    """A sampler or pruner as its name and parameters."""
    node = {"name": given} if isinstance(given, str) else given
    if not isinstance(node, dict) or not isinstance(node.get("name"), str):
        raise _wrong(key, f"a name, as in hydra/sweeper/{key}=NAME", given)
    return {str(name): value for name, value in node.items()}


def _points(given: Any) -> tuple[Mapping[str, Any], ...]:
    points = [{}] if given is None else given
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise _wrong("enqueue", "a list of settings, as in [{lr:0.1,batch_size:128}]", given)
    return tuple({str(name): value for name, value in point.items()} for point in points)


def _point(key: str, given: Any) -> Mapping[str, Any] | None:
    if given is not None and not isinstance(given, dict):
        raise _wrong(key, "a setting, as in {lr:0.1}", given)
    return None if given is None else {str(name): value for name, value in given.items()}


def _seeds(given: Any) -> tuple[int, ...]:
    values = [0] if given is None else given
    whole = isinstance(values, list) and all(type(value) is int and 0 <= value <= MOST_SEED for value in values)
    if not whole or not values or len(set(values)) < len(values):
        raise _wrong("seeds", f"a list of different whole numbers from 0 to {MOST_SEED:,}, as in [0,1,2]", given)
    return tuple(values)


def _whole(key: str, value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _wrong(key, f"a whole number from {least:,} to {most:,}", value)
    return value


def _positive(key: str, value: Any, null: bool = False, most: float = math.inf) -> float | None:
    if value is None and null:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf or value > most:
        above = "a number above 0" + (f" and at most {most:,.0f}" if most < math.inf else "")
        raise _wrong(key, above + (", or null" if null else ""), value)
    return float(value)


def _rate(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _wrong(key, "a fraction from 0 to 1", value)
    return float(value)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value)
    return value


def _text(key: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise _wrong(key, "text, or null", value)
    return value


def _storage(value: Any) -> str | None:
    url = _text("storage", value)
    if url is not None and not (storage.is_journal(url) or storage.is_url(url)):
        raise AblateError(storage.no_storage(url))
    return url


def _folder(key: str, value: Any) -> str | None:
    name = _text(key, str(value) if type(value) is int else value)
    if name is not None and (name.startswith(".") or any(character in name for character in "/\\") or not name.isprintable()):
        raise _wrong(key, "a name for the study and its folder, without slashes or a dot at its start", value)
    if name is not None and len(name.encode()) > 200:  # what file systems take, with room for a number
        raise _wrong(key, "a name of at most 200 bytes", name[:60] + "…")
    return name


def _wrong(key: str, must: str, got: Any) -> AblateError:
    return AblateError(f"hydra.sweeper.{key} must be {must}, got {got!r}.")
