"""The commands that a search ends with: to train the best setting, to repeat search and confirmation, to report again."""

import re
from collections.abc import Mapping
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from ablate import escaping
from ablate.config import own
from ablate.config.syntax import key_of
from ablate.report.repeat import FUNCTION, PROGRAM, as_word, call, own_configs, own_place, own_store, report
from ablate.report.repeat import again as of_sweep
from ablate.report.search.words import best_setting
from ablate.results.search import SearchResults
from ablate.store import trials, trials_file
from ablate.store.trials import SEARCH, Dimension, same
from ablate.trainers.function import values

REPORT = "report again"
# What a trial has of its own: the best setting is trained on all training images.
OF_A_TRIAL = ("steps", "epochs", "seed", "seeds", "data.validation", "data.eval_on", "design", "study")
HIDDEN = "***"  # stands for the password of a storage


def commands(found: SearchResults, folder: str) -> dict[str, str]:
    """What each command does, and the command.

    Args:
        folder: of the search, as it is to be named to the reader.
    """
    lines = {}
    best = best_setting(found)
    if best is not None and found.sweep.trainer != FUNCTION:
        images = " on all training images" if found.sweep.trainer is None else ""
        lines[f"train the best setting{images}"] = train(found, best)
    secret = f", with the password of its storage for {HIDDEN}" if HIDDEN in found.search.get("storage", "") else ""
    lines[f"repeat the search{secret}"] = again(found, folder)
    if found.confirmation is not None and found.confirmation.results.sweep.runs:
        lines["repeat the confirmation"] = of_sweep(found.confirmation.results.sweep, None)
    lines[REPORT] = report(folder)
    return lines


def train(found: SearchResults, setting: Mapping[str, float | int | str]) -> str:
    """The command that trains a setting with all that was fixed, on all training images, as long as the confirmation does."""
    search = found.search
    if found.sweep.trainer in own.TRAINERS:
        seedless = [word for word in search["fixed_overrides"] if key_of(word) not in OF_A_TRIAL or own.is_users(key_of(word))]
        words = own.as_typed([*(own.word(key, str(value)) for key, value in setting.items()), *seedless, *_own_store(found)])
        return f"{PROGRAM} {escaping.command([*own_configs(found.sweep), *words])}"
    epochs = f"{search.get('final_epochs') or search['budget']['epochs']:.10g}"
    if found.confirmation is not None:
        given = found.confirmation.results.sweep.runs[0].overrides
        epochs = next((word.partition("=")[2] for word in given if word.startswith("epochs=")), epochs)
    fixed = [word for word in search["fixed_overrides"] if word.lstrip("+~").partition("=")[0] not in OF_A_TRIAL]
    long = [f"epochs={epochs}"] if found.sweep.trainer is None else _steps(found)
    words = [*(f"{key}={value}" for key, value in setting.items()), *long, *fixed]
    return f"{PROGRAM} {escaping.command([*own_configs(found.sweep), *words, *_own_store(found)])}"


def again(found: SearchResults, folder: str | None = None) -> str:
    """The command of the search: over the same space, with the same budget, images and settings; see `overrides`."""
    if found.sweep.trainer == FUNCTION:
        return _call(found)
    return f"{PROGRAM} -m {escaping.command([*own_configs(found.sweep), *own.as_typed(overrides(found, folder))])}"


def _call(found: SearchResults) -> str:
    """The call, in Python, that gives the search again; the places of its folder and of its trainings are left out."""
    search, usual = found.search, _usual("optuna")
    space = {key: _in_python(one) for key, one in found.space.items()}
    names = {kind: next(each[kind] for each in usual["defaults"] if kind in each) for kind in ("sampler", "pruner")}
    asked = {kind: _unusual(kind, search[kind]) for kind in names}
    given = {
        "default": {key: _value(found.space[key], value) for key, value in (_default(found) or {}).items()},
        **{kind: one["name"] if one.keys() == {"name"} else one for kind, one in asked.items() if one != {"name": names[kind]}},
        "timeout": search.get("timeout"),
    }
    counts = {"trials": str(search["n_trials"]), "confirm_seeds": str(search["confirm_seeds"])}
    first = {"space": f"{{{', '.join(f'{key!r}: {text}' for key, text in space.items())}}}", **counts}
    return call("optimize", first, found.sweep, search["fixed_overrides"], given)


def _unusual(kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The name of a sampler or pruner, with the parameters that are not as it has them by itself."""
    defaults = _usual(f"{kind}/{asked['name']}")
    return {key: value for key, value in asked.items() if key == "name" or key not in defaults or defaults[key] != value}


def _in_python(one: Dimension) -> str:
    """What is searched of a key, as `ablate.optimize` is given it."""
    if one.kind == "categorical":
        return repr(list(map(values.value, one.choices)))
    whole = one.kind == "int"
    low, high = (int(end or 0) if whole else end for end in (one.low, one.high))
    return f"ablate.{'log_interval' if one.log else 'interval'}({low!r}, {high!r})"


def _value(one: Dimension, value: Any) -> Any:
    return values.value(value) if one.kind == "categorical" else value


def overrides(found: SearchResults, folder: str | None) -> list[str]:
    """The words of that command that say what is searched, and where.

    What is as `hydra/sweeper: optuna` has it is left out. A named study is told by what it said.

    Args:
        folder: where it lies, as it is to be named to the reader; None for wherever its name puts it.
    """
    search = found.search
    words = ["hydra/sweeper=optuna", *(f"{key}={one.written}" for key, one in found.space.items())]
    if search["budget"]["examples"] is not None:
        words += [f"epochs={_short(search['budget']['epochs'])}"] if found.sweep.trainer is None else _steps(found)
    words += [*search["fixed_overrides"], *_images(found)]
    seeds = list(found.sweep.seeds)
    words += [] if seeds == [0] else [f"seed={','.join(map(str, seeds))}"]
    usual = _usual("optuna")
    for kind in ("sampler", "pruner"):
        [name] = [each[kind] for each in usual["defaults"] if kind in each]
        words += _choice(kind, search[kind], name)
    words += [f"hydra.sweeper.{key}={_short(value)}" for key, value in _settings(found).items() if value != usual[key]]
    words += _own_store(found)
    if folder is not None:
        words += own_place(folder, str(search.get("study_name")))
    return words


def _steps(found: SearchResults) -> list[str]:
    """How long a training is, where its trainer knows no epochs: its budget is in steps."""
    return [f"steps={found.search['budget']['examples']}"]


def _own_store(found: SearchResults) -> list[str]:
    return own_store(found.sweep, [word.partition("=")[0] for word in found.search["fixed_overrides"]])


def _settings(found: SearchResults) -> dict[str, Any]:
    """The keys of hydra.sweeper that sweep.json tells, as the command line has them."""
    search, budget = found.search, found.search["budget"]
    final = search.get("final_epochs")
    longer = final if final is not None and final != budget["epochs"] else None  # as of a search of so many steps
    named, storage = search.get("study_name"), search.get("storage")
    # The name that a study gave it is told, since the study is not.
    digest = re.fullmatch(rf"{SEARCH}-[0-9a-f]{{8}}", named or "")
    asked = {key: search[key] for key in ("n_trials", "timeout", "min_epochs", "max_failure_rate") if key in search}
    return {
        **asked,
        "objectives": None if search["objectives"] == [found.sweep.fixed.metric] else list(search["objectives"]),
        "eval_epochs": budget["eval_epochs"] or 1.0,
        "confirm_seeds": search["confirm_seeds"],
        "confirm_epochs": search.get("confirm_epochs") or longer,
        "allow_test": bool(search.get("allow_test")),
        "storage": None if storage == "journal" else storage,
        "study_name": None if digest else named,
        "enqueue": _enqueued(found),
        "default": _default(found),
    }


def _default(found: SearchResults) -> dict[str, Any] | None:
    """The default setting, where that of training code of the user's own is not what is taken for it."""
    if found.sweep.trainer not in own.TRAINERS:
        return None
    differ = {key: value for key, value in found.default.items() if not same(value, trials.middle(found.space[key]))}
    return differ or None


def _enqueued(found: SearchResults) -> list[dict[str, Any]] | None:
    """The settings that were tried first; None where that is the default one, if it is in the space."""
    asked = found.trials.loc[found.trials["source"] == "enqueued", "number"]
    settings = [found.setting(int(number)) for number in asked]
    default = trials.placed(found.default, found.space)
    usual = [] if default is None or found.search["sampler"]["name"] == "grid" else [default]
    if found.trials.empty or (
        len(settings) == len(usual)
        and all(same(one[key], other[key]) for one, other in zip(settings, usual, strict=True) for key in one)
    ):
        return None
    return [dict(setting) for setting in settings]


def _images(found: SearchResults) -> list[str]:
    """The words that say which images a trial learns from and is judged on."""
    if not found.tuned_on_test:
        held_out = found.search.get("validation_images")
        return [f"data.validation={held_out}"] if held_out else []
    runs = trials_file.read(found.folder, found.sweep).runs
    given = [word for run in runs[:1] for word in run.overrides if word.startswith("data.validation=")]
    return [*given[-1:], "data.eval_on=test"]


def _choice(kind: str, asked: Mapping[str, Any], usual: str) -> list[str]:
    """The words for a sampler or pruner, where it or one of its parameters is not the usual one."""
    name = asked["name"]
    defaults = _usual(f"{kind}/{name}")
    words = [f"hydra/sweeper/{kind}={name}"] if name != usual else []
    for key, value in _unusual(kind, asked).items():
        if key != "name":
            words.append(f"{'' if key in defaults else '+'}hydra.sweeper.{kind}.{key}={as_word(value)}")
    return words


def _usual(name: str) -> dict[str, Any]:
    """What a config of `hydra/sweeper` has."""
    Plugins.instance()  # finds the module of the sweeper, which stores them
    node = OmegaConf.to_container(ConfigStore.instance().load(f"hydra/sweeper/{name}.yaml").node)
    assert isinstance(node, dict)
    return {str(key): value for key, value in node.items()}


def _short(value: Any) -> str:
    return as_word(value).removesuffix(".0") if isinstance(value, float) else as_word(value)
