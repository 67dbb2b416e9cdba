"""A table of a report: columns of text with the values behind them, and the lines under it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablate import numbers as written
from ablate import terminal


@dataclass(frozen=True)
class Column:
    """A column as readers see it.

    text: the cells. numbers: what they stand for, None for words. words: whether the cells are words, to stand on the left and
    wrap, rather than numbers. spare: rank in the order in which a narrow terminal goes without columns, 1 first; 0 for what it
    keeps.
    """

    heading: str
    text: tuple[str, ...]
    numbers: "pd.Series[Any] | None" = None
    words: bool = False
    spare: int = 0


@dataclass(frozen=True)
class Table:
    """A finished table, whose first column names the rows.

    name: as in a file's name. title: over it. notes: lines under it. section: id of the part of the page that it stands in.
    caption: over it there, where its title would repeat that of the section. folded: closed there until it is opened, as what
    is many rows or decides nothing. only_page: whether the page and the notebook alone have it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    section: str = "more"
    caption: str = ""
    folded: bool = False
    only_page: bool = False

    @property
    def text(self) -> pd.DataFrame:
        """The cells as readers see them, by heading."""
        return pd.DataFrame({column.heading: list(column.text) for column in self.columns}, dtype="str")

    @property
    def values(self) -> pd.DataFrame:
        """What the cells stand for, for the columns that have values, by heading."""
        found = {column.heading: column.numbers for column in self.columns if column.numbers is not None}
        return pd.DataFrame({heading: numbers.reset_index(drop=True) for heading, numbers in found.items()})

    @property
    def drawn(self) -> tuple[terminal.Column, ...]:
        """The columns as a terminal shows them."""
        return tuple(
            terminal.Column(column.heading, column.text, column.words or not number, not number, column.spare)
            for number, column in enumerate(self.columns)
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The headings of the columns of words."""
        return tuple(column.heading for column in self.columns if column.words)


def numeric(heading: str, numbers: "pd.Series[Any]", write: Callable[[Any], str], spare: int = 0) -> Column:
    """A column of numbers, each written by `write`."""
    return Column(heading, tuple(write(value) for value in numbers), numbers, spare=spare)


def wordy(heading: str, cells: Iterable[str], spare: int = 0) -> Column:
    """A column of words."""
    return Column(heading, tuple(cells), words=True, spare=spare)


def shown(text: Iterable[str], heading: str, spare: int = 0) -> Column:
    """A column of numbers that are text already, such as intervals."""
    return Column(heading, tuple(text), spare=spare)


def decimal(heading: str, values: "pd.Series[Any]", places: int, spare: int = 0) -> Column:
    """A column of numbers with so many decimals."""
    return numeric(heading, values, lambda value: written.number(value, places), spare)


def signed(heading: str, values: "pd.Series[Any]", places: int) -> Column:
    """A column of differences with so many decimals."""
    return numeric(heading, values, lambda value: written.signed(value, places))


def intervals(frame: pd.DataFrame, low: str, high: str, places: int, signs: bool = True) -> list[str]:
    """An interval for each row, from the columns of its bounds."""
    return [written.interval(*bounds, places, signs) for bounds in zip(frame[low], frame[high], strict=True)]
