"""The commands that a search ends with: to train the best setting, to repeat search and confirmation, to report again."""

import re
from collections.abc import Mapping
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from ablate import escaping
from ablate.report.repeat import PROGRAM, as_word, own_configs, own_place, own_store, report
from ablate.report.repeat import again as of_sweep
from ablate.report.search.words import best_setting
from ablate.results.search import SearchResults
from ablate.store import trials, trials_file
from ablate.store.trials import SEARCH, same

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
    if best is not None:
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
    return f"{PROGRAM} -m {escaping.command([*own_configs(found.sweep), *overrides(found, folder)])}"


def overrides(found: SearchResults, folder: str | None) -> list[str]:
    """The words of that command that say what is searched, and where.

    What is as `hydra/sweeper: optuna` has it is left out. A named study is told by what it said.

    Args:
        folder: where it lies, as it is to be named to the reader; None for wherever its name puts it.
    """
    search = found.search
    words = ["hydra/sweeper=optuna", *(f"{key}={one.written}" for key, one in found.space.items())]
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
        "objectives": list(search["objectives"]),
        "eval_epochs": budget["eval_epochs"],
        "confirm_seeds": search["confirm_seeds"],
        "confirm_epochs": search.get("confirm_epochs") or longer,
        "allow_test": bool(search.get("allow_test")),
        "storage": None if storage == "journal" else storage,
        "study_name": None if digest else named,
        "enqueue": _enqueued(found),
    }


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
    for key, value in asked.items():
        if key != "name" and (key not in defaults or defaults[key] != value):
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
