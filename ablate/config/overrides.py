"""The words of a command line, KEY=VALUE, checked before Hydra composes them: what they say is what happens, or is refused."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override

from ablate.config import own as own_words
from ablate.config import own_configs, own_files
from ablate.config.callbacks import check_callbacks
from ablate.config.choices import check_level
from ablate.config.own_configs import GROUPS, KEYS, STUDY
from ablate.config.references import FILES, FOLDERS, check_path, check_references
from ablate.config.syntax import parse, quoted, visible
from ablate.config.values import name, values
from ablate.config.words import parsed as words_of
from ablate.errors import AblateError

LISTS = (
    "report.formats",
    "tags",
    "retune_rates",
    "augment.contrast",
    "hydra.searchpath",
    "hydra.sweeper.objectives",
)  # of one value
_IN_BRACES = re.compile(r"\[?[\w.-]+:")  # how a value begins that was in braces
ONE = {"optimizer.lr": "lr"}  # keys that are another one's, of which the other wins
COMPARED = (*GROUPS, "lr", "batch_size", "seed", "eval_every", "ema_decay", "ema_warmup", "steps", "epochs")  # what sweeps vary
FREE = ("hydra.job.env_set.",)  # below which any value may stand
GROUPS_OF_HYDRA = tuple(f"hydra.{name}" for name in ("launcher", "sweeper", "help", "output", "job_logging", "hydra_logging"))


def read(words: Sequence[str], config_dir: str | None, sweep: bool, of_sweep: str = "-m") -> list[Override]:
    """The words of a command line, parsed and checked.

    Args:
        config_dir: the folder that `--config-dir` names.
        sweep: whether several values may be given.
        of_sweep: what has to be added for that.

    Raises:
        AblateError: a word that is not in the grammar, or not once; a level or file that is none; an empty value.
    """
    parsed = words_of(words)
    refuse_twice(parsed)
    searchpath = next((word.value() for word in parsed if word.key_or_group == "hydra.searchpath"), None)
    own = own_configs.folders(config_dir, searchpath)
    users = own_words.is_own(words)
    swept = sweep or any(word.key_or_group == "hydra.mode" and str(word.value()).upper() == "MULTIRUN" for word in parsed)
    for word in parsed:
        if users:
            _check_of_users(word, words, own)
        else:
            check(word, own)
        if sweep and name(word) == "hydra.mode" and str(word.value()).upper() == "RUN":
            raise AblateError("hydra.mode=RUN asks for one run, but -m and plan ask for a sweep. Leave one of them out.")
        if word.is_sweep_override() and not swept:
            _refuse_sweep(word, of_sweep, users)
        if word.is_discrete_sweep() and name(word) in LISTS and not all(isinstance(value, list) for value in values(word)):
            raise AblateError(_one_list(word))
    if not own:
        check_callbacks(parsed)
    _check_own(parsed, own, users)
    return parsed


def _check_of_users(word: Override, words: Sequence[str], own: Sequence[Path]) -> None:
    """Check a word of a sweep over the user's own code: the user's keys take any value, ours are those of its config."""
    if own_words.is_users(name(word)):
        return
    own_words.check(name(word), own_words.trainer_of(words))
    if name(word).partition(".")[0] not in ("metric", "metrics", "trainer"):
        check(word, own)


def parse_all(words: Sequence[str], loader: Any = None) -> list[Override]:
    """Words that are checked already, parsed.

    Args:
        loader: Hydra's, which knows the levels of all groups.
    """
    parsed = [parse(word) for word in words]
    for word in parsed:
        word.config_loader = loader
    return parsed


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
    if all(map(_IN_BRACES.match, values)):
        return f"{key} is given {times}: {listed}, as the shell expands {{…,…}}. Quote the word: '{key}=…'."
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
            check_level(word.key_or_group, value, own)
        return
    _check_known(word, own)
    for value in values(word) if word.is_discrete_sweep() else [word.value()]:
        if not isinstance(value, str):
            continue
        if not value.strip() and not key.startswith(FREE):
            raise AblateError(_empty(key, fixed))
        if key in GROUPS_OF_HYDRA:
            raise AblateError(f"{key} holds keys. To choose a level, write {key.replace('.', '/', 1)}={value}.")
        check_references(key, value)
        if key in (*FOLDERS, *FILES):
            check_path(key, value)


def _check_known(word: Override, own: Sequence[Path]) -> None:
    """Refuse a key of which no part is known, before it is composed to many arms."""
    first = word.key_or_group.partition(".")[0].partition("/")[0]
    if first in (*KEYS, "hydra", "sweeper") or own_configs.is_group(first) or any((folder / first).is_dir() for folder in own):
        return
    from ablate.config.error_messages import unknown  # it composes a config

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


def _refuse_sweep(word: Override, of_sweep: str, users: bool) -> None:
    """Refuse several values where there is one run. users: whether the user's own keys are taken as typed."""
    line, key = str(word.input_line), name(word)
    line = own_words.word_as_typed(line) if users else line
    given = visible(line)
    if key in LISTS:
        raise AblateError(_one_list(word))
    if not of_sweep:
        raise AblateError(f"{given} has several values. Give one.")
    text = f'{key}="{line.partition("=")[2]}"'
    if key.startswith(("data.", "store", "question", "name", "note", "hydra.")):
        raise AblateError(f"{given} has several values. To take it as one text, quote the value: {quoted(text)}.")
    raise AblateError(f"{given} has several values, which is a sweep. Add {of_sweep}, as in ablate {of_sweep} {given}.")


def _one_list(word: Override) -> str:
    inner = str(word.input_line).partition("=")[2]
    return f"{name(word)} takes one list. Write {visible(f'{name(word)}=[{inner}]')}."


def _check_own(parsed: Sequence[Override], own: Sequence[Path], users: bool) -> None:
    """Check the user's own files that are chosen; of a study what it sets, too.

    Args:
        users: whether it is a sweep over the user's own code, whose study is among its words.
    """
    chosen = [
        (word.key_or_group, [str(value) for value in values(word) if isinstance(value, str)])
        for word in parsed
        if own_configs.is_group(word.key_or_group) and not word.is_delete()
    ]
    for group, path in own_configs.chosen(chosen, own):
        own_files.check(path, group)
        if group == STUDY and not users:
            _check_params(path, own)


def _check_params(path: Path, own: Sequence[Path]) -> None:
    of_levels = []
    for where, line in own_files.params(path):
        try:
            word = parse(line)
            check(word, own, fixed=True)
        except AblateError as error:
            raise AblateError(f"{where}{error}") from None
        if own_configs.is_group(word.key_or_group):
            of_levels.append((word.key_or_group, [str(value) for value in values(word) if isinstance(value, str)]))
    for group, file in own_configs.chosen(of_levels, own):
        own_files.check(file, group)
