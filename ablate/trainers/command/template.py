"""The words of a command with their placeholders: `{lr}` stands for a value, `{{` for a brace."""

import re
from collections.abc import Iterable, Mapping

from ablate.config.own import GIVEN
from ablate.errors import AblateError, did_you_mean

_PLACEHOLDER = re.compile(r"\{\{|\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}", re.ASCII)


def names(words: Iterable[str]) -> list[str]:
    """The placeholders in words, each once.

    Examples:
        >>> from ablate.trainers.command.template import names
        >>> names(["--lr={lr}", "{seed}{lr}", "{print $1}", "{{trick}"])
        ['lr', 'seed']
    """
    found = (match[1] for word in words for match in _PLACEHOLDER.finditer(word))
    return list(dict.fromkeys(name for name in found if name is not None))


def filled(word: str, values: Mapping[str, str]) -> str:
    """A word with the values of its placeholders.

    Examples:
        >>> from ablate.trainers.command.template import filled
        >>> filled('{{"lr": {lr}}', {"lr": "1e-3"})
        '{"lr": 1e-3}'
    """
    return _PLACEHOLDER.sub(lambda match: "{" if match[1] is None else values[match[1]], word)


def check(words: Iterable[str], values: Mapping[str, str], by_environment: bool) -> None:
    """Refuse placeholders that stand for nothing, and values that reach no command.

    Args:
        values: the user's, by key.
        by_environment: whether the command takes them from the environment, too.

    Raises:
        AblateError: names the first of them.
    """
    used = names(words)
    for name in used:
        if name not in values and name not in GIVEN:
            near = did_you_mean(name, (*values, *GIVEN))
            raise AblateError(
                f"{{{name}}} in the command has no value. Give {name}=VALUE, or write {{{{{name}}} for these characters.{near}"
            )
    for name in () if by_environment else values:
        if name not in used:
            near = did_you_mean(name, [each for each in used if each not in values])
            raise AblateError(
                f"{name} does not reach the command. Write {{{name}}} where its value belongs, or add trainer.env=true if the "
                f"command reads {variable(name)}.{near}"
            )
    if "seed" not in used and not by_environment:
        raise AblateError(
            "seed does not reach the command, so all seeds would give the same. Write {seed} where it belongs, or add "
            "trainer.env=true if the command reads ABLATE_SEED."
        )


def variable(name: str) -> str:
    """The variable of the environment in which a command finds a value: `ABLATE_MODEL_DEPTH` for `model.depth`."""
    return f"ABLATE_{name.replace('.', '_').upper()}"
