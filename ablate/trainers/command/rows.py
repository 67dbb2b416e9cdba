"""What a command tells of its evaluations, as rows of numbers by name: lines that it logs, or a file that it writes."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablate.errors import AblateError, shown
from ablate.system.safe_files import MOST_BYTES

SAID = b"ablate: "  # begins a line of standard output that is a row
FORMATS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")


class Tail:
    """A file that grows, read line by line as far as its lines are whole."""

    def __init__(self, path: Path) -> None:
        self.path, self._at = path, 0

    def lines(self, whole: bool) -> list[bytes]:
        """The lines since the last call. whole: whether nothing comes any more, so that the last needs no line break."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._at)
                content = stream.read()
        except FileNotFoundError:
            return []
        end = len(content) if whole else content.rfind(b"\n") + 1
        self._at += end
        return content[:end].splitlines()


def of_line(line: bytes, where: str) -> Mapping[str, Any] | None:
    """A row of a line of JSON; None where it is blank.

    Raises:
        AblateError: it is none.
    """
    if not line.strip():
        return None
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        text = shown(line.decode(errors="replace").strip())
        raise AblateError(f'{where} has an invalid row: {text}. Write {{"step": 100, "accuracy": 0.91}}.')
    return row


def of_file(path: Path, whole: bool) -> list[Mapping[str, Any]]:
    """The rows of a file that a script writes anyway, as far as it is written.

    Args:
        whole: whether nothing is written any more.

    Raises:
        AblateError: it cannot be read as what its name says.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    if len(content) > MOST_BYTES:
        raise AblateError(f"{path} has more than {MOST_BYTES:,} bytes. Write a smaller one.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AblateError(f"{path} is not UTF-8.") from None
    if path.suffix in (".csv", ".tsv"):
        return _of_table(text if whole else text[: text.rfind("\n") + 1], "\t" if path.suffix == ".tsv" else ",")
    if path.suffix == ".json":
        return _of_json(text, path, whole)
    lines = text.encode().splitlines() if whole else text[: text.rfind("\n") + 1].encode().splitlines()
    return [row for line in lines if (row := of_line(line, path.name)) is not None]


def _of_table(text: str, separator: str) -> list[Mapping[str, Any]]:
    """Rows of numbers; empty cells and texts are no values."""
    found: list[Mapping[str, Any]] = []
    for cells in csv.DictReader(text.splitlines(), delimiter=separator):
        row = {str(name).strip(): _number(cell) for name, cell in cells.items() if name is not None and isinstance(cell, str)}
        found.append({name: value for name, value in row.items() if value is not None})
    return found


def _number(cell: str) -> float | int | None:
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        return None


def _of_json(text: str, path: Path, whole: bool) -> list[Mapping[str, Any]]:
    """A list of rows, or what the Trainer of Hugging Face keeps, which has one in `log_history`."""
    try:
        content = json.loads(text)
    except ValueError:
        if not whole:
            return []  # it is being written
        raise AblateError(f"{path.name} is not JSON.") from None
    rows = content.get("log_history") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AblateError(f"{path.name} has no list of rows, nor one in log_history.")
    return rows
