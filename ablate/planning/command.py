"""The words of a sweep's command, sorted into what is switched, what is repeated and what stays as it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from ablate.config import keys, own
from ablate.config.syntax import key_of
from ablate.config.values import name, texts
from ablate.designs import Arm, Factor
from ablate.errors import AblateError

MOST_SEEDS = 2**31
SWEEP_WORDS = ("study", *keys.of_sweeps())  # without a meaning for a single run
STUDY_KEYS = keys.top("sweep")  # that a study sets besides its runs' overrides
NOT_FACTORS = ("study", *keys.no_factors(), "hydra")
_QUOTED_WORD = re.compile(r"""(["'])([A-Za-z_][\w-]*)\1""")


@dataclass(frozen=True)
class Command:
    """What the command line of a sweep says, parsed.

    factors: in the order written. seeds: the replicate numbers. fixed: overrides that are the same for every run.
    own: whether it is over training code of the user's own, whose values are texts, as typed.
    """

    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    fixed: tuple[str, ...]
    own: bool = False


def command_of(overrides: Sequence[Override]) -> Command:
    """Sort parsed overrides into factors, seeds and what stays fixed.

    Of a key that is given twice the last value counts, in the place of the first, so that the command line replaces what a
    study says without changing the order of its factors.

    Raises:
        AblateError: something is swept that cannot be a factor, or over what has no list of values.
    """
    last = {name(override): override for override in overrides}
    users = own.is_own(str(override.input_line) for override in overrides)
    factors: list[Factor] = []
    seeds: tuple[int, ...] = (0,)
    fixed: list[str] = []
    for key, override in last.items():
        if not override.is_sweep_override() and key != "seed":
            fixed.append(str(override.input_line))
            continue
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise AblateError(
                f"{override.input_line} is an interval, which only a search takes. List values, as in {key}=0.05,0.1, or add "
                "hydra/sweeper=optuna."
            )
        if key == "seed":
            seeds = parse_seeds(texts(override))
        elif key.partition("/")[0].partition(".")[0] in NOT_FACTORS:
            raise AblateError(f"{key} cannot be swept: it is the same for all runs. Give one value, not {override.input_line}.")
        elif users:
            own.check_factor(key)
            factors.append(Factor(key, own.levels(override)))
        else:
            factors.append(Factor(key, tuple(map(_word, texts(override)))))
    return Command(tuple(factors), seeds, tuple(fixed), users)


def _word(level: str) -> str:
    """A level without quotes that change nothing, so that `'off'` and `off` are one sweep."""
    found = _QUOTED_WORD.fullmatch(level)
    return found[2] if found and found[2].lower() not in ("null", "true", "false", "nan", "inf") else level


def of_study(params: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """The overrides of a study with those of the command line behind them; `epochs` replaces its `steps`, and vice versa."""
    given = {key_of(word) for word in words}
    replaced = {"steps"} if "epochs" in given else {"epochs"} if "steps" in given else set()
    return [*(f"{key}={value}" for key, value in params.items() if key not in replaced), *words]


def check_study(name: str, with_it: DictConfig, without: DictConfig) -> None:
    """Refuse a study that sets more than a sweep: its runs would not be what their overrides say.

    Args:
        with_it, without: the composed config with the study and without it.
    """
    ours, plain = (OmegaConf.to_container(cfg, resolve=False) for cfg in (with_it, without))
    assert isinstance(ours, dict)
    assert isinstance(plain, dict)
    differ = [key for key in ours if key not in ("hydra", *STUDY_KEYS) and ours[key] != plain.get(key)]
    if differ:
        raise AblateError(
            f"study={name} sets {differ[0]!s} outside of hydra.sweeper.params. Write it under params, as all else but "
            f"{', '.join(STUDY_KEYS)}."
        )


def parse_seeds(values: Sequence[str]) -> tuple[int, ...]:
    """Replicate numbers, as written.

    Raises:
        AblateError: they are not different whole numbers.
    """
    whole = all(map(_is_seed, values))
    if not values or not whole or len(set(values)) < len(values):
        raise AblateError(_no_seeds(values))
    return tuple(int(value) for value in values)


def _is_seed(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value.lstrip("0")) <= len(str(MOST_SEEDS)) and int(value) < MOST_SEEDS


def _no_seeds(values: Sequence[str]) -> str:
    """What to say of values that are no replicate numbers."""
    wrong = next((value for value in values if not _is_seed(value)), None)
    if wrong is not None:
        return (
            f"seed must be a whole number from 0 to {MOST_SEEDS - 1:,}, got {wrong[:40]}. For several seeds, write seed=0,1,2."
        )
    twice = next(value for value in values if values.count(value) > 1)
    return f"seed has {twice} more than once. Give different numbers, as in seed=0,1,2."


def arm_overrides(command: Command, arm: Arm, added: Sequence[str]) -> tuple[str, ...]:
    """The overrides of an arm, each key once: what is added replaces its levels, and both what the command fixes."""
    fixed, more = command.fixed, {key_of(word) for word in added}
    levels = [level_word(name, level, command.own) for name, level in arm.levels if name not in more]
    more |= {name for name, _ in arm.levels}
    return (*(word for word in fixed if key_of(word) not in more), *levels, *added)


def level_word(name: str, level: str, users: bool) -> str:
    """The override that sets a factor to a level. users: whether it is one of a sweep over the user's own code."""
    return own.word(name, level) if users else f"{name}={level}"
