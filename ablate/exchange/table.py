"""Tables of runs as they come: CSV, TSV, JSON lines, Parquet, and data frames, as rows of plain cells."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.errors import AblateError, did_you_mean, shown
from ablate.system.safe_files import reason_of

LISTED = 12  # columns that a message names
Cell = str | bool | int | float | None  # None where it is empty


@dataclass(frozen=True)
class Table:
    """Rows of cells.

    name: as messages call it. rows: cells by column. places: where each row is, as in `line 7`.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Cell]]
    places: Sequence[str]

    def column(self, name: str, option: str) -> list[Cell]:
        """The cells of a column.

        Args:
            option: how the user named it, as in `--seed seed`.

        Raises:
            AblateError: there is no such column.
        """
        if name not in self.columns:
            more = len(self.columns) - LISTED
            listed = ", ".join(self.columns[:LISTED]) + (f", and {more} more" if more > 0 else "")
            raise AblateError(
                f"{self.name} has no column {shown(name)} (from {option.strip()}).{did_you_mean(name, self.columns)} "
                f"Its columns are {listed}."
            )
        return [row.get(name) for row in self.rows]


def read(path: Path) -> Table:
    """The table of a file.

    Raises:
        AblateError: there is no such file, it is of no kind that is known, or no table.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise AblateError(f"{path} must be a table in a file that ends with {', '.join(READERS)}.")
    try:
        columns, rows, places = reader(path)
    except UnicodeDecodeError:
        raise AblateError(f"{path} is not UTF-8. Save it as UTF-8.") from None
    except OSError as error:
        raise AblateError(f"Cannot read {path}: {reason_of(error)}.") from error
    return _checked(Table(path.name, columns, rows, places))


def of_frame(frame: Any) -> Table:
    """The table of a pandas data frame, or of lists by column.

    Raises:
        AblateError: it is neither.
    """
    import pandas as pd

    if isinstance(frame, Mapping):
        try:
            frame = pd.DataFrame(dict(frame))
        except ValueError:
            raise AblateError("The columns of the table must have the same length.") from None
    if not isinstance(frame, pd.DataFrame):
        raise AblateError(f"judge takes a data frame, lists by column, or the path of a table, got {shown(frame)}.")
    if any(name is not None for name in frame.index.names):  # of rows that were grouped
        frame = frame.reset_index()
    frame = frame.set_axis([str(column) for column in frame.columns], axis="columns")
    named = tuple(frame.columns)
    rows = [dict(zip(named, map(_of_frame, cells), strict=True)) for cells in frame.itertuples(index=False, name=None)]
    return _checked(Table("the table", named, rows, [f"row {number}" for number in range(len(frame))]))


def _of_frame(cell: Any) -> Cell:
    import pandas as pd

    if not pd.api.types.is_scalar(cell):
        return str(cell)
    if pd.isna(cell):
        return None
    return _plain(cell.item() if hasattr(cell, "item") else cell)


def _plain(cell: Any) -> Cell:
    """A cell as it is counted; what is no number, text or truth by its text."""
    return cell if cell is None or isinstance(cell, str | bool | int | float) else str(cell)


def _checked(table: Table) -> Table:
    """Refuse what has no rows, or a name twice."""
    twice = [name for name, count in Counter(table.columns).items() if count > 1]
    if twice:
        raise AblateError(f"{table.name} has several columns named {shown(twice[0])}. Rename them.")
    if not table.rows:
        raise AblateError(f"{table.name} has no rows.")
    return table


_Read = tuple[tuple[str, ...], list[dict[str, Cell]], list[str]]


def _separated(path: Path, delimiter: str) -> _Read:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        numbered = _numbered(path, lines)
        header = [name.strip() for name in next(numbered, (0, []))[1]]
        if len(header) == 1 and (other := next((each for each in ";\t," if each in header[0]), None)):
            kind = {";": "semicolons", "\t": "tabs", ",": "commas"}
            raise AblateError(
                f"{path} is separated by {kind[other]}, not by {kind[delimiter]}. Save it with {kind[delimiter]}"
                f"{', or call it .tsv' if other == chr(9) else ''}."
            )
        rows: list[dict[str, Cell]] = []
        places: list[str] = []
        for number, cells in numbered:
            if len(cells) != len(header):
                raise AblateError(f"{path}, line {number}: {len(cells)} cells, but {len(header)} columns. Correct the line.")
            rows.append({name: cell.strip() or None for name, cell in zip(header, cells, strict=True)})
            places.append(f"line {number}")
    return tuple(header), rows, places


def _numbered(path: Path, lines: Any) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, with their numbers."""
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as error:
            if "field limit" in str(error):
                most = f"{csv.field_size_limit():,}"
                raise AblateError(
                    f"{path}, line {lines.line_num}: a cell has more than {most} characters. Shorten it or drop its column."
                ) from None
            raise AblateError(f"{path}, line {lines.line_num}: it cannot be read. Check its quotes.") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield lines.line_num, cells


def _json_lines(path: Path) -> _Read:
    columns: dict[str, None] = {}
    rows, places = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)  # levels as they were written
        except ValueError:
            raise AblateError(f"{path}, line {number}: not JSON. Put one object on each line.") from None
        if not isinstance(row, dict):
            raise AblateError(f"{path}, line {number}: it must be a JSON object, got {shown(row)}. Put one on each line.")
        columns |= dict.fromkeys(row)
        rows.append({name: json.dumps(cell) if isinstance(cell, list | dict) else cell for name, cell in row.items()})
        places.append(f"line {number}")
    return tuple(columns), rows, places


def _parquet(path: Path) -> _Read:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise AblateError(f"Reading {path} needs pyarrow: pip install pyarrow. Or save it as CSV.") from None
    try:
        table = parquet.read_table(path)
    except ArrowException:
        raise AblateError(f"{path} is not Parquet.") from None
    rows = [{name: _plain(cell) for name, cell in row.items()} for row in table.to_pylist()]
    return tuple(table.column_names), rows, [f"row {number}" for number in range(len(rows))]


READERS: Mapping[str, Callable[[Path], _Read]] = {
    ".csv": lambda path: _separated(path, ","),
    ".tsv": lambda path: _separated(path, "\t"),
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
