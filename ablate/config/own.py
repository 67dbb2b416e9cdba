"""Sweeps over training code of the user's own: keys of any name, their values as typed, and a command behind `--`.

Such a sweep has a primary config of its own, `conf/own/config.yaml`, without the built-in config groups. On their way through
Hydra the user's keys are added to it (`+lr="0.10"`), so that every value is the text that was typed, and is shown as such.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from hydra.core.override_parser.types import Override, Quote, QuotedString

from ablate.config import hydra_private, keys
from ablate.config.own_configs import MAIN, OWN, conf_dir
from ablate.config.syntax import FUNCTIONS, key_of, parse, quoted, visible
from ablate.config.values import values
from ablate.errors import AblateError, UsageError, shown, unknown_key
from ablate.store.sweep_check import COLUMNS, EVAL_ON

TRAINERS = ("command", "function")  # that have such sweeps
COMMAND = "trainer.command"  # the key of the words behind `--`
EVAL_ON_KEY = f"trainer.{EVAL_ON}"
BEHIND = "--"
GIVEN = ("seed", "dir", "metrics", "threads", EVAL_ON)  # placeholders that ablate fills itself
OF_CONFIG = ("metric", "metrics", "trainer", "study", "sweeper", "hydra", *keys.top("sweep"), *keys.top("execution"))
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_NAMED = tuple(f"trainer={name}" for name in TRAINERS)
_FUNCTION = re.compile(rf"({'|'.join(FUNCTIONS)})\(.*\)", re.DOTALL)
_DOLLAR = re.compile(r"(\\*)\$\{")
_ESCAPED_DOLLAR = re.compile(r"(\\*)\\\$\{")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def cut(words: Sequence[str]) -> list[str]:
    """A command line with what stands behind its first bare `--` as one word that says so: the command of a training.

    Raises:
        UsageError: there is nothing behind it, or a command is given twice.
    """
    if BEHIND not in words:
        return list(words)
    at = words.index(BEHIND)
    before, command = list(words[:at]), words[at + 1 :]
    if not command:
        raise UsageError("No command follows --. Write one after it, as in -- python train.py --lr {lr} --seed {seed}.")
    if any(key_of(word) == COMMAND for word in before):
        raise UsageError(f"The command is given twice, by {COMMAND} and after --. Keep one of them.")
    return [*before, f"{COMMAND}=[{','.join(map(quoted_text, command))}]"]


def is_own(words: Iterable[str]) -> bool:
    """Whether a command line is that of a sweep over training code of the user's own."""
    return any(key_of(word) == COMMAND or word in _NAMED for word in words)


def trainer_of(words: Iterable[str]) -> str:
    """The trainer that the command line of such a sweep names."""
    return next((word.partition("=")[2] for word in words if word in _NAMED), TRAINERS[0])


def configs(words: Iterable[str]) -> Path:
    """The folder of the configs that a command line begins with."""
    return conf_dir() / OWN if is_own(words) else conf_dir()


def is_users(key: str) -> bool:
    """Whether a key in such a sweep is the user's, and none of ours."""
    return re.split(r"[./@]", key.lstrip("+~"), maxsplit=1)[0] not in (*OF_CONFIG, "seed")


def for_hydra(words: Sequence[str]) -> list[str]:
    """A command line as Hydra takes it: of such a sweep each value of the user's keys is a text, as typed.

    Raises:
        AblateError: a key is none that can be had.
    """
    if not is_own(words):
        return list(words)
    users = [word for word in map(word_as_typed, words) if "=" in word and is_users(key_of(word))]
    for key, times in Counter(map(key_of, users)).items():
        if times > 1:
            given = " ".join(visible(word) for word in users if key_of(word) == key)
            raise AblateError(f"{key} is given {times} times: {given}. Keep one of them, or list its values: {key}=A,B.")
    return [_for_hydra(word) for word in words]


def _for_hydra(word: str) -> str:
    key, equals, value = word.partition("=")
    if not equals or word.startswith(("~", "-")):
        return word
    key = key.lstrip("+")
    if key == "metric":
        return f"metric.name={value}"
    if not is_users(key):
        return word
    _check_name(key)
    if _FUNCTION.fullmatch(value):
        return f"+{key}={value}"
    return f"+{key}={','.join(map(quoted_text, texts(value)))}"


def _check_name(key: str) -> None:
    if key in GIVEN:
        raise AblateError(f"{key} cannot be set: ablate fills {{{key}}} itself. Choose another name.")
    if not NAME.fullmatch(key):
        raise AblateError(
            f"{shown(key)} cannot be a key. Keys have letters from a to z, digits, and _, and dots between parts."
        )


def check(key: str, trainer: str) -> None:
    """Refuse a key of ours that such a sweep does not have.

    Args:
        trainer: the one that it names.

    Raises:
        AblateError: it does not.
    """
    first, _, inner = key.partition(".")
    config = yaml.safe_load((conf_dir() / OWN / MAIN).read_text())
    if inner and first == "trainer" and inner != "name":
        config["trainer"] = yaml.safe_load((conf_dir() / OWN / "trainer" / f"{trainer}.yaml").read_text())
    if key == "metric.margin":
        raise AblateError("The margin is given for the report. Write report.margin=VALUE.")
    if first in keys.top() and first not in config:
        raise AblateError(f"{first} has no effect with trainer={trainer}. Leave it out.")
    if inner and first in ("metric", "trainer") and inner not in config[first]:
        raise AblateError(unknown_key(key, [f"{first}.{each}" for each in config[first] if each != "name"], first))


def check_factor(name: str) -> None:
    """Refuse a factor whose name is that of a column of every table.

    Raises:
        AblateError: it is.
    """
    if name in COLUMNS:
        raise AblateError(f"{name} cannot be a factor: the results have a column of that name. Rename it, as in my_{name}.")


def texts(value: str) -> list[str]:
    """The values that are typed behind a key: the texts between commas, each without the quotes around it.

    Examples:
        >>> from ablate.config.own import texts
        >>> texts("1e-3,true,it's,'a,b',")
        ['1e-3', 'true', "it's", 'a,b', '']
    """
    found, start, quote, waiting = [], 0, "", []
    for place, character in enumerate(value):
        if quote:
            if character == quote and not _is_escaped(value, place):
                quote = ""
        elif character in "'\"" and place == start:
            quote = character if _closes(value, place) else ""
        elif character in _BRACKETS:
            waiting.append(_BRACKETS[character])
        elif waiting and character == waiting[-1]:
            waiting.pop()
        elif character == "," and not waiting:
            found.append(value[start:place])
            start = place + 1
    return [_unquoted(text) for text in (*found, value[start:])]


def _closes(value: str, start: int) -> bool:
    """Whether a quote is closed, at the end of a text between commas."""
    mark = value[start]
    ends = (place for place in range(start + 1, len(value)) if value[place] == mark and not _is_escaped(value, place))
    end = next(ends, None)
    return end is not None and value[end + 1 : end + 2] in ("", ",")


def _is_escaped(value: str, place: int) -> bool:
    return (place - len(value[:place].rstrip("\\"))) % 2 == 1


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0] and _closes(text, 0):
        return text_of(parse(f"x={text}").value())
    return text


def text_of(value: object) -> str:
    """A value of the user's as typed, from that which Hydra has for it."""
    if isinstance(value, str):
        return _ESCAPED_DOLLAR.sub(lambda found: "\\" * (len(found[1]) // 2) + "${", value)
    return hydra_private.written(value)


def quoted_text(text: str) -> str:
    """A text as Hydra reads it as just this text: without quotes where that is the same."""
    if re.fullmatch(r"[A-Za-z_][\w-]*", text, re.ASCII) and text.lower() not in ("null", "true", "false", "nan", "inf"):
        return text
    return str(QuotedString(_DOLLAR.sub(lambda found: found[1] * 2 + r"\${", text), Quote.double).with_quotes())


def word(key: str, text: str) -> str:
    """The word, as Hydra takes it, that sets one of the user's keys to a text."""
    return f"+{key}={quoted_text(text)}"


def levels(word: Override) -> tuple[str, ...]:
    """The levels of a factor, as typed."""
    return tuple(map(text_of, values(word)))


def as_typed(words: Sequence[str]) -> list[str]:
    """A command line of such a sweep as its user would type it; any other as it is."""
    if not is_own(words):
        return list(words)
    behind = [text for word in words if key_of(word) == COMMAND for text in command_of(word)]
    typed = [word_as_typed(word) for word in words if key_of(word) != COMMAND]
    return [*typed, BEHIND, *behind] if behind else typed


def names_of_run(words: Sequence[str]) -> list[str]:
    """The words by which the user knows a run: of such a sweep the user's keys and the seed, of others all."""
    return [word_as_typed(word) for word in words if is_users(key_of(word)) or key_of(word) == "seed" or not is_own(words)]


def word_as_typed(word: str) -> str:
    """One word of such a command line, as its user would type it."""
    key, equals, value = word.partition("=")
    if key == "metric.name":
        return f"metric={value}"
    if not equals or not is_users(key):
        return word
    if _FUNCTION.fullmatch(value):
        return word.lstrip("+")
    return f"{key.lstrip('+')}={','.join(map(typed_text, texts(value)))}"


def typed_text(text: str) -> str:
    """A text as it is typed behind a key: in quotes where it would be read as another one."""
    return text if texts(text) == [text] and not _FUNCTION.fullmatch(text) else quoted_text(text)


def command_of(word: str) -> list[str]:
    """The words of the command that a word of the command line gives.

    Raises:
        AblateError: it gives none.
    """
    given = parse(word).value()
    if not isinstance(given, list) or not given:
        raise AblateError(f"{COMMAND} must be a list of words, got {visible(quoted(word))}.")
    return [text_of(one) for one in given]
