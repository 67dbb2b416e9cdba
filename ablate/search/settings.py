"""How a search goes: the keys of `hydra.sweeper`, checked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from omegaconf import DictConfig, OmegaConf

from ablate.errors import AblateError, one_of

Direction = Literal["maximize", "minimize"]

# What can be aimed at: its name, its better direction.
OBJECTIVES: Mapping[str, Direction] = {
    "accuracy": "maximize",  # fraction of the validation images
    "loss": "minimize",  # cross-entropy on the validation images
    "operations": "minimize",  # multiply-adds for one image
    "parameters": "minimize",
    "seconds": "minimize",  # of training, of all seeds of a trial
}
LEARNED = ("accuracy", "loss")  # objectives that a training has at every evaluation
EXHAUSTIVE = ("grid", "brute_force")  # samplers that try every setting once


@dataclass(frozen=True)
class SearchSettings:
    """What is asked of a search.

    n_trials: how many are to be finished, pruned, failed and diverged ones included. timeout: seconds after which no trial
    begins any more; None for no limit. sampler, pruner: `name` and Optuna's parameters. objectives: of OBJECTIVES, one or two.
    storage: a URL of Optuna's; None for a journal in the search's folder. study_name: None for the folder's. seeds: of every
    trial. enqueue: settings that are tried first; what they leave out is as in the config. min_epochs: before which no trial is
    pruned. eval_epochs: between two evaluations. confirm_seeds: with how many seeds the winner is measured. confirm_epochs: for
    how long; None as long as a trial. allow_test: whether the test set may be tuned on. max_failure_rate: fraction of failed
    and diverged trials that stops the search, from the tenth trial on.
    """

    n_trials: int
    timeout: float | None
    sampler: Mapping[str, Any]
    pruner: Mapping[str, Any]
    objectives: tuple[str, ...]
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
    def directions(self) -> list[Direction]:
        """Of each objective, which way is better."""
        return [OBJECTIVES[name] for name in self.objectives]

    @property
    def by_seed(self) -> bool:
        """Whether trials are pruned after one seed or another, not within a training."""
        return bool(self.pruner["name"] == "wilcoxon")

    @property
    def sampler_seed(self) -> int:
        """What the sampler's draws are a function of, with the number of the trial."""
        return int(self.sampler.get("seed") or 0)

    @classmethod
    def of(cls, node: DictConfig, seeds: Sequence[int] | None) -> Self:
        """From `hydra.sweeper`.

        Args:
            seeds: that the command itself names, as seed=0,1,2; None where it names none.

        Raises:
            AblateError: a value that a key cannot have.
        """
        given = OmegaConf.to_container(node, resolve=True)
        assert isinstance(given, dict)
        config = {str(key): value for key, value in given.items()}
        objectives = _objectives(config["objectives"], config["direction"])
        pruner = _named("pruner", config["pruner"])
        if len(objectives) > 1 and pruner["name"] != "none":
            raise AblateError(
                f"Expected hydra/sweeper/pruner=none with two objectives: one that is behind in {objectives[0]} may be ahead "
                f"in {objectives[1]}, so none can be stopped early. Received: pruner={pruner['name']}."
            )
        if objectives[0] not in LEARNED and pruner["name"] != "none":
            raise AblateError(
                f"Expected hydra/sweeper/pruner=none with objectives=[{objectives[0]}], which is no matter of training. "
                f"Received: pruner={pruner['name']}."
            )
        replicates = _seeds(config["seeds"]) if seeds is None else tuple(seeds)
        if pruner["name"] == "wilcoxon":
            _check_wilcoxon(pruner, len(replicates))
        if seeds is not None and config["seeds"] is not None:
            raise AblateError("Expected seed=… or hydra.sweeper.seeds=[…], not both. Received: both.")
        return cls(
            n_trials=_whole("n_trials", config["n_trials"], 1),
            timeout=_positive("timeout", config["timeout"], null=True),
            sampler=_named("sampler", config["sampler"]),
            pruner=pruner,
            objectives=objectives,
            storage=_text("storage", config["storage"]),
            study_name=_folder("study_name", config["study_name"]),
            seeds=replicates,
            enqueue=_points(config["enqueue"]),
            min_epochs=_positive("min_epochs", config["min_epochs"]) or 1.0,
            eval_epochs=_positive("eval_epochs", config["eval_epochs"]) or 1.0,
            confirm_seeds=_whole("confirm_seeds", config["confirm_seeds"], 0),
            confirm_epochs=_positive("confirm_epochs", config["confirm_epochs"], null=True),
            allow_test=_flag("allow_test", config["allow_test"]),
            max_failure_rate=_rate("max_failure_rate", config["max_failure_rate"]),
        )


def _objectives(given: Any, direction: Any) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not 1 <= len(names) <= 2 or len(set(map(str, names))) < len(names):
        raise AblateError(f"Expected one or two objectives, as [accuracy,operations]. Received: {_key('objectives', given)}.")
    for name in names:
        if name not in OBJECTIVES:
            raise AblateError(one_of("hydra.sweeper.objectives", name, tuple(OBJECTIVES)))
    if direction is not None:
        wanted = [direction] if isinstance(direction, str) else direction
        ours = [OBJECTIVES[name] for name in names]
        if wanted != ours:
            raise AblateError(
                f"Expected direction {', '.join(ours)}, that of the objectives {', '.join(names)}. "
                f"Received: {_key('direction', direction)}."
            )
    return tuple(names)


def _check_wilcoxon(pruner: Mapping[str, Any], seeds: int) -> None:
    """Refuse what could never end a trial: the test's smallest p after all seeds but one is 2 to the power of minus those."""
    threshold = pruner.get("p_threshold") or 0.1
    smallest = 0.5 ** (seeds - 1)
    if seeds < 3 or smallest >= threshold:
        raise AblateError(
            f"Expected more seeds, or a larger hydra.sweeper.pruner.p_threshold: after all but the last of {seeds} seeds, the "
            f"smallest p that the Wilcoxon test can give is {smallest:g}, so it would never end a trial. Received: "
            f"p_threshold={threshold:g}."
        )


def _named(key: str, given: Any) -> dict[str, Any]:
    """A sampler or pruner as its name and parameters."""
    node = {"name": given} if isinstance(given, str) else given
    if not isinstance(node, dict) or not isinstance(node.get("name"), str):
        raise AblateError(f"Expected a name, as in hydra/sweeper/{key}=NAME. Received: {_key(key, given)}.")
    return {str(name): value for name, value in node.items()}


def _points(given: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list) or not all(isinstance(point, dict) for point in given):
        raise AblateError(f"Expected a list of settings, as [{{lr:0.1,batch_size:128}}]. Received: {_key('enqueue', given)}.")
    return tuple({str(name): value for name, value in point.items()} for point in given)


def _seeds(given: Any) -> tuple[int, ...]:
    values = [0] if given is None else given
    whole = isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)
    if not whole or not values or len(set(values)) < len(values):
        raise AblateError(f"Expected different whole numbers, as in [0,1,2]. Received: {_key('seeds', given)}.")
    return tuple(values)


def _whole(key: str, value: Any, least: int) -> int:
    if type(value) is not int or value < least:
        raise AblateError(f"Expected a whole number of at least {least}. Received: {_key(key, value)}.")
    return value


def _positive(key: str, value: Any, null: bool = False) -> float | None:
    if value is None and null:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise AblateError(f"Expected a number above 0{', or null' if null else ''}. Received: {_key(key, value)}.")
    return float(value)


def _rate(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise AblateError(f"Expected a fraction from 0 to 1. Received: {_key(key, value)}.")
    return float(value)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise AblateError(f"Expected true or false. Received: {_key(key, value)}.")
    return value


def _text(key: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise AblateError(f"Expected a text, or null. Received: {_key(key, value)}.")
    return value


def _folder(key: str, value: Any) -> str | None:
    name = _text(key, value)
    if name is not None and (name.startswith(".") or any(character in name for character in "/\\") or not name.isprintable()):
        raise AblateError(f"Expected a name for the study and its folder, without slashes. Received: {_key(key, value)}.")
    return name


def _key(name: str, value: Any) -> str:
    return f"hydra.sweeper.{name}={value!r}"
