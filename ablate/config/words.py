"""The words of a command line one by one: each is KEY=VALUE, or is told what it looks like instead."""

from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from ablate.config import own_configs
from ablate.config.own_configs import KEYS, STUDY
from ablate.config.references import FILES, FOLDERS
from ablate.config.syntax import DASHES, parse, quoted, visible
from ablate.errors import UsageError
from ablate.system import commands


def parsed(words: Sequence[str]) -> list[Override]:
    """Words, parsed.

    Raises:
        UsageError: one is no KEY=VALUE.
        AblateError: one is not in the grammar.
    """
    return [_parsed(word, number, words) for number, word in enumerate(words)]


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
    if equals and key.lstrip("+") in (*FOLDERS, *FILES, "question", "name", "note"):
        whole = quoted(f'{key}="{value} {word}"')
        return f"{visible(word)} stands alone. If it belongs to {key}, quote the value: {whole}."
    known = [group for group in sorted(own_configs.groups()) if word in own_configs.levels(group)]
    meant = f" Did you mean {' or '.join(f'{group}={word}' for group in known)}?" if known and len(known) < 4 else ""
    return f"Cannot read {visible(word)}. Write KEY=VALUE.{meant}"
