"""RUN: how a user names what is evaluated, exported or measured.

It is one of: the folder of a run, `SWEEP/ARM/SEED`, a fingerprint or its unique beginning, the folder of a training in a store,
or a model file or an exported folder.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate.config.own_configs import levels
from ablate.deploy.data_sets import is_data, words_of
from ablate.deploy.model_files import ENDINGS, ModelFile, model_file
from ablate.deploy.trained import EMA, RAW, Trained
from ablate.designs import phrases
from ablate.designs.design import BASELINE
from ablate.errors import AblateError, did_you_mean, shown
from ablate.planning.folders import find_store, sweep_folder
from ablate.report.repeat import as_word
from ablate.store import Trajectory, known_sweeps, sweep_file, sweep_names, trials_file
from ablate.store.catalog import contents
from ablate.store.files import parse_yaml
from ablate.store.result_file import RESULT
from ablate.store.schema import read_object
from ablate.store.sweep import Sweep
from ablate.store.sweep_runs import SweepArm, SweepRun
from ablate.system.safe_files import read_regular

HELP = (
    "a run's folder, SWEEP/ARM/SEED (lrn/augment=off/0), a fingerprint or unique prefix, a model file, or an exported "
    "folder"
)  # of the argument, in every command
STORE = Path("runs")
LISTED = 8  # arms that a message names
_DIGITS = frozenset("0123456789abcdef")
_CONFIG = Path(".hydra", "config.yaml")  # in the folder of a single run: its whole config
_OF_WEIGHTS = {"averaged": EMA, "raw": RAW}


def find(word: str, overrides: Sequence[str] = (), config_dir: str | None = None, store: Path = STORE) -> Trained | ModelFile:
    """What a user names; nothing of a network is loaded.

    Args:
        overrides: those of the data set, such as data=digits; they win over what the run says.
        config_dir: a folder with configs of the user's own.
        store: where fingerprints are looked for.

    Raises:
        AblateError: it names nothing, or several; names the nearest.
    """
    given = words_of(overrides)
    if not word.strip():
        raise AblateError("RUN has no value. Name a run, as in lrn/augment=off/0.")
    model = model_file(word) if _is_path(Path(word)) else None
    if model is not None:
        return replace(model, data_words=given, config_dir=config_dir)
    found = _trained(word, store)
    if given:
        found = replace(found, data_words=given)
    found = replace(found, config_dir=config_dir or found.config_dir)
    found.refuse_others()
    return found


def _trained(word: str, store: Path) -> Trained:
    path = Path(word)
    if _is_path(path) and _is_training(path):
        return _of_store(word, Trajectory(path.parent, path.name))
    if _is_path(path) and (path / RESULT).is_file():
        return _of_folder(word, path)
    if set(word.lower()) <= _DIGITS and len(word) <= 16:
        begun = [one for one in contents(store)[0] if one.fingerprint.startswith(word.lower())] if store.is_dir() else []
        if len(begun) > 1:
            listed = ", ".join(one.fingerprint for one in begun[:LISTED])
            raise AblateError(f"{len(begun)} trainings begin with {word}: {listed}. Give more digits.")
        if begun:
            return _of_store(word, begun[0])
    if "/" in word.rstrip("/"):
        named, arm, seed = _split(word)
        if arm is not None:
            return _of_sweep(word, named, arm, seed)
    raise AblateError(_unknown(word, store))


def _is_path(path: Path) -> bool:
    """Whether there can be anything at a path: names may be too long, and folders closed to this user."""
    try:
        path.exists()
    except OSError:
        return False
    return True


def _is_training(path: Path) -> bool:
    return len(path.name) == 16 and set(path.name) <= _DIGITS and path.is_dir() and not path.is_symlink()


def _split(word: str) -> tuple[str | None, str | None, str]:
    """(sweep, arm, seed) of a word; no arm where it has no such form, no sweep for the newest."""
    *sweep, arm, seed = word.rstrip("/").split("/")
    named = "/".join(sweep) or None
    if not seed.isdecimal():
        folder = Path(word)
        if (
            not _is_path(folder)
            or folder.exists()
            or not (sweep_names.is_sweep(folder.parent) or "=" in seed or seed == BASELINE)
        ):
            return None, None, ""
        raise AblateError(f"{shown(word)} names an arm but no seed. Add one: {word.rstrip('/')}/0.")
    return named, arm, seed


# trainings of a store


def _of_store(word: str, training: Trajectory) -> Trained:
    """A training by its fingerprint: its newest checkpoint, with EMA weights."""
    for known in known_sweeps(training.store):
        if training.fingerprint in known.needs:
            with suppress(AblateError):
                one = _sweep(known.folder)
                run = next(run for run in one.runs if run.fingerprint == training.fingerprint)
                return Trained(word, training.fingerprint, training, EMA, None, _data_of(run), one.config_dir)
    return Trained(word, training.fingerprint, training, EMA, None)


# folders of runs


def _of_folder(word: str, folder: Path) -> Trained:
    """A run by its folder, in that of its sweep or alone."""
    result = read_object(folder / RESULT) or {}
    fingerprint, readout = result.get("fingerprint"), result.get("readout")
    if not isinstance(fingerprint, str) or not isinstance(readout, Mapping):
        why = f": {result['error']}" if isinstance(result.get("error"), str) else ""
        raise AblateError(f"The run in {folder} has no training{why}")
    if sweep_names.is_sweep(folder.parent):
        one = _sweep(folder.parent)
        run = next((run for run in one.runs if str(run.number) == folder.name), None)
        if run is not None:
            return _of_run(word, folder.parent, one, run)
    config = _config(folder / _CONFIG)
    step, weights = readout.get("step"), _OF_WEIGHTS.get(str(readout.get("weights")), EMA)
    base = _base(folder, Path(str(config.get("store", STORE))), fingerprint)
    words = _words(config.get("data"))
    return Trained(word, str(folder), Trajectory(base, fingerprint), weights, step if type(step) is int else None, words)


def _config(path: Path) -> dict[str, Any]:
    """The config of a single run as far as it resolves; empty where Hydra kept none."""
    with suppress(OSError, ValueError, OmegaConfBaseException, AblateError):
        found = OmegaConf.create(parse_yaml(read_regular(path)))
        kept = OmegaConf.masked_copy(found, ["data", "store"])
        content = OmegaConf.to_container(kept, resolve=True)
        return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}
    return {}


def _words(section: Any) -> tuple[str, ...]:
    """The overrides that give a section `data`."""
    if not isinstance(section, Mapping) or "name" not in section:
        return ()
    if section["name"] not in levels("data"):
        return ()
    others = {
        key: value for key, value in section.items() if key not in ("name", "validation", "eval_on") and value is not None
    }
    return (f"data={section['name']}", *(f"data.{key}={as_word(value)}" for key, value in others.items()))


def _base(folder: Path, named: Path, fingerprint: str) -> Path:
    """The store that a run's training is in, as seen from the current folder or one above the run's."""
    places = [named] if named.is_absolute() else [named, *(parent / named for parent in folder.resolve().parents)]
    return next((place for place in places if (place / fingerprint).is_dir()), named)


# runs of sweeps


def _sweep(folder: Path) -> Sweep:
    file = sweep_file.read(folder)
    if file is None:
        raise AblateError(sweep_names.unknown(folder))
    return trials_file.whole(file.sweep, folder)[0]


def _of_sweep(word: str, named: str | None, arm: str, seed: str) -> Trained:
    folder = sweep_folder(named)
    one = _sweep(folder)
    wanted = find_arm(one, folder, arm)
    runs = [run for run in one.runs if run.arm == wanted.number]
    for run in runs:
        if str(run.seed) == seed.lstrip("0") or int(seed) == run.seed:
            return _of_run(word, folder, one, run)
    seeds = ", ".join(str(run.seed) for run in runs)
    raise AblateError(f"{_shown(wanted)} in {folder} has no seed {seed}. Choose from {seeds}.")


def find_arm(one: Sweep, folder: Path, word: str) -> SweepArm:
    """The arm that a word names: its number, what it changes (`augment=off`), its levels, or what readers call it.

    Raises:
        AblateError: there is none, or several.
    """
    found = [arm for arm in one.arms if word in _names_of(one, arm)]
    if len(found) == 1:
        return found[0]
    known = [next(_names_of(one, arm)) for arm in one.arms]
    every = [name for arm in one.arms for name in _names_of(one, arm)]
    listed = ", ".join(known[:LISTED]) + (" …" if len(known) > LISTED else "")
    raise AblateError(f"Unknown arm {shown(word)} of {folder}. Choose from {listed}.{did_you_mean(word, every)}")


def _names_of(one: Sweep, arm: SweepArm) -> Iterator[str]:
    """What an arm can be called by, the plainest first."""
    levels = dict(arm.levels)
    changed = {name: level for name, level in levels.items() if one.baseline.get(name) != level}
    yield ",".join(f"{name}={level}" for name, level in changed.items()) or BASELINE
    yield ",".join(f"{name}={level}" for name, level in levels.items())
    yield from {arm.label, _shown(arm)}


def _shown(arm: SweepArm) -> str:
    return phrases.of_label(arm.label)


def runs_of(folder: Path, arm: str | None = None) -> list[Trained]:
    """All runs of a sweep, or of an arm of it, in the order of arms and seeds."""
    one = _sweep(folder)
    wanted = None if arm is None else find_arm(one, folder, arm).number
    runs = [run for run in one.runs if wanted in (None, run.arm)]
    arms = {each.number: next(_names_of(one, each)) for each in one.arms}
    return [_of_run(f"{folder}/{arms[run.arm]}/{run.seed}", folder, one, run) for run in runs]


def _of_run(word: str, folder: Path, one: Sweep, run: SweepRun) -> Trained:
    arm = next(arm for arm in one.arms if arm.number == run.arm)
    store = find_store(one, folder) or Path(one.store)
    return Trained(
        word,
        f"{_shown(arm)}, seed {run.seed} of {sweep_names.shortest(folder)}",
        Trajectory(store, run.fingerprint),
        _OF_WEIGHTS.get(run.readout.weights, EMA),
        run.readout.step,
        _data_of(run),
        one.config_dir,
        folder,
        _shown(arm),
        run.seed,
    )


def _data_of(run: SweepRun) -> tuple[str, ...]:
    """The overrides that give a run's data set, but for what its training says itself."""
    own = ("data.validation", "data.eval_on")
    return tuple(word for word in run.overrides if is_data(word) and word.lstrip("+").partition("=")[0] not in own)


def _unknown(word: str, store: Path) -> str:
    """The message for what names nothing, with what it may have meant."""
    path = Path(word)
    if not _is_path(path):
        return f"No run {shown(word)}: the name is too long, or its folder cannot be read."
    if path.suffix.lower() in ENDINGS:
        beside = [each.name for each in path.parent.iterdir() if each.suffix.lower() in ENDINGS] if path.parent.is_dir() else []
        return f"There is no model file {shown(word)}.{did_you_mean(path.name, beside)}"
    if path.is_file():
        return f"{word} is not a model file. Its name must end with {', '.join(ENDINGS)}."
    if sweep_names.is_sweep(path) or sweep_names.of_study(word) or sweep_names.by_folder(word):
        return f"{shown(word)} is a sweep. Name one of its runs by arm and seed, as in {word.rstrip('/')}/{BASELINE}/0."
    if path.is_dir():
        return f"{word} is not a run: it has no {RESULT}. Name a run's folder, SWEEP/ARM/SEED, a fingerprint, or a model file."
    known = [one.fingerprint for one in contents(store)[0]] if store.is_dir() else []
    return (
        f"No run {shown(word)}. Name a run's folder, SWEEP/ARM/SEED as in lrn/augment=off/0, a fingerprint, or a model file."
        f"{did_you_mean(word, known)} ablate runs lists all trainings."
    )
