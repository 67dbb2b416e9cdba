"""The lines of metrics.jsonl: one evaluation each, with its check and the digest of its predictions."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.store import lines
from ablate.store.checksums import seal, unseal
from ablate.store.files import content_of, parse_json

PREDICTIONS = "predictions"
NO_PREDICTIONS = ""
MOST_BYTES = 32 << 20  # of metrics.jsonl: 80,000 evaluations
MOST_LINE_BYTES = 64 << 10
LARGEST_STEP = 10**12

SPEED = "examples_per_second"  # the mean over the training up to the row, in all its parts
RECENT = "recent_examples_per_second"  # since the evaluation before, without the time in which the graph was traced

TRAIN_ACCURACY = "train_accuracy"  # on the sample of training images, where one is evaluated
_FRACTIONS = ("accuracy", "accuracy_raw", "accuracy_averaged", f"{TRAIN_ACCURACY}_raw", f"{TRAIN_ACCURACY}_averaged")
_NUMBERS = ("epoch", "loss", "eval_loss_raw", "eval_loss_averaged", "lr", "seconds")


@dataclass(frozen=True)
class Line:
    """A sound line.

    predictions: the digest of the file with the predictions; None in rows of older versions, and NO_PREDICTIONS where the
    training gives none.
    """

    text: bytes
    row: Mapping[str, Any]
    predictions: str | None
    sealed: bool


@dataclass(frozen=True)
class Lines:
    """A file of lines. by_step: the sound ones in order of step, the last where a step was written twice.

    damaged: the numbers of the others, from 1. torn: the number of a last line without an end, or None.
    whole: whether the file has the lines of by_step and nothing else.
    """

    by_step: Mapping[int, Line]
    damaged: tuple[int, ...]
    torn: int | None
    whole: bool


def is_step(value: Any) -> bool:
    """Whether it is a step that a training can reach."""
    return type(value) is int and 0 <= value <= LARGEST_STEP


def is_step_name(text: str) -> bool:
    """Whether it is a step as the names of files have it."""
    return text.isdecimal() and len(text) <= 13 and text == str(int(text)) and is_step(int(text))


def read(path: Path, below: Path | None = None) -> Lines:
    """The lines of a file; none where it is missing.

    Args:
        below: a folder under which no part of the path may be a link.

    Raises:
        AblateError: it cannot be read.
    """
    texts = (content_of(path, MOST_BYTES, below) or b"").split(b"\n")
    found: dict[int, Line] = {}
    damaged = []
    for number, text in enumerate(texts, 1):
        if not text and number == len(texts):
            continue  # behind the end of the last line
        try:
            row, sealed = unseal(parse_json(text) if len(text) <= MOST_LINE_BYTES else None)
            _check(row, sealed)
        except (ValueError, KeyError):
            damaged.append(number)
            continue
        predictions = row.pop(PREDICTIONS, None)
        found[row["step"]] = Line(text, row, predictions, sealed)
    torn = len(texts) if texts[-1] else None
    whole = torn is None and len(found) == len(texts) - 1
    return Lines({step: found[step] for step in sorted(found)}, tuple(damaged), torn, whole)


def _check(row: Mapping[str, Any], sealed: bool) -> None:
    """Raises: ValueError, KeyError: it is no row that any version wrote, whoever computed its check."""
    if not is_step(row["step"]) or (PREDICTIONS in row and not (sealed and isinstance(row[PREDICTIONS], str))):
        raise ValueError("not a row")
    for name, value in row.items():
        if name in _FRACTIONS:
            fits = _is_number(value) and 0 <= value <= 1
        elif name in _NUMBERS:
            fits = _is_number(value)
        elif name in (SPEED, RECENT):
            fits = value is None or _is_number(value)
        else:
            fits = not isinstance(value, dict | list)
        if not fits:
            raise ValueError(f"not a value of {name}")


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= 2**63)


def mean_speed(step: int, batch_size: int, seconds: float) -> float | None:
    """Examples a second of a training up to a step, all its parts together; None where no time was measured."""
    return float(f"{step * batch_size / seconds:.6g}") if seconds > 0 else None


def as_now(rows: Iterable[Mapping[str, Any]], config: Callable[[], Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    """Rows as this version writes them: what older ones wrote as the speed was the recent one.

    Args:
        config: gives that of the training; asked only for older rows.
    """
    listed = [dict(row) for row in rows]
    older = [row for row in listed if SPEED in row and RECENT not in row]
    content = config() if older else None
    batch_size = None if content is None else content.get("batch_size")
    for row in older:
        row[RECENT] = row[SPEED]
        row[SPEED] = mean_speed(row["step"], batch_size, row.get("seconds", 0.0)) if type(batch_size) is int else None
    return listed


def append(path: Path, row: Mapping[str, Any], predictions: str, below: Path | None = None) -> None:
    """Add an evaluation as one line, durably; where there is no room for it, nothing of it stays.

    Args:
        below: a folder under which no part of the path may be a link.

    Raises:
        AblateError: it cannot be written.
    """
    line = json.dumps(seal({**row, PREDICTIONS: predictions})).encode() + b"\n"
    lines.append(path, line, MOST_BYTES, below)
