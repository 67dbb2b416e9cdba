"""The words of a command line, KEY=VALUE, checked before Hydra composes them: what they say is what happens, or is refused."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from random import shuffle
from typing import Any

import yaml
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, RangeSweep

from ablate.config import hydra_private, own_configs
from ablate.config.own_configs import GROUPS, KEYS, STUDY
from ablate.config.ranges import numbers
from ablate.config.syntax import DASHES, parse, quoted, visible
from ablate.errors import AblateError, UsageError, did_you_mean, shown
from ablate.system import commands

LISTS = ("report.formats", "retune_rates", "augment.contrast", "hydra.searchpath", "hydra.sweeper.objectives")  # of one value
NOUNS = {
    "model": "model",
    "data": "data set",
    STUDY: "study",
    "optimizer": "optimizer",
    "sweeper": "sweeper",
    "trainer": "trainer",
}
FOLDERS = ("store", "hydra.sweep.dir", "hydra.run.dir", "data.cache")
FILES = ("data.path", "data.archive", "data.url", "hydra.sweeper.storage")
OPTIONAL = (STUDY, "trainer")  # groups without a level
ONE = {"optimizer.lr": "lr"}  # keys that are another one's, of which the other wins
COMPARED = (*GROUPS, "lr", "batch_size", "seed", "eval_every", "ema_decay", "ema_warmup", "steps", "epochs")  # what sweeps vary
FREE = ("hydra.job.env_set.",)  # below which any value may stand
EXPANDED = ("data.path", "data.archive", "data.cache")  # paths whose leading '~' we replace ourselves
GROUPS_OF_HYDRA = tuple(f"hydra.{name}" for name in ("launcher", "sweeper", "help", "output", "job_logging", "hydra_logging"))
CALLBACKS = "hydra.callbacks."
EVENTS = tuple(f"on_{what}_{when}" for what in ("run", "multirun", "job") for when in ("start", "end"))
REFERENCE = re.compile(r"(?<!\\)\$\{([A-Za-z_]\w*)[\w.\[\]]*\}")  # to a key, by its first part
VARIABLE = re.compile(r"(?<!\\)\$\{oc\.env:\s*([A-Za-z_]\w*)\s*\}")  # of the environment, without a default
OF_SHELL = re.compile(r"\$([A-Za-z_]\w*)(/|$)")  # as a path begins that no shell has expanded


def read(words: Sequence[str], config_dir: str | None, sweep: bool, of_sweep: str = "-m") -> list[Override]:
    """The words of a command line, parsed and checked.

    Args:
        config_dir: the folder that `--config-dir` names.
        sweep: whether several values may be given.
        of_sweep: what has to be added for that.

    Raises:
        AblateError: a word that is not in the grammar, or not once; a level or file that is none; an empty value.
    """
    parsed = [_parsed(word, number, words) for number, word in enumerate(words)]
    refuse_twice(parsed)
    searchpath = next((word.value() for word in parsed if word.key_or_group == "hydra.searchpath"), None)
    own = own_configs.folders(config_dir, searchpath)
    swept = sweep or any(word.key_or_group == "hydra.mode" and str(word.value()).upper() == "MULTIRUN" for word in parsed)
    for word in parsed:
        check(word, own)
        if sweep and name(word) == "hydra.mode" and str(word.value()).upper() == "RUN":
            raise AblateError("hydra.mode=RUN asks for one run, but -m and plan ask for a sweep. Leave one of them out.")
        if word.is_sweep_override() and not swept:
            _refuse_sweep(word, of_sweep)
        if word.is_discrete_sweep() and name(word) in LISTS and not all(isinstance(value, list) for value in values(word)):
            raise AblateError(_one_list(word))
    if not own:
        _check_callbacks(parsed)
    _check_own(parsed, own)
    return parsed


def _parsed(word: str, number: int, words: Sequence[str]) -> Override:
    after = words[number + 1] if number + 1 < len(words) else None
    before = words[number - 1] if number else None
    if "=" not in word and not word.startswith("~"):
        raise UsageError(_no_equals(word, before, after))
    if word.startswith("=") and before is not None and "=" not in before:
        raise UsageError(
            f"{visible(before)} and {visible(word)} are separate words. Write {visible(before + word)} without spaces."
        )
    key, _, value = word.partition("=")
    if not key.strip("+~ "):
        raise UsageError(f"Cannot read {visible(word)}: it has no key. Write KEY=VALUE.")
    if "=" in word and not value.strip() and after is not None and "=" not in after:
        raise UsageError(
            f"{visible(word)} and {visible(after)} are separate words. Write {visible(word.strip() + after)} without spaces."
        )
    return parse(word, after)


def _no_equals(word: str, before: str | None, after: str | None) -> str:
    """What to say of a word without an equals sign."""
    if after == "=" or (after is not None and after.startswith("=")):
        return f"{visible(word)} and {visible(after)} are separate words. Write KEY=VALUE without spaces."
    if word.startswith(DASHES):
        meant = word.lstrip("".join((*DASHES, "-")))
        dash = "--" if len(meant) > 2 else "-"
        return f"{visible(word)} begins with U+{ord(word[0]):04X}, a dash other than '-'. Write {visible(dash + meant)}."
    if (word in commands.names() and word != "report") or (word == "report" and after is not None and "=" not in after):
        return f"{word} is a command and must come first: ablate {word} …"
    if before is not None and "=" in before and word.startswith(","):
        more = after if word == "," and after is not None and "=" not in after else ""
        joined = f"{before.rstrip()}{word}{more}"
        return f"{visible(word)} stands alone. Write {visible(joined)} without spaces."
    if before is not None and before.rstrip().endswith(","):
        joined = f"{before.rstrip()}{word}"
        return f"{visible(before)} ends with a comma, and {visible(word)} stands alone. Write {visible(joined)} without spaces."
    if word in KEYS or word in own_configs.groups():
        value = after if after is not None and "=" not in after else "VALUE"
        return f"{word} has no value. Write {word}={value}."
    if word in own_configs.levels(STUDY):
        return f"Cannot read {visible(word)}. Write KEY=VALUE. Did you mean study={word}?"
    key, colon, value = word.partition(":")
    if colon and (key in KEYS or key.partition(".")[0] in own_configs.groups()):
        return f"Cannot read {visible(word)}. Write {visible(f'{key}={value}')}."
    key, equals, value = (before or "").partition("=")
    if equals and key.lstrip("+") in (*FOLDERS, *FILES, "question"):
        whole = quoted(f'{key}="{value} {word}"')
        return f"{visible(word)} stands alone. If it belongs to {key}, quote the value: {whole}."
    known = [group for group in sorted(own_configs.groups()) if word in own_configs.levels(group)]
    meant = f" Did you mean {' or '.join(f'{group}={word}' for group in known)}?" if known and len(known) < 4 else ""
    return f"Cannot read {visible(word)}. Write KEY=VALUE.{meant}"


def parse_all(words: Sequence[str], loader: Any = None) -> list[Override]:
    """Words that are checked already, parsed.

    Args:
        loader: Hydra's, which knows the levels of all groups.
    """
    parsed = [parse(word) for word in words]
    for word in parsed:
        word.config_loader = loader
    return parsed


def name(word: Override) -> str:
    """What an override sets: its key or group, with the package where one is named."""
    return word.key_or_group + (f"@{word.package}" if word.package else "")


def refuse_twice(parsed: Sequence[Override]) -> None:
    """Refuse a key that is given twice, of which one value would silently win."""
    by_key: dict[str, list[Override]] = {}
    for word in parsed:
        by_key.setdefault(ONE.get(name(word), name(word)), []).append(word)
    for key, given in by_key.items():
        if len(given) > 1:
            raise AblateError(_twice(key, given))
    for key, given in by_key.items():
        above = next((other for other in by_key if key.startswith(f"{other}.") and not own_configs.is_group(other)), None)
        if above is not None:
            words = f"{visible(str(by_key[above][0].input_line))} {visible(str(given[0].input_line))}"
            raise AblateError(f"{key} is given twice, also by {above}: {words}. Keep one of them.")


def _twice(key: str, given: Sequence[Override]) -> str:
    words = [str(word.input_line) for word in given]
    times = "twice" if len(words) == 2 else f"{len(words)} times"
    listed = " ".join(map(visible, words[:3])) + (" …" if len(words) > 3 else "")
    values = [word.partition("=")[2] for word in words]
    plain = all(value and not any(each in value for each in "()[]{}'\" \\") for value in values)
    if not plain or any(word.startswith("~") for word in words):
        return f"{key} is given {times}: {listed}. Keep one of them."
    joined = ",".join(dict.fromkeys(",".join(values).split(",")))
    if key.partition(".")[0] not in COMPARED or len(set(values)) == 1 or "," not in joined:
        return f"{key} is given {times}: {listed}. Keep one of them."
    numbers = [int(value) for value in values if value.isdecimal() and len(value) < 10]
    if len(numbers) == len(values) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        wanted = f"'{key}=range({numbers[0]},{numbers[-1] + 1})'"
        return f"{key} is given {times}: {listed}, as the shell expands {key}={{…}}. Write {wanted} or {key}={joined}."
    return f"{key} is given {times}: {listed}. Keep one of them, or list the values to sweep over them: {key}={joined}."


def check(word: Override, own: Sequence[Path], fixed: bool = False) -> None:
    """Refuse an override whose value its key cannot have, whatever else is said.

    Args:
        own: folders with configs of the user's own.
        fixed: whether the value is of a file, where the command line's advice is of no use.
    """
    key = name(word)
    if word.is_delete():
        _check_deletion(word)
        return
    if word.is_add() and (own_configs.is_group(key) or key in KEYS) and not (isinstance(word.value(), dict | list)):
        raise AblateError(f"{key} is in the config already. Write {key}=VALUE without '+'.")
    if own_configs.is_group(word.key_or_group) and word.package is None:
        for value in values(word):
            _check_level(word.key_or_group, value, own)
        return
    _check_known(word, own)
    for value in values(word) if word.is_discrete_sweep() else [word.value()]:
        if not isinstance(value, str):
            continue
        if not value.strip() and not key.startswith(FREE):
            raise AblateError(_empty(key, fixed))
        if key in GROUPS_OF_HYDRA:
            raise AblateError(f"{key} holds keys. To choose a level, write {key.replace('.', '/', 1)}={value}.")
        _check_references(key, value)
        if key in (*FOLDERS, *FILES):
            _check_path(key, value)


def _check_references(key: str, value: str) -> None:
    """Refuse an interpolation that names no key of any config, or a variable of the environment that is not set."""
    for first in REFERENCE.findall(value):
        if first not in (*KEYS, "hydra"):
            env = (
                f" To read the environment variable, write ${{oc.env:{first}}}."
                if first in os.environ or first.isupper()
                else ""
            )
            raise AblateError(f"{key}={value}: the config has no key '{first}'.{env or did_you_mean(first, KEYS)}")
    for variable in VARIABLE.findall(value):
        if variable not in os.environ:
            default = f"${{oc.env:{variable},DEFAULT}}"
            raise AblateError(f"{key}={value}: the environment variable {variable} is not set. Set it, or write {default}.")


def _check_path(key: str, value: str) -> None:
    """Refuse a path with what only a shell replaces, which would be the name of a folder here."""
    if value.startswith("~") and key not in EXPANDED:
        raise AblateError(
            f"{key}={value} would be a folder called '{value.partition('/')[0]}'. Write out the path of the home folder."
        )
    if found := OF_SHELL.match(value):
        raise AblateError(
            f"{key}={value} would be a folder called '${found[1]}': the shell expands variables in double quotes, not in "
            f"single quotes. Use double quotes, or write ${{oc.env:{found[1]}}}."
        )


def _check_known(word: Override, own: Sequence[Path]) -> None:
    """Refuse a key of which no part is known, before it is composed to many arms."""
    first = word.key_or_group.partition(".")[0].partition("/")[0]
    if first in (*KEYS, "hydra", "sweeper") or own_configs.is_group(first) or any((folder / first).is_dir() for folder in own):
        return
    from ablate.config.complaints import unknown  # it composes a config

    raise AblateError(unknown(word.key_or_group, ()))


def _empty(key: str, fixed: bool) -> str:
    """What to say of a key without a value, which an unset variable of the shell leaves."""
    example = "FOLDER" if key in FOLDERS else "VALUE"
    more = " An unset shell variable may have left it empty." if not fixed and key in (*FOLDERS, *FILES) else ""
    return f"{key} has no value. Write {key}={example}.{more}"


def _check_deletion(word: Override) -> None:
    first = word.key_or_group.partition(".")[0]
    if first in KEYS:
        advice = f"Leave it out, or write {word.key_or_group}=VALUE."
        raise AblateError(f"{visible(str(word.input_line))} deletes {word.key_or_group}, which every run needs. {advice}")


def _check_level(group: str, value: Any, own: Sequence[Path]) -> None:
    """Refuse what is no level of a group."""
    listed = own_configs.levels(group, own)
    noun = NOUNS.get(group, f"{group} level")
    choices = ", ".join(listed) if listed else "none"
    if isinstance(value, list):
        inner = ",".join(each if isinstance(each, str) else shown(each) for each in value)
        raise AblateError(
            f"{group} takes one level, got a list: {group}=[{inner}]. To compare several, sweep: -m {group}={inner}."
        )
    if isinstance(value, dict):
        inner = next(iter(value), "KEY")
        raise AblateError(
            f"{group} takes a level, got {shown(value)}. Choose from {choices}. To change one key, write {group}.{inner}=VALUE."
        )
    if value is None and group in OPTIONAL:
        return
    if isinstance(value, str):
        level = value.removesuffix(".yaml")
        _check_references(group, value)
        of_no_group = [first for first in REFERENCE.findall(value) if not own_configs.is_group(first)]
        if level in listed or ("${" in value and not of_no_group):
            return
        if not value.strip():
            raise AblateError(f"{group} has no value. Choose from {choices}.")
        hint = did_you_mean(level, listed) + own_configs.misnamed(group, level, own)
        raise AblateError(f"Unknown {noun} {shown(value)}. Choose from {choices}.{hint}")
    plain = shown(value)
    if plain in listed:
        word = quoted(f'{group}="{plain}"')
        raise AblateError(f"{group} takes a name, got {plain}. Quote it: {word}.")
    alike = {True: "on", False: "off"}.get(value) if isinstance(value, bool) else None
    if alike in listed:
        raise AblateError(f"Unknown {noun} {plain}. Choose from {choices}. Did you mean '{alike}'?")
    more = _number_keys(group) if not isinstance(value, bool) and value is not None else []
    advice = f" To set a number, write {' or '.join(f'{group}.{key}={plain}' for key in more[:2])}." if more else ""
    raise AblateError(f"Unknown {noun} {plain}. Choose from {choices}.{advice}")


def _number_keys(group: str) -> list[str]:
    """The keys of a group's levels that hold numbers."""
    keys: dict[str, None] = {}
    for level in own_configs.levels(group):
        content = yaml.safe_load((own_configs.conf_dir() / group / f"{level}.yaml").read_text())
        for key, value in content.items() if isinstance(content, dict) else ():
            if isinstance(value, int | float) and not isinstance(value, bool):
                keys[str(key)] = None
    return list(keys)


def _refuse_sweep(word: Override, of_sweep: str) -> None:
    """Refuse several values where there is one run."""
    line, key = str(word.input_line), name(word)
    given = visible(line)
    if key in LISTS:
        raise AblateError(_one_list(word))
    if not of_sweep:
        raise AblateError(f"{given} has several values. Give one.")
    text = f'{key}="{line.partition("=")[2]}"'
    if key.startswith(("data.", "store", "question", "hydra.")):
        raise AblateError(f"{given} has several values. To take it as one text, quote the value: {quoted(text)}.")
    raise AblateError(f"{given} has several values, which is a sweep. Add {of_sweep}, as in ablate {of_sweep} {given}.")


def _one_list(word: Override) -> str:
    inner = str(word.input_line).partition("=")[2]
    return f"{name(word)} takes one list. Write {visible(f'{name(word)}=[{inner}]')}."


def _check_callbacks(parsed: Sequence[Override]) -> None:
    """Refuse callbacks that Hydra could not call, or would take and never call. There are none but those of the words."""
    given = {name(word): word for word in parsed if name(word).startswith(CALLBACKS) and not word.is_delete()}
    for key, word in given.items():
        callback = ".".join(key.split(".")[:3])
        whole = given[callback].value() if callback in given else {}
        target = whole.get("_target_") if isinstance(whole, dict) else None
        if f"{callback}._target_" in given:
            target = given[f"{callback}._target_"].value()
        if target is None:
            raise AblateError(
                f"{visible(str(word.input_line))}: {callback} has no class. Add +{callback}._target_=MODULE.CLASS."
            )
        _check_callback(f"{callback}._target_", target)


def _check_callback(key: str, target: Any) -> None:
    if not isinstance(target, str) or "." not in target:
        raise AblateError(f"{key} must be MODULE.CLASS, got {shown(target)}.")
    try:
        found = hydra_private.located(target)
    except Exception as error:
        module = target.rpartition(".")[0]
        reason = " ".join(str(error.__cause__ or "").split())
        why = f" ({reason})" if reason and "\n" not in str(error.__cause__) and len(reason) < 200 else ""
        raise AblateError(
            f"{key}={target} cannot be imported{why}. Python looks for {module} in the installed packages and in PYTHONPATH, "
            "not in the current folder."
        ) from None
    if isinstance(found, type) and not any(hasattr(found, event) for event in EVENTS):
        raise AblateError(f"{key}={target} is not a callback: it has none of the methods {', '.join(EVENTS)}.")
    if not isinstance(found, type):
        raise AblateError(f"{key} must be a class with methods such as {EVENTS[-1]}, but {target} is not a class.")


def _check_own(parsed: Sequence[Override], own: Sequence[Path]) -> None:
    """Check the user's own files that are chosen; of a study what it sets, too."""
    chosen = [
        (word.key_or_group, [str(value) for value in values(word) if isinstance(value, str)])
        for word in parsed
        if own_configs.is_group(word.key_or_group) and not word.is_delete()
    ]
    for group, path in own_configs.chosen(chosen, own):
        own_configs.check(path, group)
        if group == STUDY:
            _check_params(path, own)


def _check_params(path: Path, own: Sequence[Path]) -> None:
    of_levels = []
    for where, line in own_configs.params(path):
        try:
            word = parse(line)
            check(word, own, fixed=True)
        except AblateError as error:
            raise AblateError(f"{where}{error}") from None
        if own_configs.is_group(word.key_or_group):
            of_levels.append((word.key_or_group, [str(value) for value in values(word) if isinstance(value, str)]))
    for group, file in own_configs.chosen(of_levels, own):
        own_configs.check(file, group)


# values


def values(word: Override) -> list[Any]:
    """The values of an override in the order they are swept, plain ones as a list of one.

    Numbers of a range are computed as they are written, so that its end is left out whatever its step: 0.1 has no last digits
    here.
    """
    return [hydra_private.converted(value) for value in _elements(word)]


def texts(word: Override) -> list[str]:
    """The same as Hydra writes them, with the quotes that a value was given."""
    return [hydra_private.written(value) for value in _elements(word)]


def _elements(word: Override) -> list[Any]:
    value = hydra_private.value_of(word)
    if isinstance(value, RangeSweep):
        found: list[Any] = list(numbers(value))
        if value.shuffle:
            shuffle(found)
        return found
    if isinstance(value, ChoiceSweep | Glob):
        if isinstance(value, Glob) and word.config_loader is None:
            return list(value.filter(own_configs.levels(word.key_or_group)))
        return list(word.sweep_iterator())
    return [value]
