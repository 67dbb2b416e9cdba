"""Text from outside, made safe to read: one function for each medium that the project writes to.

Names of levels, studies, arms, classes and folders, messages of errors, and all that a store or sweep from elsewhere says are
text from outside. Whatever writes such text to a medium passes it through that medium's function here, and nothing else does
so: `visible` first, which is the same for all, then what the medium alone takes for its own.
"""

import os
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Sequence

SHOWN = "\N{REPLACEMENT CHARACTER}"  # in place of what cannot be seen, or does something else than being seen
CUT = "…"  # where a text goes on
# Letters that run from right to left, and marks that stand with them.
_LEFTWARD = (
    "\u0590-\u061b\u061d-\u070e\u0710-\u08e1\u08e3-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff"
)
_LEFTWARD_RUN = rf"[{_LEFTWARD}](?:[ _.,'\"/-]*[{_LEFTWARD}]|[\u200c\u200d][{_LEFTWARD}])*"
_LEFTWARD_WORDS = re.compile(rf"\u2068?(?P<words>{_LEFTWARD_RUN})\u2069?")
_PICTURES = "\u203c-\u3299\U0001f000-\U0001faff"
_JOINED_LETTERS = "\u0600-\u061b\u061d-\u06ff\u0750-\u077f\u0900-\u0dff"
# What is kept of what has no width: it makes one picture of several, or sets how a letter is joined to the next.
_KEPT = (
    rf"(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])|(?<=[{_PICTURES}])[\ufe0e\ufe0f]"
    rf"|(?<=[{_JOINED_LETTERS}])[\u200c\u200d](?=[{_JOINED_LETTERS}])|\u2068{_LEFTWARD_RUN}\u2069"
)
_LINES = r"[\t\n\r\u2028\u2029]+"
# Controls (C0 and C1), lone surrogates, what no character stands for, what sets a direction, and what has no width.
_UNSEEN = (
    "[\\x00-\\x1f\\x7f-\\x9f\ud800-\udfff\u00ad\u034f\u061c\u070f\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(chr(0x10000 * plane + 0xFFFE) + chr(0x10000 * plane + 0xFFFF) for plane in range(1, 17))
    + "]"
)
_MARK = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
MOST_MARKS = 4  # on one letter; more would reach into other lines
_HOSTILE = re.compile(rf"(?P<kept>{_KEPT})|(?P<lines>{_LINES})|(?P<marks>(?<={_MARK}{{{MOST_MARKS}}}){_MARK}+)|{_UNSEEN}")


def visible(text: str) -> str:
    """Text on one line in which all is seen: what does not show, or acts on what stands around it, is shown as `�`.

    That is controls with the sequences of terminals that begin with one, directions, characters of no width, lone surrogates,
    characters that XML does not have, and marks that pile up on one letter. Breaks of lines become spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HOSTILE.sub(_shown, text)


def _shown(found: "re.Match[str]") -> str:
    return found["kept"] or (" " if found["lines"] else SHOWN)


def plain(text: str) -> str:
    """`visible` text, with words that run from right to left set apart, so that they turn no number beside them around."""
    if text.isascii() and text.isprintable():
        return text
    return set_apart(visible(text))


def set_apart(text: str) -> str:
    """Text with each run of words from right to left between marks that keep their direction to themselves (FSI, PDI)."""
    return _LEFTWARD_WORDS.sub("\u2068\\g<words>\u2069", text)


def shortened(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """Text of at most so many letters, with a mark where it was cut; never within a number.

    Args:
        size: how many letters a text counts as.
    """
    if size(text) <= most:
        return text
    kept, rest = "", text
    while size(kept + rest[0] + CUT) <= most:
        kept, rest = kept + rest[0], rest[1:]
    if rest[0].isalnum() or rest[0] in ".,":
        kept = _HALF_A_NUMBER.sub("", kept)
    return f"{kept.rstrip()}{CUT}"


_HALF_A_NUMBER = re.compile(r"[+−-]?\d[\d.,]*$")


def terminal(text: str) -> str:
    """Text as a line of a terminal, or of a log that a terminal may show."""
    return plain(text)


def terminal_lines(text: str) -> str:
    """Text of several lines for a terminal, such as a traceback."""
    return "\n".join(map(plain, text.splitlines()))


def html(text: str) -> str:
    """Text for an element or attribute of HTML or XML, whose own signs whoever puts it there escapes."""
    return plain(text)


def figure(text: str) -> str:
    """Text in a figure, whose fonts have no signs for directions: these are set apart where the SVG is written."""
    return visible(text)


def cell(text: str) -> str:
    """Text as a cell of CSV: one that a spreadsheet would run has an apostrophe before it, a number stays one.

    `text.removeprefix("'")` of what matches `^'+[=+@-]` gives it back.
    """
    seen = visible(text)
    return f"'{seen}" if _RUN.match(seen) and not _NUMBER.fullmatch(seen) else seen


_RUN = re.compile(r"\s*'*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan)", re.IGNORECASE)


# Markdown

_MARKUP = re.compile(
    r"[\\`*|~$\[\]]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])"  # no _ between letters means a thing
    r"|(?<=\w)@(?=\w)|(?i:(?<=\bhttp)|(?<=\bhttps)|(?<=\bftp)):(?=//)|(?i:(?<=\bmailto)|(?<=\bxmpp)):|(?i:(?<=\bwww))\."
)
_BLOCK = re.compile(r"^(\d{0,9})(>|=(?==*$)|-(?=-)|[#+.)-](?=[\s#]|$))")


def markdown(text: str) -> str:
    """Text as Markdown sets it, on one line: no sign in it is taken for markup, whether it begins the line or stands in it."""
    return _BLOCK.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", plain(text).strip()))


def markdown_code(text: str) -> str:
    """A piece of code within a line of Markdown."""
    seen = visible(text)
    fence = _fence(seen, 1)
    room = " " if seen.startswith(("`", " ")) or seen.endswith(("`", " ")) else ""
    return f"{fence}{room}{seen}{room}{fence}"


def markdown_block(lines: Iterable[str]) -> str:
    """Lines of code as a block of Markdown."""
    text = "\n".join(map(visible, lines))
    fence = _fence(text, 3)
    return f"{fence}\n{text}\n{fence}"


def _fence(text: str, least: int) -> str:
    """More backticks than stand together in a text."""
    return "`" * max(least, 1 + max((len(run) for run in re.findall("`+", text)), default=0))


# LaTeX

_SPECIAL = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "''",
    "[": "{[}",  # after the end of a row it would begin a length
    "*": "{*}",  # and this would forbid a page break
    "→": r"$\to$",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "†": r"$\dagger$",
    "–": "--",
    "…": r"\ldots{}",
    "\u2060": "{}",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
}
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030a": "r",
    "\u030c": "v",
    "\u0327": "c",
}
_LIGATURES = re.compile("(?<=-)(?=-)|(?<=[?!])(?=`)|(?<=')(?=')|(?<=`)(?=`)|(?<=,)(?=,)")  # two signs that LaTeX makes one of
_APART = "\u2060"  # between them: a word joiner, which no visible text has


def latex(text: str) -> str:
    """Text as LaTeX sets it. Letters with the usual accents stay; what pdfLaTeX has no sign for is named by its code."""
    return "".join(map(_sign, _LIGATURES.sub(_APART, unicodedata.normalize("NFC", visible(text)))))


def _sign(sign: str) -> str:
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    if sign.isspace():
        return " "
    if sign.isascii():
        return sign
    letter, *accents = list(unicodedata.normalize("NFD", sign))
    if letter.isascii() and len(accents) == 1 and accents[0] in _ACCENTS:
        return f"\\{_ACCENTS[accents[0]]}{{{letter}}}"
    return f"U+{ord(sign):04X}"


# commands


def command(words: Sequence[str]) -> str:
    """Words as one line of a shell (bash, zsh) that gives just these words and runs nothing else, wherever it is shown.

    A word with anything in it that a medium would show otherwise than it is stands between `$'` and `'`, by its bytes.
    """
    return " ".join(map(_word, words))


def _word(word: str) -> str:
    if plain(word) == word:
        return f"'{word}'" if word.startswith("=") and shlex.quote(word) == word else shlex.quote(word)
    return f"$'{''.join(map(_byte, os.fsencode(word) if _is_of_system(word) else word.encode('utf-8', 'surrogatepass')))}'"


def _is_of_system(word: str) -> bool:
    """Whether all lone surrogates in it stand for bytes of a name on disk that are no text."""
    return not re.search("[\ud800-\udc7f\udd00-\udfff]", word)


def _byte(byte: int) -> str:
    sign = chr(byte)
    if sign in "'\\":
        return f"\\{sign}"
    return sign if sign.isascii() and sign.isprintable() else f"\\x{byte:02x}"
