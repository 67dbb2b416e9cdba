"""What the program writes to a terminal: lines and tables, from 40 columns on, with nothing in them that a terminal would obey.

Numbers are never cut and the names of rows never left out; what there is no room for is told.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ablate import escaping

OLD_WIDTH = 80
GAP = 2  # characters between columns
NAME_WIDTH = 24  # characters that names get at least before columns are dropped
WORDS_WIDTH = 16  # the same for other columns of words
LEAST_WORDS = 10  # characters of a column of words; where there is less room each row becomes a few lines
INDENT, BETWEEN = 2, " · "  # of the lines of such a row

Styled: TypeAlias = Text  # what `styled` makes


@dataclass(frozen=True)
class Column:
    """A column of a table.

    cells: as they are read; those of numbers stay whole. words: whether they are words, which wrap, and stand on the left.
    name: whether they name the rows; where no column does, the first is taken for it. spare: rank in the order in which a
    narrow terminal goes without columns, 1 first; 0 for what it keeps. styles: of the cells. drawn: what is shown in place of
    the cells, which then say how wide that is.
    """

    heading: str
    cells: tuple[str, ...]
    words: bool = False
    name: bool = False
    spare: int = 0
    styles: tuple[str, ...] = ()
    drawn: tuple[RenderableType, ...] = ()

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The cells as a terminal gets them."""
        return tuple(map(escaping.terminal, self.cells))

    @cached_property
    def whole(self) -> int:
        """How wide it is where nothing wraps."""
        return max(cell_len(escaping.terminal(self.heading)), *map(cell_len, self.shown), 1)

    @property
    def usual(self) -> int:
        """How wide it is at least while other columns could be dropped."""
        wraps_from = max(NAME_WIDTH if self.name else WORDS_WIDTH, cell_len(escaping.terminal(self.heading)))
        return min(self.whole, wraps_from) if self.words else self.whole

    @cached_property
    def least(self) -> int:
        """How wide it has to be at least, with its heading wrapped."""
        heading = _longest(self.heading)
        if not self.words:
            return max(heading, *map(cell_len, self.shown), 1)
        numbers = max(
            (_longest(" ".join(word for word in cell.split() if _has_digits(word))) for cell in self.shown), default=0
        )
        return min(self.usual, max(LEAST_WORDS, heading, numbers))

    def rich(self, row: int) -> RenderableType:
        """A cell as it is drawn."""
        return self.drawn[row] if self.drawn else Text(self.shown[row], self.styles[row] if self.styles else "")


class Terminal(Console):
    """A console that takes no text for markup, and shows none that a terminal would obey; in a notebook it prints lines."""

    def __init__(self, **options: Any) -> None:
        super().__init__(force_jupyter=False, **options)

    def render_str(self, text: str, *, style: object = "", **_: object) -> Text:
        """A string as text; its line breaks stay."""
        return Text("\n".join(map(escaping.terminal, text.split("\n"))), style if isinstance(style, str) else "")


def standard() -> Terminal:
    """Standard output; where COLUMNS gives it no width, in which nothing would be shown, it has that of an old terminal."""
    console = Terminal(highlight=False)
    if console.width < 1:
        console.width = OLD_WIDTH
    return console


def say(console: Console, text: str = "", whole: bool = False) -> None:
    """Print a line; a terminal wraps it between words, and a pipe gets it whole, as does a terminal with `whole`."""
    console.print(Text(escaping.terminal(text)), soft_wrap=whole or not console.is_terminal)


def draw(console: Console, columns: Sequence[Column]) -> list[str]:
    """Print a table, as wide as the terminal allows and whole in a pipe; the columns that there was no room for."""
    drawn, dropped = table(columns, console.width if console.is_terminal else None)
    if not console.is_terminal:
        console.width = max(console.width, console.measure(drawn, options=console.options.update(width=10_000)).maximum)
    console.print(drawn)
    return dropped


def tell(text: str) -> None:
    """Print one line on standard output, whole."""
    print(escaping.terminal(text))


def complain(text: str) -> None:
    """Print on standard error, in one line, what went wrong."""
    print(escaping.terminal(text), file=sys.stderr)


def left_out(columns: Sequence[str]) -> str:
    """What is said of columns that a terminal has no room for."""
    return f"left out at this width: {', '.join(columns)}"


def one_line(text: str, width: int, style: str = "") -> Text:
    """Text on one line of a terminal, with a mark where it was cut, which is never in a number."""
    return Text(escaping.terminal(escaping.shortened(escaping.visible(text), width, cell_len)), style, no_wrap=True)


def wrapped(text: str) -> Text:
    """Text that wraps between words."""
    return Text(escaping.terminal(text), overflow="fold")


def styled(text: str = "", style: str = "", whole: bool = False) -> Styled:
    """A piece of a line with a style; with `whole` it does not wrap."""
    return Text(escaping.terminal(text), style, no_wrap=whole or None)


def folded(text: str, width: int, indent: int) -> Styled:
    """Text on lines of at most so many characters behind an indent, broken between words."""
    lines = Text(escaping.terminal(text)).wrap(Terminal(width=width), width)
    return Text("\n".join(" " * indent + line.plain.rstrip() for line in lines))


def grid(gap: int, heading: str = "") -> Table:
    """A table without lines. gap: characters between columns. heading: the style of the headings."""
    return Table(box=None, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0), header_style=heading)


def table(columns: Sequence[Column], width: int | None) -> tuple[RenderableType, list[str]]:
    """A table for a terminal, and the headings of the columns that it has no room for.

    Where it is too narrow for a table, each row is a name with a few lines under it.

    Args:
        width: in characters; None for as much as the table needs.
    """
    if not columns:
        return Group(), []
    if not any(column.name for column in columns):
        columns = [_as_name(column, number == 0) for number, column in enumerate(columns)]
    kept, dropped = list(columns), []
    if width is None:
        return _drawn(kept, [column.whole for column in kept]), []
    for spare in sorted((column for column in columns if column.spare), key=lambda column: column.spare):
        if _total(column.usual for column in kept) > width:
            kept.remove(spare)
            dropped.append(spare)
    without = [column.heading for column in dropped if column.heading]  # a bar has none, and says what numbers beside it say
    for size in ("usual", "least"):
        widths = [int(getattr(column, size)) for column in kept]
        if _total(widths) <= width:
            return _drawn(kept, _widened(kept, widths, width)), without
    return _listed(kept, width), without


def _as_name(column: Column, name: bool) -> Column:
    return replace(column, name=name, words=column.words or name)


def _total(widths: Iterable[int]) -> int:
    given = list(widths)
    return sum(given) + GAP * (len(given) - 1)


def _widened(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Widths with the room that is left given to what wraps, one character at a time."""
    wide, room = list(widths), width - _total(widths)
    while room > 0:
        narrow = [place for place, column in enumerate(columns) if wide[place] < column.whole]
        if not narrow:
            break
        for place in narrow[:room]:
            wide[place] += 1
        room -= len(narrow[:room])
    return wide


def _drawn(columns: Sequence[Column], widths: Sequence[int]) -> Table:
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        side: Literal["left", "right"] = "left" if column.words or column.drawn else "right"
        heading = Text(escaping.terminal(column.heading), overflow="fold")
        drawn.add_column(heading, justify=side, width=width, overflow="fold")
    for row in range(len(columns[0].cells)):
        drawn.add_row(*(column.rich(row) for column in columns))
    return drawn


def _listed(columns: Sequence[Column], width: int) -> RenderableType:
    """Each row as its name, and under it the other cells with their headings."""
    parts: list[RenderableType] = []
    for row in range(len(columns[0].cells)):
        parts += [wrapped(column.cells[row]) for column in columns if column.name and column.cells[row]]
        lines: list[str] = []
        for column in columns:
            if column.name or column.drawn or not column.shown[row]:
                continue
            told = f"{column.heading} {column.shown[row]}".strip()
            if lines and cell_len(lines[-1]) + cell_len(BETWEEN) + cell_len(told) <= width - INDENT:
                lines[-1] += f"{BETWEEN}{told}"
            else:
                lines.append(told)
        parts += [Padding(wrapped(line), (0, 0, 0, INDENT), expand=False) for line in lines]
    return Group(*parts)


def _longest(text: str) -> int:
    return max((cell_len(word) for word in escaping.terminal(text).split()), default=0)


def _has_digits(word: str) -> bool:
    return any(sign.isdigit() for sign in word)
