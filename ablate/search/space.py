"""What is searched over: from the overrides of a command to dimensions, and from the values of a trial to overrides."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig, OmegaConf

from ablate.config import keys, own
from ablate.config.range_syntax import numbers
from ablate.config.syntax import key_of
from ablate.config.values import texts
from ablate.errors import AblateError, shown
from ablate.planning.command import NOT_FACTORS, SWEEP_WORDS, level_word, parse_seeds
from ablate.store.trials import Dimension, Params, Value, is_number, middle, placed

# An interval of whole numbers, as it is written: Hydra cuts off what is behind the point.
_CAST = re.compile(r"int\(interval\(\s*(?:start\s*=\s*)?([-+.\deE]+)\s*,\s*(?:end\s*=\s*)?([-+.\deE]+)\s*\)")

# The budget of a trial, the images it is judged on and its seeds are the same for all.
REPLACED = keys.of_trials()  # words that a trial has of its own
SAME_FOR_ALL = {word.partition(".")[0] for word in REPLACED}


@dataclass(frozen=True)
class Command:
    """What the command line of a search says.

    fixed: overrides that are the same for every trial. seeds: None if not given. users: whether it is over training code of the
    user's own, whose values are texts, as typed.
    """

    space: Mapping[str, Dimension]
    fixed: tuple[str, ...]
    seeds: tuple[int, ...] | None
    users: bool = False


def parse(overrides: Sequence[Override]) -> Command:
    """Sort parsed overrides into what is searched over and what stays fixed; of a key given twice the last counts.

    The grammar is Hydra's, as its own Optuna sweeper reads it: `a,b` and `choice(a,b)` are categories; `interval(a,b)` is a
    range of numbers with both ends, of whole ones as `int(interval(a,b))`, logarithmic as `tag(log,interval(a,b))`;
    `range(a,b,step)` has steps, and not its end, as everywhere in Hydra.

    Raises:
        AblateError: nothing is searched over, or something that cannot be.
    """
    last = {word.key_or_group + (f"@{word.package}" if word.package else ""): word for word in overrides}
    users = own.is_own(str(word.input_line) for word in overrides)
    space: dict[str, Dimension] = {}
    fixed: list[str] = []
    seeds: tuple[int, ...] | None = None
    for key, word in last.items():
        if key == "seed":
            seeds = parse_seeds(texts(word) if not word.is_interval_sweep() else [str(word.input_line)])
        elif not word.is_sweep_override():
            fixed.append(str(word.input_line))
        else:
            _check_key(key, word, users)
            space[key] = dimension(word, users)
    if not space and users:
        given = " ".join(own.names_of_run(fixed)) or "no keys"
        raise AblateError(f"A search needs a key to search over, as in 'lr=tag(log,interval(0.01,0.5))', got {given}.")
    if not space:
        raise AblateError(
            "A search needs a key to search over, as in 'lr=tag(log,interval(0.01,0.5))' batch_size=64,128,256, got "
            f"{' '.join(fixed) or 'no overrides'}."
        )
    return Command(space, tuple(fixed), seeds, users)


def _check_key(key: str, word: Override, users: bool) -> None:
    first = key.partition("/")[0].partition(".")[0]
    if users and own.is_users(key):
        own.check_factor(key)
        return
    if first in SAME_FOR_ALL:
        raise AblateError(
            f"{first} must be one value, the same for all trials, which are compared at equal examples on the same images, "
            f"got {_given(word)}."
        )
    if first in NOT_FACTORS:
        raise AblateError(f"{key} must be one value: it cannot be searched over, got {_given(word)}.")


def dimension(word: Override, users: bool = False) -> Dimension:
    """What one override says about its key.

    Args:
        users: whether that is one of training code of the user's own.

    Raises:
        AblateError: a range or interval that is none, or a tag that means nothing here.
    """
    value = word.value()
    line = str(word.input_line)
    written = (own.word_as_typed(line) if users else line).partition("=")[2]
    shuffled = isinstance(value, RangeSweep | ChoiceSweep) and value.shuffle
    log = _is_log(value, word)
    if isinstance(value, IntervalSweep):
        return _interval(value, word, written, log)
    if log:
        raise AblateError(f"tag(log, …) must be around an interval, got {_given(word)}.")
    if isinstance(value, RangeSweep) and not shuffled:
        found = numbers(value)
        whole = all(isinstance(each, int) for each in (value.start, value.stop, value.step))
        return Dimension("int" if whole else "float", written, low=min(found), high=max(found), step=abs(float(value.step)))
    choices = own.levels(word) if users else tuple(texts(word))
    _check_choices(choices, word)
    if shuffled:  # the order is drawn anew each time, and a search is its choices
        choices = tuple(sorted(choices, key=lambda each: (not is_number(each), float(each) if is_number(each) else 0.0, each)))
    return Dimension("categorical", written, choices=choices)


def _check_choices(choices: Sequence[str], word: Override) -> None:
    """Refuse a value that is listed twice, of which nothing is learned, and one alone, over which nothing is searched."""
    seen: dict[Any, str] = {}
    for each in choices:
        same = float(each) if is_number(each) else each
        if same in seen:
            raise AblateError(f"{word.key_or_group} lists {each} more than once: {_given(word)}. List each value once.")
        seen[same] = each
    if len(choices) == 1:
        raise AblateError(
            f"{word.key_or_group} has only one value, so there is nothing to search: {_given(word)}. Write "
            f"{word.key_or_group}={choices[0]}, or list several."
        )


def _given(word: Override) -> str:
    return str(word.input_line).removeprefix("+")


def _is_log(value: Any, word: Override) -> bool:
    tags = set(getattr(value, "tags", ()))
    if tags - {"log"}:
        raise AblateError(f"The only tag is log, got {_given(word)}.")
    return bool(tags)


def _interval(value: IntervalSweep, word: Override, written: str, log: bool) -> Dimension:
    ends = [0 if end is None else end for end in (value.start, value.end)]
    if re.search(r"(?i)\b(true|false)\b", written):  # which Hydra reads as 1 and 0
        raise AblateError(f"The ends of an interval must be numbers, got {_given(word)}.")
    if _CAST.search(written) and any(float(end) != int(float(end)) for end in _CAST.search(written).groups()):  # type: ignore[union-attr]
        raise AblateError(f"The ends of an interval of whole numbers must be whole, got {_given(word)}.")
    low, high = map(float, ends)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise AblateError(f"An interval must go from a smaller to a larger number, got {_given(word)}.")
    if log and low <= 0:
        raise AblateError(f"A logarithmic interval must begin above 0, got {_given(word)}.")
    whole = isinstance(value.start, int) and isinstance(value.end, int)
    return Dimension("int" if whole else "float", written, low=low, high=high, log=log)


def words(params: Mapping[str, Value], users: bool = False) -> list[str]:
    """The values of a trial as overrides that give exactly them. users: see `Command`."""
    return [level_word(key, str(value), users) for key, value in params.items()]


def kept(fixed: Sequence[str]) -> list[str]:
    """The fixed overrides without those that a trial has of its own."""
    return [word for word in fixed if key_of(word) not in REPLACED]


def alone(fixed: Sequence[str]) -> list[str]:
    """The fixed overrides without those that have no meaning for a single run."""
    return [word for word in fixed if key_of(word) not in SWEEP_WORDS]


def default_point(space: Mapping[str, Dimension], cfg: DictConfig, levels: Mapping[str, str]) -> Params:
    """What the config has for the searched keys, where nothing is searched: the default setting.

    Args:
        levels: the chosen level of each config group.

    Raises:
        AblateError: a key that is not in the config.
    """
    point: Params = {}
    for key in space:
        if key in levels:
            point[key] = levels[key]
            continue
        value = OmegaConf.select(cfg, key)
        if OmegaConf.is_list(value):
            point[key] = f"[{','.join(map(str, value))}]"  # as Hydra writes it
        elif isinstance(value, bool) or value is None:
            point[key] = {True: "True", False: "False", None: "null"}[value]  # as Hydra lists them
        else:
            point[key] = value if isinstance(value, int | float) else str(value)
    return point


def own_default(space: Mapping[str, Dimension], given: Mapping[str, Any]) -> Params:
    """The default setting of training code of the user's own: what is given, else the first of listed values, and the middle of
    a range.

    Raises:
        AblateError: a key is given that is not searched, or what is no number for a range.
    """
    for key, value in given.items():
        if key not in space:
            raise AblateError(f"hydra.sweeper.default must use searched keys ({', '.join(space)}), got {key}={value!r}.")
        if space[key].kind != "categorical" and not is_number(str(value)):
            raise AblateError(
                f"The default of {key} must be a number, since {space[key].written} is a range, got {shown(value)}."
            )
    point = {key: given.get(key, middle(one)) for key, one in space.items()}
    inside = {key: placed({key: value}, {key: space[key]}) or {} for key, value in point.items()}
    return {key: inside[key].get(key, value) for key, value in point.items()}


def corners(space: Mapping[str, Dimension], default: Params) -> list[Params]:
    """What to check beforehand: points in which one key takes each of its choices, or its lowest and its highest value."""
    points = []
    for key, one in space.items():
        ends: Sequence[Value] = one.choices
        if one.kind != "categorical":
            assert one.low is not None
            assert one.high is not None
            ends = [int(one.low), int(one.high)] if one.kind == "int" else [one.low, one.high]
        points += [default | {key: end} for end in ends]
    return points


def size(space: Mapping[str, Dimension]) -> int | None:
    """How many different points there are; None for infinitely many."""
    total = 1
    for one in space.values():
        if one.kind == "categorical":
            total *= len(one.choices)
            continue
        assert one.low is not None
        assert one.high is not None
        if one.kind == "float" and one.step is None:
            return None
        total *= round((one.high - one.low) / (one.step or 1)) + 1
    return total
