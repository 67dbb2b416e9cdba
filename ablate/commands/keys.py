"""`ablate keys`: every key of the config with its default and its meaning."""

import re
from collections.abc import Iterator, Sequence

from ablate import terminal
from ablate.commands.arguments import Parser
from ablate.config import own_configs

_DESCRIPTION = """\
List every key (KEY=VALUE) with its default and what it means. `ablate --cfg job KEY=VALUE …` shows the config that a command
gives; keys of a group's level, as optimizer.lr, are in it.
"""
_LINE = re.compile(r"( *)(\w+):(?: +(.*?))?(?: +# (.*))?$")


def run(arguments: Sequence[str]) -> int:
    """Lists the keys; returns the exit status 0."""
    Parser(prog="ablate keys", description=_DESCRIPTION).parse_args(arguments)
    console = terminal.standard()
    found = list(described())
    names, values, meanings = zip(*found, strict=True)
    columns = [
        terminal.Column("key", names, words=True, name=True),
        terminal.Column("default", values, words=True),
        terminal.Column("meaning", meanings, words=True),
    ]
    terminal.draw(console, columns)
    return 0


def described() -> Iterator[tuple[str, str, str]]:
    """Key, default, and meaning, as config.yaml has them, section by section."""
    section = ""
    for line in (own_configs.conf_dir() / own_configs.MAIN).read_text().partition("\n# training\n")[2].splitlines():
        if line.startswith("hydra:"):
            return
        found = _LINE.match(line)
        if found is None:
            continue
        indent, key, value, meaning = found.groups()
        if not indent and not value:
            section = f"{key}."
            continue
        yield f"{section if indent else ''}{key}", re.sub(r"^\$\{(.*)\}$", r"that of \1", value or ""), meaning or ""
