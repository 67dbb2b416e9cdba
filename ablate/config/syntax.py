"""Words of a command line in Hydra's grammar of overrides: read, or told where they cannot be and how to write them."""

import re
import shlex
from functools import cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, ElementType, Override, RangeSweep
from hydra.grammar.gen.OverrideLexer import OverrideLexer
from hydra.grammar.gen.OverrideParser import OverrideParser

from ablate.config import hydra_private
from ablate.config.range_syntax import numbers
from ablate.errors import AblateError, nearest

# Characters that look like one of the grammar, and what was meant. They come from word processors, chats and web pages.
LOOKALIKES = {
    **dict.fromkeys("\u00a0\u2007\u202f\u3000\u2009", ("a no-break or wide space", " ")),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u00ad", ("a character without width", "")),
    **dict.fromkeys("\u2212\u2010\u2011\u2013\u2014\uff0d", ("a dash other than '-'", "-")),
    **dict.fromkeys("\u2018\u2019\u201a\u2032\u0060\u00b4", ("a curly quote", "'")),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", ("a curly quote", '"')),
    "\uff0c": ("a wide comma", ","),
    "\uff1d": ("a wide equals sign", "="),
    "\u2026": ("an ellipsis", "..."),
    "\n": ("a line break", ""),
    "\r": ("a carriage return", ""),
}
DASHES = tuple(character for character, (_, meant) in LOOKALIKES.items() if meant == "-")
FUNCTIONS = {
    "range": "range(START,STOP,STEP)",
    "interval": "interval(LOW,HIGH)",
    "choice": "choice(A,B)",
    "tag": "tag(log,interval(LOW,HIGH))",
    "shuffle": "shuffle(A,B)",
    "sort": "sort(A,B)",
    "glob": "glob(*)",
    "int": "int(VALUE)",
    "float": "float(VALUE)",
    "str": "str(VALUE)",
    "bool": "bool(VALUE)",
}
CLOSING = {"(": ")", "[": "]", "{": "}"}
# Keys whose values are never text, so that nobody is told to quote them.
WITHOUT_TEXT = (
    *("lr", "batch_size", "seed", "eval_every", "ema_decay", "ema_warmup", "steps", "epochs", "diverged_loss", "resolution"),
    *(
        "retune",
        "retune_rates",
        "retune_seeds",
        "threads",
        "workers",
        "retries",
        "fail_fast",
        "watch",
        "progress",
        "tensorboard",
        "tensorboard_every",
    ),
)
BRACES = re.compile(r"([^=\s]+)=\{(.*)\}", re.DOTALL)  # as bash expands them, where no quotes keep it from doing so
PARTLY = re.compile(r"([^=\s]+)=([\w./-]*)\{([^{}=:]+)\}([\w./-]*)")  # the same within a value
DOTS = re.compile(r"(-?\d+)\.\.(-?\d+)")
DEEPEST = 1000  # brackets of a word
LONGEST = 100  # characters of a word that a message repeats


def key_of(word: str) -> str:
    """The key that a word of the command line sets: `lr` of `lr=0.1` and of `+lr=0.1`."""
    return word.lstrip("+").partition("=")[0]


def parse(word: str, after: str | None = None) -> Override:
    """One word, parsed.

    Args:
        after: the word behind it, from which the intended one can often be told.

    Raises:
        AblateError: the word, the character and how to write it.
    """
    if max(map(word.count, CLOSING)) > DEEPEST:
        raise AblateError(f"Cannot read {visible(word)}: it has more than {DEEPEST} brackets.")
    try:
        return _parser().parse_override(word)
    except AblateError:
        raise
    except Exception as error:  # antlr's, Hydra's, ValueError for 5,000 digits, RecursionError for as many brackets
        if isinstance(error.__cause__, AblateError):  # of a function within the word
            raise AblateError(f"Cannot read {visible(word)}: {error.__cause__}") from None
        raise AblateError(_explained(word, after, error)) from None


def parses(word: str) -> bool:
    """Whether a word is in the grammar."""
    try:
        _parser().parse_override(word)
    except Exception:
        return False
    return True


def visible(word: str) -> str:
    """A word as a message shows it: on one line, in quotes where it would not be seen whole otherwise."""
    short = word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…"
    return short if short and short.isprintable() and " " not in short else repr(short)


def quoted(word: str) -> str:
    """The word in a form that a shell takes as it stands."""
    return shlex.quote(word)


@cache
def _parser() -> OverridesParser:
    parser = OverridesParser.create()
    del parser.functions.definitions["sort"], parser.functions.functions["sort"]
    parser.functions.register("sort", _sort)
    return parser


def _sort(*args: ElementType | ChoiceSweep | RangeSweep, reverse: bool = False) -> Any:
    """As Hydra's own, which gives other numbers where a range does not end a whole step behind its last one."""
    if len(args) == 1 and isinstance(args[0], RangeSweep):
        found: list[Any] = sorted(numbers(args[0]), reverse=reverse)
        return ChoiceSweep(list=found)
    return hydra_private.sort(*args, reverse=reverse)


def _explained(word: str, after: str | None, error: Exception) -> str:
    key, equals, value = word.partition("=")
    if not word.strip():
        return "Cannot read an empty word, perhaps from an unset shell variable in quotes. Leave it out."
    if not equals:
        return f"Cannot read {visible(word)}. Write KEY=VALUE."
    for number, character in enumerate(word, start=1):
        if character in LOOKALIKES and not _in_quotes(word, number - 1):
            return _lookalike(word, number)
    if isinstance(error, RecursionError):
        return f"Cannot read {visible(word)}: it has too many nested brackets."
    braces = BRACES.fullmatch(word)
    if braces and "{" not in braces[2] and ":" not in braces[2]:
        return _braces(word, braces[1], braces[2])
    partly = PARTLY.fullmatch(word)
    if partly and (inner := _expanded(partly[3])):
        meant = f"{key}={','.join(f'{partly[2]}{each}{partly[4]}' for each in inner)}"
        return f"Cannot read {visible(word)}. Write {visible(meant)}."
    if value.startswith("~"):
        return f"Cannot read {visible(word)}: the shell did not expand '~'. Write {visible(f'{key}=$HOME{value[1:]}')}."
    if after is not None and "=" not in after and value.rstrip().endswith(","):
        joined = f"{word.rstrip()}{after.strip()}"
        return f"{visible(word)} ends with a comma, and {visible(after)} stands alone. Write {visible(joined)} without spaces."
    place = _place(word)
    if place is None:
        return _function(word, error)
    if place >= len(word.rstrip()):
        return f"Cannot read {visible(word)}: {_unfinished(word)}"
    if word[place] in "'\"":
        at = f"the quote {word[place]} at character {place + 1}"
        return f"Cannot read {visible(word)}: {at} is not closed, or stands within the value.{_hint(word)}"
    if place < len(key):
        character = word[place]
        return (
            f"Cannot read {visible(word)}: {_named(character)} at character {place + 1} cannot be in a key. "
            "Keys have letters from a to z, digits, and _ . / between them."
        )
    return f"Cannot read {visible(word)}: {_named(word[place])} at character {place + 1} is not expected there.{_hint(word)}"


def _named(character: str) -> str:
    return f"'{character}'" if character.isprintable() and character != "'" else repr(character)


def _lookalike(word: str, number: int) -> str:
    what, _ = LOOKALIKES[word[number - 1]]
    meant = "".join(LOOKALIKES.get(character, ("", character))[1] for character in word).strip()
    advice = f"Write {quoted(meant)}." if parses(meant) else "Type it anew."
    at = f"U+{ord(word[number - 1]):04X}, {what}"
    keep = "" if what.startswith("a curly") else _quoting(word)
    return (
        f"Cannot read {visible(word)}: character {number} is {at}. {advice}{keep and f' If it belongs to the value, {keep}.'}"
    )


def _in_quotes(word: str, place: int) -> bool:
    """Whether a place lies within a quoted value, where every character may be."""
    value = word.partition("=")[2]
    start = len(word) - len(value)
    return len(value) > 1 and value[0] in "'\"" and value[-1] == value[0] and place > start


def _braces(word: str, key: str, inner: str) -> str:
    dots = DOTS.fullmatch(inner)
    if dots:
        first, last = int(dots[1]), int(dots[2])
        step = 1 if last >= first else -1
        more = f",{step}" if step < 0 else ""
        return f"Cannot read {visible(word)}. Write '{key}=range({first},{last + step}{more})'."
    return f"Cannot read {visible(word)}. Write {key}={inner} for several values."


def _expanded(inner: str) -> list[str]:
    """What braces stand for, as bash expands {a,b} and {1..3}; empty where they are neither, or stand for more than 20."""
    dots = DOTS.fullmatch(inner)
    if dots:
        first, last = int(dots[1]), int(dots[2])
        step = 1 if last >= first else -1
        return list(map(str, range(first, last + step, step))) if abs(last - first) < 20 else []
    return inner.split(",") if "," in inner and all(inner.split(",")) else []


def _unfinished(word: str) -> str:
    """What a word that ends too early lacks."""
    waiting: list[str] = []
    quote = ""
    for character in word.partition("=")[2]:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in CLOSING:
            waiting.append(CLOSING[character])
        elif waiting and character == waiting[-1]:
            waiting.pop()
    if quote:
        return f"the quote {quote} is not closed."
    if word.rstrip().endswith(","):
        return "it ends with a comma. Write the values without spaces, as in a,b."
    if waiting:
        return f"it has no closing '{waiting[-1]}'.{_hint(word)}"
    return f"it ends too early.{_hint(word)}"


def _function(word: str, error: Exception) -> str:
    """What is wrong with a call, such as interval(0.1); or with a number that has too many digits."""
    if "digits" in str(error):
        return f"Cannot read {visible(word)}: the number has too many digits."
    names: list[str] = re.findall(r"([A-Za-z_][\w-]*)\s*\(", word.partition("=")[2])
    for name in names:
        if name not in FUNCTIONS:
            near = nearest(name, FUNCTIONS)
            meant = f" Did you mean {FUNCTIONS[near]}?" if near else _hint(word)
            return f"Unknown function '{name}' in {visible(word)}. Choose from {', '.join(FUNCTIONS)}.{meant}"
    if names:
        return (
            f"Cannot read {visible(word.lstrip('+'))}. Write {' and '.join(dict.fromkeys(FUNCTIONS[name] for name in names))}."
        )
    return f"Cannot read {visible(word)}.{_hint(word)}"


def _hint(word: str) -> str:
    """The sentence that says how to quote the value; empty where that would not help."""
    advice = _quoting(word)
    return f" To take it as text, {advice}." if advice else ""


def _quoting(word: str) -> str:
    key, _, value = word.partition("=")
    inner = value.strip().strip("'\"")
    if key.lstrip("+~") in WITHOUT_TEXT or len(word) > LONGEST or not inner.isprintable():
        return ""
    for mark in ('"', "'"):
        if mark not in inner and not inner.endswith("\\"):
            meant = f"{key}={mark}{inner}{mark}"
            if parses(meant):
                return f"quote the value: {quoted(meant)}"
    return ""


class _Listener(ErrorListener):  # type: ignore[misc]
    """Keeps where the first error is."""

    def __init__(self) -> None:
        self.place: int | None = None

    def syntaxError(  # noqa: N802 (antlr's name)
        self, recognizer: Any, symbol: Any, line: Any, column: int, message: str, error: Any
    ) -> None:
        if self.place is None:
            self.place = column


def _place(word: str) -> int | None:
    """The character, counted from 0, at which the grammar gives up; None where the word is in it, but not its functions."""
    listener = _Listener()
    lexer = OverrideLexer(InputStream(word))
    lexer.removeErrorListeners()
    lexer.addErrorListener(listener)
    parser = OverrideParser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    try:
        parser.override()  # type: ignore[no-untyped-call]
    except Exception:
        return listener.place
    return listener.place
