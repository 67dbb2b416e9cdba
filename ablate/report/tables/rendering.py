"""Tables of text as Markdown, and frames as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ablate import escaping
from ablate.report.tables.table import Table


def csv(frame: pd.DataFrame, exact: bool = False) -> str:
    """A frame as CSV: full precision less the noise of binary fractions, empty where missing.

    Text that a spreadsheet would run has an apostrophe before it; see `escaping.cell`.

    Args:
        exact: whether numbers have all their digits, so that they are the same where they are read again.
    """
    told = pd.DataFrame({place: _cells(frame.iloc[:, place]) for place in range(frame.shape[1])}, index=frame.index)
    headings = [_cell(name) for name in frame.columns]
    return str(told.to_csv(index=False, header=headings, float_format=None if exact else "%.10g"))


def _cells(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column with its texts escaped; numbers stay as they are."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return values
    return values.astype("object").map(_cell)


def _cell(value: Any) -> Any:
    return escaping.cell(value) if isinstance(value, str) else value


def markdown(text: pd.DataFrame, words: Sequence[str] = ()) -> str:
    """A frame of text as a Markdown table, numbers to the right; the first column and those in `words` to the left."""
    left = {text.columns[0], *words}
    rows = [_row(text.columns), ["---" if name in left else "---:" for name in text.columns]]
    rows += [_row(row) for row in text.to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def bullets(lines: Iterable[str]) -> str:
    """Lines as a Markdown list; empty without any."""
    return "".join(f"- {escaping.markdown(line)}\n" for line in lines)


def document(title: str, tables: Iterable[Table], opening: Iterable[str] = (), read: Mapping[str, Iterable[str]] = {}) -> str:
    """Tables as one Markdown file, each with its notes.

    Args:
        opening: lines under the title. read: lines that stand between a table and its notes, by the table's name.
    """
    parts = [f"# {escaping.markdown(title)}\n", bullets(opening)]
    for table in tables:
        parts.append(f"## {escaping.markdown(table.title)}\n\n{markdown(table.text, table.words)}")
        parts += [bullets(read.get(table.name, ())), bullets(table.notes)]
    return "\n".join(part for part in parts if part)


def _row(cells: Sequence[str] | pd.Index) -> list[str]:
    return [escaping.markdown(str(cell)) for cell in cells]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as JSON-able content: a row each; what is missing is None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
