"""The evaluations that a command tells of: rows of numbers by name, each with its step, as they come in."""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablate.errors import AblateError, Diverged, did_you_mean, shown
from ablate.metrics import Given
from ablate.readout import COLUMNS, END
from ablate.system.safe_files import MOST_BYTES

SAID = b"ablate: "  # begins a line of standard output that is a row
OURS = ("seconds", "examples_per_second")  # columns that are measured here
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


class Evaluations:
    """Rows, checked and made those of a training.

    Args:
        metric: what it is judged by. step: what rows call their step. sparse: whether rows may lack the metric, or
            repeat it, as in a file that has others, too.
    """

    def __init__(self, metric: Given, step: str, sparse: bool) -> None:
        self.metric, self.step, self.sparse = metric, step, sparse
        self.last, self._value = -1, math.nan  # the step and the metric of the last row
        self.seen: dict[str, None] = {}  # names of the values so far

    @property
    def names(self) -> str:
        """What rows have, listed."""
        return ", ".join(name for name in self.seen if name != self.step)

    def of(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """(step, values) of each row.

        Raises:
            AblateError: one has no step, or one out of order, or lacks the metric, or has a value that it cannot be.
            Diverged: the metric is NaN or infinite.
        """
        for row in rows:
            self.seen |= dict.fromkeys(name for name, value in row.items() if _is_number(value))
            name = self.metric.metric.name
            if not _is_number(row.get(name)):
                if self.sparse:
                    continue
                raise AblateError(f"A row has no {name}{self._there(name)}")
            step = self._step(row)
            if self.sparse and step == self.last and row[name] == self._value:
                continue  # as Hugging Face's Trainer repeats its last evaluation
            if step <= self.last:
                again = "was logged twice" if step == self.last else f"came after step {self.last:,}"
                raise AblateError(f"Step {step:,} {again}. Steps must increase.")
            self.last, self._value = step, row[name]
            if not math.isfinite(row[name]):
                raise Diverged(step, f"{name} at step {step} was {row[name]:g}")
            values = {
                key: float(value) for key, value in row.items() if key not in (self.step, "step", *OURS) and _is_number(value)
            }
            values = {key: value for key, value in values.items() if _fits(key, value)}
            yield step, values | {name: self.metric.value(float(row[name]), "metric.{}={}")}

    def _there(self, name: str) -> str:
        """What rows have in place of what they lack, and how to be judged by it."""
        there = [each for each in self.seen if each != self.step]
        listed = f", only {', '.join(there)}" if there else ""
        advice = f" Log it, or name what to judge by: metric={there[0]}." if there else " Log it."
        return f"{listed}.{advice}{did_you_mean(name, there)}"

    def _step(self, row: Mapping[str, Any]) -> int:
        value = row.get(self.step)
        if value is None:
            near = next((key for key in ("step", "epoch", "global_step", "iteration") if key in row and key != self.step), None)
            advice = f" Name what counts them: trainer.step={near}." if near else f" Log {self.step} with each row."
            raise AblateError(f"A row has no {self.step}, only {', '.join(map(str, row)) or 'nothing'}.{advice}")
        whole = _is_number(value) and math.isfinite(value) and value == int(value)
        if not whole or not 0 <= value < END:
            raise AblateError(f"{self.step} must be a whole number from 0, got {shown(value)}.")
        return int(value)

    def check_some(self, where: str) -> None:
        """Refuse that there was none.

        Raises:
            AblateError: none came, or none that has the metric.
        """
        if self.last >= 0:
            return
        if self.seen:
            raise AblateError(f"No row has {self.metric.metric.name}{self._there(self.metric.metric.name)}")
        raise AblateError(f"The command ended with no evaluation {where}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(key: str, value: float) -> bool:
    """Whether a column can have a value: those of ours have bounds that one of the user's need not keep."""
    bounds = COLUMNS.get(key)
    return bounds is None or bounds[0] <= value <= bounds[1]
