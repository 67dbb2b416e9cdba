"""A study of the user's own over training code of the user's own: what its file says, as words of a command line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from ablate.config import own, own_files
from ablate.config.own_configs import STUDY
from ablate.config.syntax import key_of
from ablate.errors import AblateError

TRAINER = "override /trainer"  # the default that makes a study one of these
SECTIONS = ("trainer", "metric")  # that it may have besides those of every study
LIST = "metrics"  # likewise, with an entry a metric


def words(given: Sequence[str], config_dir: str | None) -> list[str]:
    """A command line with what its study says, where that is one over the user's own code; what is given replaces it.

    Raises:
        AblateError: the file cannot be read, or says what no command line can.
    """
    name = next((word.partition("=")[2] for word in given if key_of(word) == STUDY), None)
    path = None if name is None or config_dir is None else Path(config_dir) / STUDY / f"{name}.yaml"
    if path is None or not path.is_file():
        return list(given)
    own_files.check(path, STUDY)
    content = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert isinstance(content, yaml.MappingNode)
    sections = {str(key.value): node for key, node in content.value}
    trainer = _trainer(sections.get("defaults"))
    if trainer not in own.TRAINERS:
        return list(given)
    keys = {"metric.name" if key_of(word) == "metric" else key_of(word) for word in given}
    said = [word for section in SECTIONS for word in _section(path, section, sections.get(section))]
    said += [f"{LIST}={_written(path, sections[LIST])}"] if LIST in sections else []
    said += [word for _, word in own_files.params(path)]
    return [*given, f"trainer={trainer}", *(word for word in said if key_of(word) not in keys)]


def _trainer(defaults: yaml.Node | None) -> str | None:
    """The trainer that a list of defaults names."""
    for item in defaults.value if isinstance(defaults, yaml.SequenceNode) else ():
        for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
            if " ".join(str(key.value).split()) == TRAINER:
                return str(value.value)
    return None


def _section(path: Path, name: str, node: yaml.Node | None) -> Iterator[str]:
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise AblateError(
            f"{path}, line {node.start_mark.line + 1}: {name} must have keys under it, as in command: [python, train.py]."
        )
    for key, value in node.value:
        yield f"{name}.{key.value}={_written(path, value)}"


def _written(path: Path, node: yaml.Node) -> str:
    """A value as the command line has it: texts as they are, numbers as typed."""
    if isinstance(node, yaml.SequenceNode):
        return f"[{','.join(_entry(path, each) for each in node.value)}]"
    text = _text(path, node)
    return own.quoted_text(text) if node.tag == "tag:yaml.org,2002:str" else text


def _entry(path: Path, node: yaml.Node) -> str:
    """An entry of a list: a text, or keys with their values."""
    if isinstance(node, yaml.MappingNode):
        return f"{{{','.join(f'{key.value}:{_written(path, value)}' for key, value in node.value)}}}"
    return own.quoted_text(_text(path, node))


def _text(path: Path, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise AblateError(f"{path}, line {node.start_mark.line + 1}: expected one value. Quote a text with a brace or a colon.")
    return str(node.value)
