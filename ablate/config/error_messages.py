"""Errors as users see them: one line, whoever raised them."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise

import yaml
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate.config import loading, own_configs
from ablate.config.own_configs import KEYS
from ablate.config.own_files import cause_of
from ablate.config.syntax import parse, parses, visible
from ablate.errors import AblateError, nearest, one_of, shown, unknown_key

# OmegaConf's names of types, in words.
TYPES = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false", "String": "a text", "Dict": "KEY: VALUE"}
KINDS = {"bool": "true or false", "int": "a whole number", "float": "a number"}
# What no input should lead to: told as a fault of the program.
INTERNAL = (LookupError, TypeError, AttributeError, NameError, AssertionError, ArithmeticError, RecursionError)
PLAN = "hydra.sweeper.plan"  # what the command of that name sets
KEPT = 10  # keys of Hydra's that a message lists


def one_line(error: BaseException, words: Sequence[str] = ()) -> str:
    """What a user is told of an error, those of Hydra and OmegaConf included: what is wrong, and what is allowed.

    Args:
        words: the command line that it came from, as far as it is known.
    """
    if isinstance(error, AblateError):
        return " ".join(str(error).splitlines())
    chain = _chain(error)
    for one in chain:
        if isinstance(one, AblateError):
            return one_line(one, words)
    overrides = [word for word in words if "=" in word or word.startswith("~")]
    told: Sequence[Callable[[BaseException, Sequence[str]], str | None]] = (_missing_level, _yaml, _omegaconf, _hydra)
    for translate in told:
        for one in chain:
            found = translate(one, overrides)
            if found is not None:
                return " ".join(f"{_file(chain)}{found}".split())
    if any(isinstance(one, HydraException | OmegaConfBaseException) for one in chain):
        return _of_word(overrides, _config_dir(words))
    return _plain(error)


def _file(chain: Sequence[BaseException]) -> str:
    """The config file that an error is in, as the beginning of a message; empty where it is in none of the user's."""
    for one in chain:
        found = re.match(r"In '([^']+)': \w+ raised while composing config", str(one))
        if found and found[1] != "config":
            return f"{found[1]}.yaml: "
    return ""


def _chain(error: BaseException) -> list[BaseException]:
    """The error and its causes, the first cause last."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)  # type: ignore[assignment]
    return found


def _plain(error: BaseException) -> str:
    """An error of Python or of a library whose words we do not know."""
    if isinstance(error, OSError) and error.strerror:
        path = f" {error.filename}" if error.filename is not None else ""
        return f"Cannot use{path}: {error.strerror[:1].lower()}{error.strerror[1:]}."
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "There is not enough memory." + (f" {text}" if text else "")
    if isinstance(error, INTERNAL):
        said = f"{type(error).__name__} {text}".strip()
        return f"A fault of ablate itself ({said}). HYDRA_FULL_ERROR=1 before the command shows where; please report it."
    return text or type(error).__name__


def _missing_level(error: BaseException, words: Sequence[str]) -> str | None:
    if not isinstance(error, MissingConfigException) or not error.missing_cfg_file:
        return None
    group, _, level = str(error.missing_cfg_file).rpartition("/")
    if error.options:
        return one_of(f"{group} level" if "/" not in group else group, level.removesuffix(".yaml"), error.options)
    found = re.search(r"In '([^']+)'", str(error))
    of = f" of {found[1]}" if found else ""
    return f"There is no config '{error.missing_cfg_file}', which the defaults{of} name."


def _yaml(error: BaseException, words: Sequence[str]) -> str | None:
    if isinstance(error, yaml.YAMLError):
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        name = getattr(mark, "name", None) or "a config file"
        return f"{name}, {cause_of(error)}"
    if isinstance(error, UnicodeDecodeError):
        return "A config file is not UTF-8. Save it as UTF-8."
    return None


def _omegaconf(error: BaseException, words: Sequence[str]) -> str | None:
    if not isinstance(error, OmegaConfBaseException):
        return None
    text = " ".join(str(error).split())
    key = str(getattr(error, "full_key", None) or "")
    if found := re.search(r"[Kk]ey '([^']+)' (?:is not in struct|not in ')", text):
        return unknown(key or found[1], words)
    if found := re.search(r"[Vv]alue '(.*)' of type '(\w+)' could not be converted to (\w+)", text):
        return f"{key or 'A value'} must be {TYPES.get(found[3], 'valid')}, got {shown(_value(found[1], found[2]))}."
    if found := re.search(r"Invalid value '(.*)', expected one of \[(.*?)\]", text):
        return one_of(key or "value", found[1], found[2].split(", "))
    if found := re.search(r"[Vv]alue '(.*)' is not a valid (\w+) \(type (\w+)\)", text):
        return f"{key or 'A value'} must be {KINDS.get(found[2], 'valid')}, got {shown(_value(found[1], found[3]))}."
    if "is not a subclass of" in text or "Cannot assign" in text:
        key = key or _with_value(text, words)
        given = text.partition("value: ")[2].partition(" ")[0] or "a value"
        return (
            f"{key} holds keys, not a value. Write {key}.KEY=VALUE."
            if key
            else f"A key that holds keys cannot be set to {given}. Write KEY.SUBKEY=VALUE."
        )
    if "Non optional field cannot be assigned None" in text or "is not Optional" in text:
        return f"{key or 'A key'} must have a value, got null."
    if "nterpolation" in text or "nvironment variable" in text:
        return loading.unresolved(error, OmegaConf.create({}))
    if found := re.search(r"Cannot (?:assign|merge) (?:DictConfig|ListConfig|\w+) (?:to|with) (\w+)", text):
        return f"{key or _last(words)} takes no such value."
    return None


def _value(text: str, kind: str) -> object:
    return {"NoneType": None, "bool": text == "True"}.get(kind, text)


def _with_value(text: str, words: Sequence[str]) -> str:
    """The key of the word with the value that an error names; empty where there is none."""
    value = text.partition("value: ")[2].partition(" ")[0]
    return next((word.partition("=")[0].lstrip("+~") for word in words if word.partition("=")[2] == value), "")


def _last(words: Sequence[str]) -> str:
    return words[-1].partition("=")[0].lstrip("+~") if words else "A key"


def _hydra(error: BaseException, words: Sequence[str]) -> str | None:
    text = " ".join(str(error).split())
    if found := re.search(r"Could not append to config\. An item is already at '([^']+)'", text):
        return f"{found[1]} is in the config already. Write {found[1]}=VALUE without '+'."
    if found := re.search(r"Could not (?:override|append to config\.) '([^']+)'", text):
        return unknown(found[1], words)
    if found := re.search(r"Could not delete '([^']+)'|Could not delete from config\. '([^']+)'", text):
        return f"Cannot delete {found[1] or found[2]}: the config has no such key."
    if found := re.search(r"The value of '([^']+)' is (.*) and not (.*?)\.$", text):
        return f"Cannot delete {found[1]}={found[3]}: its value is {found[2]}. Write ~{found[1]}."
    if found := re.search(r"Sweeping over Hydra's configuration is not supported : '([^']+)'", text):
        return f"{found[1].partition('=')[0]} takes one value in a sweep: {visible(found[1])}."
    if found := re.search(r"looks like a config group override, but config group '([^']+)' does not exist", text):
        return f"Unknown group '{found[1]}'. Choose from {', '.join(sorted(own_configs.groups()))}."
    if found := re.search(r"Multiple values for ([^ .]+)", text):
        return f"{found[1]} is given twice. Keep one of them."
    if "hydra.searchpath must be a list of strings" in text:
        return "hydra.searchpath must be a list of folders, as in hydra.searchpath=[file://my]."
    return None


def unknown(key: str, words: Sequence[str]) -> str:
    """The message for a key that the config does not have, with the nearest ones that it has.

    Args:
        words: overrides, of which the chosen levels decide what keys there are.
    """
    if key.startswith(("hydra.", "hydra/")):
        return _unknown_of_hydra(key, words)
    cfg = _composed(tuple(words))
    known = _keys(cfg)
    section, _, name = key.partition(".")
    level = cfg.hydra.runtime.choices.get(section)
    if name and level is not None:
        mine = [each for each in known if each.startswith(f"{section}.")]
        others = [each for each in own_configs.levels(section) if f"{section}.{name}" in _level_keys(section, each)]
        near = nearest(key, mine)
        listed = ", ".join(mine)
        if others:
            belongs = f"{section}={' or '.join(f'{section}={each}' for each in others[:3])[len(section) + 1 :]}"
            return f"{section}={level} has no key {key}, which belongs to {belongs}. It has {listed}."
        meant = f" Did you mean {near}?" if near else ""
        return f"Unknown key '{key}'. {section}={level} has {listed}.{meant}"
    near = nearest(key, known) or _without_group(key, known)
    if near is not None:
        return f"Unknown key '{key}'. Did you mean {near}?"
    return unknown_key(key, KEYS)


def _without_group(key: str, known: Sequence[str]) -> str | None:
    """The one key of a group that ends with what was written, as weight_decay.rate does with rate."""
    found = [each for each in known if each.endswith(f".{key}")]
    return found[0] if len(found) == 1 else None


def _keys(cfg: DictConfig) -> list[str]:
    """All keys of a config, those of its groups as GROUP.KEY, without Hydra's."""
    content = OmegaConf.to_container(OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]), resolve=False)
    assert isinstance(content, dict)
    return [each for name, node in content.items() for each in (str(name), *_below(str(name), node))]


def _below(name: str, node: object) -> list[str]:
    if not isinstance(node, Mapping):
        return []
    return [each for key, value in node.items() for each in (f"{name}.{key}", *_below(f"{name}.{key}", value))]


def _level_keys(group: str, level: str) -> list[str]:
    content = yaml.safe_load((own_configs.conf_dir() / group / f"{level}.yaml").read_text())
    return _below(group, content)


@cache
def _composed(words: tuple[str, ...]) -> DictConfig:
    """The config with the levels that the words choose, and none of their values; without them where they do not compose."""
    chosen = []
    for word in words:
        key, _, value = word.partition("=")
        if key in own_configs.groups() and value in own_configs.levels(key) and key != own_configs.STUDY:
            chosen.append(word)
    return loading.compose(chosen)


def _unknown_of_hydra(key: str, words: Sequence[str]) -> str:
    """The same for a key of Hydra's own node, such as that of a sweeper."""
    if "/" in key:
        found = re.sub(r"=.*", "", key)
        return f"Unknown group '{found}'. See ablate --info defaults."
    if key == PLAN:
        return "plan works only with hydra/sweeper=ablate (the default) or hydra/sweeper=optuna. Leave hydra/sweeper out."
    parent, _, name = key.rpartition(".")
    launcher = [word for word in words if word.startswith("hydra/launcher=")] if parent == "hydra.launcher" else []
    try:
        search = loading.compose(["hydra/sweeper=optuna", *launcher])
    except MissingConfigException:  # it is in a folder of the user's own
        return f"Unknown key '{key}': {launcher[0]} does not have it."
    given = next((word for word in words if word.lstrip("+").startswith(f"{key}=")), None)
    node = OmegaConf.select(search, parent) if parent else None
    if (
        parent != "hydra"
        and OmegaConf.select(search, parent, default=search) is not search
        and not isinstance(node, DictConfig)
    ):
        return f"Unknown key '{key}': {parent} holds no keys."
    if not isinstance(node, DictConfig):
        known = _below("hydra", OmegaConf.to_container(search.hydra, resolve=False))
        near = nearest(key, known)
        return f"Unknown key '{key}'.{f' Did you mean {near}?' if near else ' See ablate --cfg hydra.'}"
    if not node:  # a table of free names
        return f"{parent} takes any name, with '+': +{given or f'{key}=VALUE'}."
    if name in node:
        return f"{key} is a key of searches. Add hydra/sweeper=optuna, or leave it out."
    keys = sorted(each for each in map(str, node) if not each.startswith("_"))
    near = nearest(name, keys)
    if near is not None:
        return f"Unknown key '{key}'. Did you mean {parent}.{near}?"
    listed = ", ".join(keys[:KEPT]) + (" …" if len(keys) > KEPT else "")
    if not keys:
        return f"Unknown key '{key}': {parent} has no keys. Leave it out."
    return f"Unknown key '{key}'. {parent} has {listed}."


def _config_dir(words: Sequence[str]) -> str | None:
    """The folder that a command line names with -cd; None where it names none."""
    for word, after in pairwise([*words, ""]):
        if word in ("-cd", "--config-dir"):
            return after
        if word.startswith("--config-dir="):
            return word.partition("=")[2]
    return None


def _of_word(words: Sequence[str], config_dir: str | None) -> str:
    """Which word of a command line it is that does not compose, where no more is known of why."""
    plain = [word for word in words if parses(word) and not parse(word).is_sweep_override()]

    def composes(some: Sequence[str]) -> bool:
        try:
            loading.compose(some, config_dir)
        except Exception:
            return False
        return True

    if composes(plain):
        shown = " ".join(map(visible, words))
        return f"Hydra cannot run with these arguments: {shown}. Set HYDRA_FULL_ERROR=1 to see why."
    for word in plain:
        if not composes([word]):
            return f"{visible(word)} does not fit the config. See ablate --help."
    for word in plain:
        if composes([other for other in plain if other != word]):
            return f"{visible(word)} cannot be combined with the other words."
    return f"These words do not make a config: {' '.join(map(visible, words))}."
