"""Tables of text as Markdown and for the terminal, and frames as CSV."""

import re
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.table import Table as RichTable
from rich.text import Text

GAP = 2  # characters between columns of the terminal
NAME_WIDTH = 24  # characters that the names in the first column get at least before columns are dropped
WORDS_WIDTH = 16  # the same for other columns of words


def csv(frame: pd.DataFrame) -> str:
    """A frame as CSV: full precision less the noise of binary fractions, empty where missing."""
    return str(frame.to_csv(index=False, float_format="%.10g"))


_SIGNS = re.compile(
    r"[\\`*|~$\[\]]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])"
)  # no _ between letters means a thing
_BLOCK = re.compile(r"^(\d{0,9})([#+>.)-])(?=[\s#]|$)")


def escape(text: str) -> str:
    """Text as Markdown sets it, on one line: no sign in it is taken for markup, whether it begins the line or stands in it."""
    return _BLOCK.sub(r"\1\\\2", _SIGNS.sub(r"\\\g<0>", text.replace("\n", " ")))


def markdown(text: pd.DataFrame, words: Sequence[str] = ()) -> str:
    """A frame of text as a Markdown table, numbers to the right; the first column and those in `words` to the left."""
    left = {text.columns[0], *words}
    rows = [list(map(escape, text.columns)), ["---" if name in left else "---:" for name in text.columns]]
    rows += [list(map(escape, row)) for row in text.to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def terminal(
    text: pd.DataFrame, width: int | None, words: Sequence[str] = (), spare: Sequence[str] = ()
) -> tuple[RichTable, list[str]]:
    """A frame of text as a table for the terminal, and the columns that it has no room for.

    Args:
        width: in characters; None for as much as the table needs. Names and words wrap, numbers never do.
        words: the columns, besides the first, that hold words.
        spare: the columns that a narrow terminal goes without, in that order.
    """
    kept = list(text.columns)
    dropped: list[str] = []
    wrapping = {kept[0]: NAME_WIDTH, **dict.fromkeys(words, WORDS_WIDTH)}
    widths = {name: max(len(name), *text[name].str.len()) for name in kept}
    widths |= {name: min(widths[name], most) for name, most in wrapping.items()}
    for name in spare:
        if width is not None and name in kept and sum(widths[other] + GAP for other in kept) - GAP > width:
            kept.remove(name)
            dropped.append(name)
    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for name in kept:
        table.add_column(
            name,
            justify="left" if name in wrapping else "right",
            no_wrap=name not in wrapping or width is None,
            overflow="fold",
            min_width=None if name in wrapping else widths[name],
        )
    for row in text[kept].to_numpy().tolist():
        table.add_row(*(Text(cell) for cell in row))
    return table, dropped
