"""Options of the commands: argparse, with errors of one line that name the nearest option, and exit status 2."""

import argparse
import re
import textwrap
from pathlib import Path
from typing import Any, NoReturn

from ablate.config.own_configs import KEYS
from ablate.errors import did_you_mean, one_of, shown

BELOW = 6  # characters before what an example does, where it stands below the command
KINDS = {"int": "a whole number", "float": "a number", "a_path": "a path"}


class _Formatter(argparse.HelpFormatter):
    """Fits help into the terminal: sentences wrap between words, indented lines such as examples stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        blocks: list[str] = []
        for line in text.splitlines():
            joins = bool(blocks) and line and not line.startswith(" ") and blocks[-1] and not blocks[-1].startswith(" ")
            if joins:
                blocks[-1] += f" {line}"
            else:
                blocks.append(line)
        wide = [
            _example(block, width) if block.startswith(" ") else textwrap.wrap(block, width, break_on_hyphens=False) or [""]
            for block in blocks
        ]
        return "\n".join(f"{indent}{line}" for lines in wide for line in lines)


def _example(line: str, width: int) -> list[str]:
    """A line with a command and what it does; where there is no room for both, the latter stands below."""
    command, _, told = line.strip().partition("  ")
    start = line[: len(line) - len(line.lstrip())]
    if len(line) <= width:
        return [line]
    if not told:
        return (
            [line] if command.startswith("ablate ") else [" " * BELOW + text for text in textwrap.wrap(command, width - BELOW)]
        )
    return [f"{start}{command}", *(" " * BELOW + text for text in textwrap.wrap(told, width - BELOW, break_on_hyphens=False))]


class Parser(argparse.ArgumentParser):
    """A parser of one command, whose errors are one line on stderr."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Formatter, **settings)

    def error(self, message: str) -> NoReturn:
        """End with status 2 and one line: argparse's message in our words."""
        from ablate.terminal import complain  # the help can do without what draws tables

        complain(f"{self.prog}: {self._told(message)}")
        self.exit(2)

    @property
    def options(self) -> list[str]:
        """Long names of the options that the help lists."""
        visible = [action for action in self._actions if action.help != argparse.SUPPRESS]
        return [name for action in visible for name in action.option_strings if name.startswith("--")]

    def unknown(self, word: str) -> str:
        """The message for an option that there is not."""
        name = word.partition("=")[0]
        key, _, value = word.lstrip("-").partition("=")
        if any(action.dest == "overrides" for action in self._actions) and key.partition(".")[0] in (*KEYS, "hydra"):
            return f"{key} is no option but a key. Write {key}={value or 'VALUE'} without dashes."
        known = [option for action in self._actions for option in action.option_strings]
        near = did_you_mean(name, known) or did_you_mean(f"--{name.lstrip('-')}", known)
        listed = ", ".join(option for option in self.options if option != "--help")
        return f"Unknown option {shown(name)}. Choose from {listed}, --help.{near}"

    def _told(self, message: str) -> str:
        if found := re.match(r"unrecognized arguments: (.*)", message, re.DOTALL):
            words = found[1].split(" ")
            option = next((word for word in words if word.startswith("-")), None)
            return self.unknown(option) if option is not None else f"Unexpected word {shown(words[0])}. See {self.prog} --help."
        if found := re.match(r"argument (\S+): invalid (\w+) value: (.*)", message, re.DOTALL):
            return f"{self._name(found[1])} must be {KINDS.get(found[2], 'valid')}, got {found[3]}."
        if found := re.match(r"argument (\S+): invalid choice: '(.*)' \(choose from", message, re.DOTALL):
            choices = next((action.choices for action in self._actions if self._is(action, found[1])), None) or ()
            return one_of(self._name(found[1]), found[2], choices)
        if found := re.match(r"argument (\S+): expected (\w+) arguments?", message):
            action = next(action for action in self._actions if self._is(action, found[1]))
            values = action.metavar if isinstance(action.metavar, tuple) else (action.metavar or action.dest.upper(),)
            name, listed = self._name(found[1]), " ".join(map(str, values))
            return f"{name} needs {'a value' if len(values) == 1 else f'{len(values)} values'}: {name} {listed}."
        if found := re.match(r"argument (\S+): (must be .*)", message, re.DOTALL):
            return f"{self._name(found[1])} {found[2]}"
        if found := re.match(r"argument (\S+): not allowed with argument (\S+)", message):
            return f"{self._name(found[1])} cannot be combined with {self._name(found[2])}. Leave one of them out."
        if found := re.match(r"argument (\S+): ignored explicit argument (.*)", message, re.DOTALL):
            return f"{self._name(found[1])} takes no value, got {found[2]}."
        if found := re.match(r"the following arguments are required: (.*)", message):
            return f"{found[1]} is missing. Write {self.prog} {found[1]}."
        return message[:1].upper() + message[1:]

    def _name(self, names: str) -> str:
        """The long one of `--config-dir/-cd`."""
        return next((name for name in names.split("/") if name.startswith("--")), names)

    def _is(self, action: argparse.Action, names: str) -> bool:
        return names in ("/".join(action.option_strings), action.metavar, action.dest)


class Once(argparse.Action):
    """Keeps the value of an option that may be given once."""

    def __call__(
        self, parser: argparse.ArgumentParser, options: argparse.Namespace, value: Any, name: str | None = None
    ) -> None:
        """Refuse a second one."""
        if getattr(options, f"_given_{self.dest}", False):
            parser.error(f"{name} is given twice. Keep one of them.")
        setattr(options, f"_given_{self.dest}", True)
        setattr(options, self.dest, value)


def a_path(text: str) -> Path:
    """The type of options that take a path: an empty one, as of an unset variable, would be the current folder."""
    if not text.strip():
        raise ValueError
    return Path(text)


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    """The option that every command with overrides has."""
    parser.add_argument("--config-dir", "-cd", metavar="DIR", action=Once, help="a folder with configs of your own")
