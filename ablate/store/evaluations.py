"""The lines of metrics.jsonl: one evaluation each, with its check and the digest of its predictions."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.store.files import content_of, writing
from ablate.store.seals import seal, unseal

PREDICTIONS = "predictions"


@dataclass(frozen=True)
class Line:
    """A sound line. predictions: the digest of the file with the predictions; None in rows of older versions."""

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


def read(path: Path) -> Lines:
    """The lines of a file; none where it is missing.

    Raises:
        AblateError: it cannot be read.
    """
    texts = (content_of(path) or b"").split(b"\n")
    found: dict[int, Line] = {}
    damaged = []
    for number, text in enumerate(texts, 1):
        if not text and number == len(texts):
            continue  # behind the end of the last line
        try:
            row, sealed = unseal(json.loads(text.decode()))
            step = row["step"]
            if type(step) is not int or step < 0 or (PREDICTIONS in row and not sealed):  # no version wrote such a row
                raise ValueError("not a row")
        except (ValueError, KeyError, RecursionError):
            damaged.append(number)
            continue
        predictions = row.pop(PREDICTIONS, None)
        found[step] = Line(text, row, predictions, sealed)
    torn = len(texts) if texts[-1] else None
    whole = torn is None and len(found) == len(texts) - 1
    return Lines({step: found[step] for step in sorted(found)}, tuple(damaged), torn, whole)


def append(path: Path, row: Mapping[str, Any], predictions: str) -> None:
    """Add an evaluation as one line, durably; where there is no room for it, nothing of it stays.

    Raises:
        AblateError: it cannot be written.
    """
    line = json.dumps(seal({**row, PREDICTIONS: predictions})).encode() + b"\n"
    with writing(path), path.open("a+b", buffering=0) as stream:
        before = stream.seek(0, os.SEEK_END)
        if before > 0 and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n":
            line = b"\n" + line  # a killed write left a torn line
        try:
            left = memoryview(line)
            while left:
                left = left[stream.write(left) :]
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(before)
            raise
