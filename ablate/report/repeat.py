"""The commands that give a sweep again, from its sweep.json."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Quote, QuotedString

from ablate import escaping
from ablate.config import own, usual_length
from ablate.config.syntax import parse
from ablate.designs import RESOLUTION, TUNING, USUAL, fraction
from ablate.store.sweep import Sweep
from ablate.store.sweep_identity import FUNCTION as FUNCTION
from ablate.store.sweep_identity import retuned_name
from ablate.trainers.function import values

USUAL_MARGIN, USUAL_STORE, USUAL_PLACE = 0.5, "runs", "multirun"  # the defaults in conf/config.yaml
PROGRAM = "python -m ablate"
RESOLUTIONS = (RESOLUTION, 3, 5)  # of fractions; the usual one first
# What Hydra reads as a text without quotes.
_PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf)$)(?:[a-z_/]|\.+/)[a-z0-9_./:+@%*-]*", re.IGNORECASE)


def commands(sweep: Sweep, folder: str) -> list[str]:
    """The commands that train all of a sweep, those of what was added to it behind the first, and the one that reports it.

    They give the same arms, seeds, fingerprints and readouts, in the same folder.

    Args:
        sweep: of a joined one the command would be another, so there is none.
        folder: of the sweep, as it is to be named to the reader.
    """
    if sweep.joined is not None or sweep.design == TUNING or not sweep.runs:
        return []
    more = [f"{PROGRAM} more {escaping.command([_as_path(folder), *addition.words])}" for addition in sweep.added]
    return [again(sweep, folder), *more, report(folder)]


def report(folder: str) -> str:
    """The command that reports what a folder holds."""
    return f"{PROGRAM} report {escaping.command([_as_path(folder)])}"


def _as_path(folder: str) -> str:
    return f"./{folder}" if folder.startswith("-") else folder


def again(sweep: Sweep, folder: str | None) -> str:
    """The command that trains a sweep as it was first. folder: where it lies; None for wherever its name puts it."""
    if sweep.trainer == FUNCTION:
        return _call(sweep.original)
    return f"{PROGRAM} -m {escaping.command([*own_configs(sweep), *own.as_typed(overrides(sweep, folder))])}"


def overrides(whole: Sweep, folder: str | None) -> list[str]:
    """The words of that command that say what is trained, and where; see `again`."""
    sweep = whole.original
    fixed = {word: word.lstrip("+~").partition("=")[0] for word in sweep.runs[0].overrides}
    fixed = {word: key for word, key in fixed.items() if key not in sweep.factors and key != "seed"}
    words = [f"study={sweep.study}"] if sweep.study else []
    if sweep.study or sweep.design != USUAL:
        words.append(f"design={sweep.design}")
    resolution = _resolution(sweep, folder)
    if resolution != RESOLUTION:
        words.append(f"resolution={resolution}")
    if retune := sweep.retune:
        rates = ",".join(str(rate).removesuffix(".0") for rate in retune["rates"])
        words += ["retune=true", f"retune_rates=[{rates}]", f"retune_seeds={len(retune['seeds'])}"]
    users = own.is_own(sweep.runs[0].overrides)
    for factor, levels in sweep.factors.items():
        words.append(f"{factor}={','.join(map(own.typed_text, levels) if users else levels)}")
    words.append(f"seed={','.join(map(str, sweep.seeds))}")
    words += fixed
    if usual_length.added(words):  # the data set has got a length of its own since
        words += [f"steps={sweep.runs[0].readout.step}", f"eval_every={sweep.runs[0].eval_every}"]
    margin = sweep.fixed.margin
    if margin not in (None, None if users else USUAL_MARGIN) and not {"report.margin", "metrics"} & {*fixed.values()}:
        words.append(f"report.margin={margin!r}".removesuffix(".0"))
    words += own_store(sweep, list(fixed.values()))
    if folder is not None:
        words += own_place(folder, name(sweep, resolution))
    return words


def _call(sweep: Sweep) -> str:
    """The call, in Python, that trains a sweep of a function; the places of its folder and of its trainings are left out."""
    factors = {factor: list(map(values.value, levels)) for factor, levels in sweep.factors.items()}
    given = {
        "design": "" if sweep.design == USUAL else sweep.design,
        "last": sweep.last,
        "resolution": resolution if (resolution := _resolution(sweep, None)) != RESOLUTION else None,
    }
    return call("sweep", {"factors": repr(factors)}, sweep, sweep.runs[0].overrides, given)


def call(function: str, first: Mapping[str, str], sweep: Sweep, words: Sequence[str], given: Mapping[str, Any]) -> str:
    """A call of a function of the package.

    Args:
        first: what it is called with before all else, as written. words: of what it trains. given: what is left out if empty.
    """
    said = {word.lstrip("+").partition("=")[0]: word.partition("=")[2] for word in words}
    config = {
        key: values.value(own.texts(text)[0]) for key, text in said.items() if own.is_users(key) and key not in sweep.factors
    }
    metric = {
        key.removeprefix("metric."): parse(f"x={text}").value() for key, text in said.items() if key.startswith("metric.")
    }
    judged = {
        "metric": metric["name"] if metric.keys() == {"name"} else metric,
        "metrics": parse(f"x={said['metrics']}").value() if "metrics" in said else None,
        "margin": sweep.fixed.margin if "report.margin" in said or "metrics" not in said else None,  # which has it
    }
    seeds = list(sweep.seeds)
    told = [f"{key}={text}" for key, text in first.items()]
    told += [f"{key}={value!r}" for key, value in {"config": config, **given, **judged}.items() if value]
    told.append(f"seeds={f'range({len(seeds)})' if seeds == list(range(len(seeds))) else seeds}")
    if "trainer.labels" in said:
        labels = own.texts(said["trainer.labels"])[0]
        told.append(f"labels={labels if labels.isidentifier() else repr(labels)}")
    told += [f"version={own.texts(said['trainer.version'])[0]!r}"] if "trainer.version" in said else []
    told += ["workers=0"] if "trainer.inline" in said else []
    return f"ablate.{function}({own.texts(said['trainer.function'])[0]}, {', '.join(told)})"


def name(sweep: Sweep, resolution: int = RESOLUTION) -> str:
    """The name that a sweep's folder has where no other is given; see `ablate.store.sweep_identity.Identity.name`."""
    if sweep.retune is None:
        return sweep.identity(resolution).name
    shared = len(sweep.retune["arms"])  # behind them are those at their own rates
    plain = replace(sweep, runs=tuple(run for run in sweep.runs if run.arm < shared)).identity(resolution).name
    return retuned_name(sweep.title, plain, sweep.retune["tuning"])


def _resolution(sweep: Sweep, folder: str | None) -> int:
    """That of a fraction; for other designs it counts in the name of a study's folder alone, which tells it."""
    if sweep.fraction is not None and sweep.fraction.resolution is not None:
        return sweep.fraction.resolution
    fitting: tuple[int, ...] = RESOLUTIONS
    if sweep.fraction is not None:  # of so many that no smaller fraction has, it is the full factorial
        asked = (*RESOLUTIONS, len(sweep.factors) + 1)
        made = {each: fraction(sweep.design, sweep.switched, each) for each in asked}
        fitting = tuple(each for each, one in made.items() if one is None or one.resolution is None)
    named = None if folder is None else Path(folder).resolve().name
    return next((each for each in fitting if sweep.study and name(sweep, each) == named), fitting[0])


def own_configs(sweep: Sweep) -> list[str]:
    """The words that name a folder with configs of the user's own, where there is one."""
    return [] if sweep.config_dir is None else ["-cd", sweep.config_dir]


def own_store(sweep: Sweep, given: Sequence[str]) -> list[str]:
    """The word for a store that is not the usual one. given: the keys that are on the command line without it."""
    return [] if "store" in given or sweep.store == USUAL_STORE else [f"store={as_word(sweep.store)}"]


def own_place(folder: str, usual: str) -> list[str]:
    """The word for a folder that is not the one in which Hydra puts what has this name."""
    place = Path(folder).resolve()
    if (place.parent.name, place.name) == (USUAL_PLACE, usual):
        return []
    return [f"hydra.sweep.dir={as_word(folder)}"]


def as_word(value: Any) -> str:
    """A value as Hydra's grammar has it, such that it is read as the same of the same type."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{as_word(one)}' for key, one in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(map(as_word, value))}]"
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return QuotedString(value, Quote.double).with_quotes()
    return str(value)
