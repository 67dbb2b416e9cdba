"""The parameters of `hydra.sweeper.sampler` and `hydra.sweeper.pruner`, with the values that each can have."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablate.errors import AblateError


@dataclass(frozen=True)
class Whole:
    """A whole number in a range, both ends included."""

    least: int = 0
    most: int = 2**31 - 1

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        return type(value) is int and self.least <= value <= self.most

    @property
    def must(self) -> str:
        """What it must be, in words."""
        return f"a whole number from {self.least:,} to {self.most:,}"


@dataclass(frozen=True)
class Number:
    """A finite number in a range, both ends included but for a `least` that is `open`."""

    least: float = -math.inf
    most: float = math.inf
    open: bool = False

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        sound = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return sound and self.least <= value <= self.most and not (self.open and value == self.least)  # type: ignore[operator]

    @property
    def must(self) -> str:
        """What it must be, in words."""
        start = f"above {self.least:g}" if self.open else f"from {self.least:g}"
        if self.most == math.inf:
            return f"a number {start}" if self.open else f"a number of {self.least:g} or more"
        return f"a number {start} up to {self.most:g}" if self.open else f"a number {start} to {self.most:g}"


@dataclass(frozen=True)
class Word:
    """One of some words."""

    words: tuple[str, ...]

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        return isinstance(value, str) and value in self.words

    @property
    def must(self) -> str:
        """What it must be, in words."""
        return " or ".join(self.words)


class Flag:
    """True or false."""

    must = "true or false"

    def fits(self, value: object) -> bool:
        """Whether a value is one."""
        return isinstance(value, bool)


Kind = Whole | Number | Word | Flag

_SEED = Whole(0, 2**32 - 1)
_STARTUP = Whole(0)
_FRACTION = Number(0, 1)
_HALVING: Mapping[str, Kind] = {"min_resource": Whole(1), "reduction_factor": Whole(2), "bootstrap_count": Whole(0)}
_MEDIAN: Mapping[str, Kind] = {
    "n_startup_trials": _STARTUP,
    "n_min_trials": Whole(1),
    "n_warmup_steps": Whole(0),
    "interval_steps": Whole(1),
}
SAMPLERS: Mapping[str, Mapping[str, Kind]] = {
    "tpe": {
        "seed": _SEED,
        "multivariate": Flag(),
        "group": Flag(),
        "constant_liar": Flag(),
        "n_startup_trials": _STARTUP,
        "n_ei_candidates": Whole(1),
        "consider_magic_clip": Flag(),
        "consider_endpoints": Flag(),
    },
    "random": {"seed": _SEED},
    "gp": {"seed": _SEED, "n_startup_trials": _STARTUP, "deterministic_objective": Flag()},
    "cmaes": {
        "seed": _SEED,
        "n_startup_trials": _STARTUP,
        "sigma0": Number(0, open=True),
        "popsize": Whole(2),
        "with_margin": Flag(),
        "lr_adapt": Flag(),
        "use_separable_cma": Flag(),
        "consider_pruned_trials": Flag(),
    },
    "qmc": {"seed": _SEED, "qmc_type": Word(("sobol", "halton")), "scramble": Flag()},
    "grid": {"seed": _SEED},
    "brute_force": {"seed": _SEED},
    "nsgaii": {
        "seed": _SEED,
        "population_size": Whole(2),
        "mutation_prob": _FRACTION,
        "crossover_prob": _FRACTION,
        "swapping_prob": _FRACTION,
    },
}
PRUNERS: Mapping[str, Mapping[str, Kind]] = {
    "none": {},
    "median": _MEDIAN,
    "percentile": {"percentile": Number(0, 100), **_MEDIAN},
    "hyperband": {**_HALVING, "max_resource": Whole(1)},
    "successive_halving": {**_HALVING, "min_early_stopping_rate": Whole(0, 1000)},
    "wilcoxon": {"p_threshold": Number(0, 1, open=True), "n_startup_steps": _STARTUP},
}
# Of these not more than one may be true, as Optuna has it.
_ALONE = ("with_margin", "lr_adapt", "use_separable_cma")


def checked(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a sampler or pruner that are given; null stands for Optuna's own default.

    Args:
        kind: sampler or pruner. config: its name, which is known, and its parameters.

    Raises:
        AblateError: there is no such parameter, or it cannot have that value.
    """
    name = str(config["name"])
    known = (SAMPLERS if kind == "sampler" else PRUNERS)[name]
    given = {str(key): value for key, value in config.items() if key != "name" and value is not None}
    for key, value in given.items():
        if key not in known:
            raise AblateError(
                f"Unknown key hydra.sweeper.{kind}.{key} for {name}. "
                + (f"Choose from {', '.join(known)}." if known else "It has none.")
            )
        if not known[key].fits(value):
            raise AblateError(f"hydra.sweeper.{kind}.{key} must be {known[key].must}, got {value!r}.")
    together = [key for key in _ALONE if given.get(key)]
    if len(together) > 1:
        words = " and ".join(f"hydra.sweeper.{kind}.{key}=true" for key in together[:2])
        raise AblateError(f"{words} cannot go together. Set one of them to false.")
    if given.get("group") and given.get("multivariate") is False:
        raise AblateError("hydra.sweeper.sampler.group=true needs hydra.sweeper.sampler.multivariate=true, got false.")
    return given
