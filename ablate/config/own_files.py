"""A config file of the user's own, checked: what is wrong with it is told by file and line, with the likely cause."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ablate.config.own_configs import STUDY, groups
from ablate.errors import AblateError, shown
from ablate.system.safe_files import read_regular, reason_of

PACKAGE = "# @package _global_"  # the first line of a study, which sets keys outside of its own group
MOST_BYTES = 1 << 20  # of a file
MOST_VALUES = 100_000  # in it, with what its aliases stand for
BOMS = {
    b"\xef\xbb\xbf": "begins with a byte order mark. Save it as UTF-8 without one",
    b"\xff\xfe": "is UTF-16. Save it as UTF-8",
    b"\xfe\xff": "is UTF-16. Save it as UTF-8",
}
BOOLEAN = "tag:yaml.org,2002:bool"
NULL = "tag:yaml.org,2002:null"
INTEGER, FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
REREAD = re.compile(r"[-+]?(0[0-7_]+|[0-9_]+:.*)")  # numbers that YAML takes as octal, or as minutes and seconds
# What PyYAML says, and what the user did.
CAUSES = {
    r"found character '\\t'": "a tab, where YAML allows only spaces",
    r"mapping values are not allowed": "a ':' too many, or a wrong indentation. Quote a text that has a ':'",
    r"expected <block end>": "a wrong indentation, or a bracket that is not closed",
    r"could not find expected ':'": "a key without ':'",
    r"unexpected end of stream": "a quote that is not closed",
    r"expected ',' or '[]}]'": "a bracket that is not closed, or a missing ','",
    r"found undefined alias|found duplicate anchor": "a text that begins with '*' or '&'. Quote it",
    r"cannot start any token": "a text that begins with a character such as '%' or '@'. Quote it",
    r"unknown escape character": "a backslash in double quotes. Use single quotes",
    r"special characters are not allowed|#x": "a character that YAML does not take",
    r"but found another document": "a second document ('---'). Keep one per file",
    r"found duplicate key": "a duplicate key",
}


def check(path: Path, group: str) -> None:
    """Refuse a file of the user's own that would be read as something else than it says, or not at all.

    Raises:
        AblateError: file, line and likely cause.
    """
    text = _text(path)
    node = _composed(path, text)
    if node is None:
        raise AblateError(f"{path} is empty.")
    if not isinstance(node, yaml.MappingNode):
        raise AblateError(f"{path}, line {node.start_mark.line + 1}: expected KEY: VALUE, got {_kind(node)}.")
    _refuse_repeated(path, node, set())
    content = _entries(node)
    if "defaults" in content:
        _check_defaults(path, content["defaults"], group)
    header = next((line.strip() for line in text.splitlines() if line.strip()), "")
    package = re.fullmatch(r"#\s*@\s*package\s+(\S+)", header)
    if group == STUDY:
        if package is None or package[1] != "_global_":
            later = re.search(r"^\s*#\s*@package\s+_global_", text, re.MULTILINE)
            told = "must be its first line" if later else "is missing: it must be its first line"
            raise AblateError(f"{path}: '{PACKAGE}' {told}, so that the study sets keys of the whole config.")
        _check_study(path, content)
    elif package is not None and package[1] == "_global_":
        raise AblateError(f"{path}: '{header}' belongs only in studies. Remove it, so that the keys are those of {group}.")


def _text(path: Path) -> str:
    try:
        content = read_regular(path.resolve(), MOST_BYTES)  # one's own files may be links
    except OSError as error:
        raise AblateError(f"Cannot read {path}: {reason_of(error)}.") from None
    for mark, what in BOMS.items():
        if content.startswith(mark):
            raise AblateError(f"{path} {what}.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise AblateError(f"{path}, line {line}: a character that is not UTF-8. Save the file as UTF-8.") from None


def _composed(path: Path, text: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise AblateError(f"{path}, {cause_of(error)}") from None
    except RecursionError:
        raise AblateError(f"{path} has too many nested brackets.") from None
    if node is not None and _written_out(node, {}) > MOST_VALUES:
        raise AblateError(f"{path} has more than {MOST_VALUES:,} values, counting each '*' alias in full. Write fewer.")
    return node


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node has, each alias counted as what it stands for; one that holds itself has no end."""
    if id(node) not in known:
        known[id(node)] = MOST_VALUES + 1  # until it is counted
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.CollectionNode):
            inner = [one for each in node.value for one in (each if isinstance(each, tuple) else (each,))]
        known[id(node)] = 1 + sum(_written_out(one, known) for one in inner)
    return known[id(node)]


def cause_of(error: yaml.YAMLError) -> str:
    """Line and likely cause of a YAML error, as in `line 3: a tab, where YAML allows only spaces.`"""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = f"{getattr(error, 'problem', '')} {error}"
    cause = next((told for pattern, told in CAUSES.items() if re.search(pattern, said)), "not valid YAML from here on")
    return f"line {mark.line + 1}: {cause}." if mark is not None else f"{cause}."


def _kind(node: yaml.Node) -> str:
    return "a list" if isinstance(node, yaml.SequenceNode) else shown(node.value)


def _entries(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {str(key.value): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _refuse_repeated(path: Path, node: yaml.Node, seen: set[int]) -> None:
    """Refuse a duplicate key in one mapping; each node is looked at once, however many aliases it has."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        _refuse_reread(path, node)
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _refuse_repeated(path, each, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise AblateError(f"{path}, line {line}: expected KEY: VALUE, got a bracket as a key.")
        if key.value in lines:
            raise AblateError(f"{path}, line {line}: {key.value} is there twice, also in line {lines[key.value]}. Keep one.")
        lines[key.value] = line
        _refuse_repeated(path, value, seen)


def _refuse_reread(path: Path, node: yaml.ScalarNode) -> None:
    """Refuse a number that YAML reads as another one than it says: 010 is octal there, and 1:30 is in minutes and seconds."""
    if node.tag in (INTEGER, FLOAT) and REREAD.fullmatch(node.value):
        value = yaml.safe_load(node.value)
        raise AblateError(
            f"{path}, line {node.start_mark.line + 1}: YAML reads {node.value} as {value}. If you mean {value}, write that. "
            "Otherwise, write a plain decimal number, or quote it to keep it as text."
        )


def _check_defaults(path: Path, node: yaml.Node, group: str) -> None:
    """Refuse a list of defaults in which a level was read as a boolean, or that a study cannot set."""
    if not isinstance(node, yaml.SequenceNode):
        raise AblateError(
            f"{path}, line {node.start_mark.line + 1}: defaults must be a list, as in '- override /sweeper: optuna'."
        )
    for item in node.value:
        pairs = item.value if isinstance(item, yaml.MappingNode) else [(None, item)]
        for key, value in pairs:
            line = value.start_mark.line + 1
            named = f"{key.value}: " if key is not None else "- "
            if value.tag == BOOLEAN:
                raise AblateError(f'{path}, line {line}: YAML reads {value.value} as a boolean. Write {named}"{value.value}".')
            if not isinstance(value, yaml.ScalarNode):
                raise AblateError(f"{path}, line {line}: a default must be one level, got {_kind(value)}.")
            if group == STUDY and key is not None:
                _check_default_of_study(f"{path}, line {line}", str(key.value), str(value.value))


def _check_default_of_study(where: str, key: str, level: str) -> None:
    """Refuse a default that Hydra would ignore in a study, or that the config has already."""
    name = key.removeprefix("override").strip().lstrip("/")
    if name.startswith("hydra/"):
        raise AblateError(f"{where}: {name} cannot be set in a study. Give it on the command line: {name}={level}.")
    if name in groups() and name not in (STUDY, "sweeper") and not key.startswith("override"):
        raise AblateError(f'{where}: {name} is in the config already. Write it under params: {name}: "{level}".')


def _check_study(path: Path, content: Mapping[str, yaml.Node]) -> None:
    params = content.get("hydra")
    launcher = _entries(params).get("launcher") if isinstance(params, yaml.MappingNode) else None
    if isinstance(launcher, yaml.ScalarNode):
        _check_default_of_study(f"{path}, line {launcher.start_mark.line + 1}", "hydra/launcher", launcher.value)
    for key in ("sweeper", "params"):
        params = _entries(params).get(key) if isinstance(params, yaml.MappingNode) else None
    if params is None and "defaults" in content:
        return  # it builds on another
    if params is None or (isinstance(params, yaml.ScalarNode) and params.tag == NULL):
        raise AblateError(f"{path} has no hydra: sweeper: params:, under which a study writes what its runs set.")
    if not isinstance(params, yaml.MappingNode):
        line = params.start_mark.line + 1
        raise AblateError(f'{path}, line {line}: params must be KEY: VALUE, as in augment: "on,off", got {_kind(params)}.')
    for key, value in params.value:
        _check_param(path, key, value)


def _check_param(path: Path, key: yaml.Node, value: yaml.Node) -> None:
    line, name = value.start_mark.line + 1, key.value
    where = f"{path}, line {line}: "
    if key.tag == BOOLEAN:
        raise AblateError(f"{where}YAML reads the key {name} as a boolean. Quote it.")
    if isinstance(value, yaml.SequenceNode):
        inner = [str(each.value) for each in value.value if isinstance(each, yaml.ScalarNode)]
        if name in groups() or ("." not in name and name not in ("retune_rates",)):
            raise AblateError(f'{where}{name} must be a text, not a list. Write {name}: "{",".join(inner)}".')
        return
    if isinstance(value, yaml.MappingNode):
        raise AblateError(f"{where}{name} must be one text, got KEY: VALUE under it. Write {name}.KEY: VALUE.")
    if value.tag == BOOLEAN and name in groups():
        raise AblateError(f'{where}YAML reads {value.value} as a boolean. Write {name}: "{value.value}".')
    if value.tag == NULL and name in groups():
        raise AblateError(f"{where}{name} has no value. Name a level.")


def params(path: Path) -> Iterator[tuple[str, str]]:
    """(where it stands, the word of the command line that says the same) for each parameter of a checked study."""
    content = _composed(path, _text(path))
    assert isinstance(content, yaml.MappingNode)
    node: Any = content
    for key in ("hydra", "sweeper", "params"):
        node = _entries(node).get(key)
        if not isinstance(node, yaml.MappingNode):
            return
    for key, value in node.value:
        if isinstance(value, yaml.ScalarNode) and not (value.tag == NULL and not value.value):
            yield f"{path}, line {value.start_mark.line + 1}: ", f"{key.value}={value.value}"
