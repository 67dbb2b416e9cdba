"""Text and frames of text as LaTeX sets them, with `booktabs` alone."""

import re
import unicodedata
from collections.abc import Sequence

import pandas as pd

NAME_LETTERS, NAME_COLUMN = 24, r"p{0.25\linewidth}"  # longer names wrap, in a column that leaves room for five others
SPECIAL = {
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
HYPHENS, APART = re.compile("-(?=-)"), "-\u2060"  # a word joiner between two of them, so that they make no dash
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030a": "r",
    "\u030c": "v",
    "\u0327": "c",
}


def escape(text: str) -> str:
    """Text as LaTeX sets it. Letters with the usual accents stay; what pdfLaTeX has no sign for is named by its code."""
    return "".join(_sign(sign) for sign in HYPHENS.sub(APART, unicodedata.normalize("NFC", text)))


def _sign(sign: str) -> str:
    if sign in SPECIAL:
        return SPECIAL[sign]
    if sign.isspace() or not sign.isprintable():
        return " "
    if sign.isascii():
        return sign
    letter, *accents = list(unicodedata.normalize("NFD", sign))
    if letter.isascii() and len(accents) == 1 and accents[0] in ACCENTS:
        return f"\\{ACCENTS[accents[0]]}{{{letter}}}"
    return f"U+{ord(sign):04X}"


def tabular(text: pd.DataFrame, left: Sequence[str], foot: str = "") -> str:
    """A frame of text as a `tabular` with the rules of booktabs; columns in `left` to the left, the others to the right.

    Long names in the first column wrap.

    Args:
        foot: a short line under the rows; none where empty.
    """
    wraps = bool(text.iloc[:, 0].str.len().max() > NAME_LETTERS)
    places = ["l" if name in left else "r" for name in text.columns]
    places[0] = NAME_COLUMN if wraps else places[0]
    heads, *cells = [list(map(escape, row)) for row in [list(text.columns), *text.to_numpy().tolist()]]
    rows = [[f"\\raggedright {name}" if wraps else name, *others] for name, *others in cells]
    lines = [f"{' & '.join(row)} \\\\" for row in [heads, *rows]]
    lines = [f"\\begin{{tabular}}{{@{{}}{''.join(places)}@{{}}}}", r"\toprule", lines[0], r"\midrule", *lines[1:]]
    lines.append(r"\bottomrule")
    if foot:
        lines.append(f"\\multicolumn{{{len(places)}}}{{@{{}}l@{{}}}}{{{escape(foot)}}} \\\\")
    lines.append(r"\end{tabular}")
    return "\n".join(lines) + "\n"
