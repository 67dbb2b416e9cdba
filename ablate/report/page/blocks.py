"""What a page is made of: sections of plain blocks, each holding text that is ready to be read."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from ablate.stats.outcomes import SHOWN

TONES = {shown.tone for shown in SHOWN.values()} | {""}  # of a row: its verdict as a color beside the words


@dataclass(frozen=True)
class Table:
    """A table whose rows a reader can sort.

    text: the cells as they are read; the first column names the row.
    caption: what the table shows; every table has one.
    exact: what the cells stand for, by the names of `text`'s columns, all or some of them. Rows are sorted by a value where
    there is one, and pointing at its cell shows it in full. A column without one is sorted by the numbers its cells begin
    with, or else by its text.
    notes: lines under it. folded: closed until it is opened; always open in print. tones: one of `TONES` a row, or none.
    """

    text: pd.DataFrame
    caption: str
    exact: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    folded: bool = False
    tones: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.exact is None or len(self.exact) == len(self.text), "exact has another number of rows than text"
        assert not self.tones or len(self.tones) == len(self.text), "tones have another number of rows than text"
        assert set(self.tones) <= set(TONES), f"tones other than {TONES}"


@dataclass(frozen=True)
class Point:
    """A place in a figure and what pointing at it shows. x, y: in units of the SVG's viewBox, from its upper left corner."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Picture:
    """A figure as SVG. alt: what it shows, for who cannot see it. points: what its values are, where they are drawn."""

    svg: str
    caption: str
    alt: str
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Lines:
    """Sentences, a paragraph each; or with `listed` the items of a list.

    warns: set apart as what must not be overlooked. folded: what stands in their place until they are opened; empty where they
    are always open.
    """

    lines: tuple[str, ...]
    listed: bool = False
    warns: bool = False
    folded: str = ""


@dataclass(frozen=True)
class Code:
    """Commands, a line each, with a button that copies them."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Links:
    """Files that lie beside the page: (path from the page, what is in it)."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Prose:
    """Paragraphs for a paper. parts: (heading or "", text). copied: what its button copies; empty for no button."""

    parts: tuple[tuple[str, str], ...]
    copied: Markup = Markup()  # noqa: RUF009
    label: str = "Copy"


@dataclass(frozen=True)
class Heat:
    """Differences as a table whose cells are shaded.

    columns: the classes. rows: (name, cells); a cell is (text, shade from 0 to 100, whether more is better there, whether it is
    clear of 0). limit: the difference that is shaded most. notes: lines under it.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, bool, bool], ...]], ...]
    limit: str
    notes: tuple[str, ...] = ()


Block = Table | Picture | Lines | Code | Links | Prose | Heat


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading.

    id: what a link to it names, unique in the page. lead: the sentence it opens with. tab: the tab behind which it stands;
    empty for what is always in sight.
    """

    id: str
    title: str
    lead: str = ""
    blocks: tuple[Block, ...] = ()
    tab: str = ""
