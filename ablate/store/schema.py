"""What a JSON file may hold: each value is asked for with its type and range; another one is told in one line, with its key."""

import json
import math
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.store.files import load_json, reading
from ablate.system.safe_files import Unreadable, kind_of

MOST_BYTES = 32 * 2**20  # of a JSON file that is read; a sweep of 40,000 runs has as many
MOST_LETTERS = 10_000  # of a text in it
LARGEST = 2**63 - 1  # a whole number that frames hold
FINGERPRINT = re.compile(r"[0-9a-f]{16}")

_SHOWN = 60  # letters of a value in a message
_PLAIN_KEY = re.compile(r"[\w/@-]+")


class BadFile(AblateError):
    """A file does not hold what it must: not what was written, or nothing that was ever written."""


DAMAGED = (BadFile, Unreadable)


def plain_file(path: Path) -> bool:
    """Whether there is a file at a path.

    Raises:
        Unreadable: it is a link, a folder, a pipe or a device, or cannot be looked at.
    """
    with suppress(FileNotFoundError, NotADirectoryError), reading(path):
        mode = path.lstat().st_mode
        kind = kind_of(path)
        if kind is not None:
            raise Unreadable(path, kind)
        return stat.S_ISREG(mode)
    return False


def real_folder(path: Path) -> Path:
    """A path that is a folder, or nothing yet.

    Raises:
        BadFile: it is a link, which would lead elsewhere.
    """
    if path.is_symlink():
        raise BadFile(f"{path} must be a folder, got a link, which is not followed. Remove it, or put the folder itself there.")
    return path


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object of a file; None where there is no file.

    Raises:
        BadFile: it holds no object.
        Unreadable: it is no JSON, no regular file, larger than MOST_BYTES, or cannot be read.
    """
    if not plain_file(path):
        return None
    content = load_json(path, MOST_BYTES)
    if not isinstance(content, dict):
        raise BadFile(f"{path} must hold an object, got {shown(content)}.")
    return content


def shown(value: object) -> str:
    """A value of a JSON file in a message: short, on one line, as the file has it."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@dataclass(frozen=True)
class Node:
    """A value of a JSON file, with where it stands: the file, and the key as in `runs[3].readout.step`."""

    value: Any
    file: Path
    key: str = ""

    def wrong(self, must: str) -> BadFile:
        """That the value is not what it must be."""
        return BadFile(f"{self.file}: {self.key or 'the file'} must be {must}, got {shown(self.value)}.")

    def bad(self, what: str) -> BadFile:
        """That something else is wrong with the value."""
        return BadFile(f"{self.file}: {self.key or 'the file'} {what}.")

    def _at(self, key: str) -> "Node":
        name = key if _PLAIN_KEY.fullmatch(key) else shown(key)
        return Node(self.value[key], self.file, f"{self.key}.{name}" if self.key else name)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> "Node":
        """The value of a key that must be there."""
        if key not in self.object():
            raise BadFile(f"{self.file}: {f'{self.key}.{key}' if self.key else key} is missing.")
        return self._at(key)

    def get(self, key: str) -> "Node | None":
        """The value of a key; None where it is not there or null."""
        return self._at(key) if self.object().get(key) is not None else None

    def optional(self, key: str) -> "Node | None":
        """The value of a key that may be left out, but is not null; None where it is left out."""
        return self._at(key) if key in self.object() else None

    def object(self) -> dict[str, Any]:
        """An object."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def entries(self, longest: int = MOST_LETTERS) -> Iterator[tuple[str, "Node"]]:
        """Keys and values of an object."""
        for key in self.object():
            Node(key, self.file, f"a key of {self.key or 'the file'}").text(longest)
            yield key, self._at(key)

    def items(self, least: int = 0, most: int | None = None) -> list["Node"]:
        """The values of a list."""
        exactly = least == most
        if not isinstance(self.value, list) or not least <= len(self.value) <= (len(self.value) if most is None else most):
            length = f" of {least:,}" if exactly else f" of at least {least:,}" if least else ""
            got = f"a list of {len(self.value):,}" if isinstance(self.value, list) else shown(self.value)
            raise BadFile(f"{self.file}: {self.key} must be a list{length}, got {got}.")
        return [Node(value, self.file, f"{self.key}[{place}]") for place, value in enumerate(self.value)]

    def whole(self, least: int = 0, most: int = LARGEST) -> int:
        """An integer in a range, both ends included."""
        if type(self.value) is not int or not least <= self.value <= most:
            above = most == LARGEST
            raise self.wrong(f"an integer of {least:,} or more" if above else f"an integer from {least:,} to {most:,}")
        return self.value

    def number(self, least: float = -math.inf, most: float = math.inf, above: float | None = None) -> float:
        """A finite number in a range, both ends included; `above` is excluded."""
        value = self.value
        sound = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e300 and value == value
        if not sound or not least <= value <= most or (above is not None and value <= above):
            if above is not None:
                must = f"a number above {above:g}"
            elif least > -math.inf:
                must = f"a number of {least:g} or more" if most == math.inf else f"a number from {least:g} to {most:g}"
            else:
                must = "a number"
            raise self.wrong(must)
        return float(value)

    def text(self, most: int = MOST_LETTERS, empty: bool = True) -> str:
        """A text of bounded length that can be written."""
        if not isinstance(self.value, str):
            raise self.wrong("text")
        if len(self.value) > most:
            raise BadFile(f"{self.file}: {self.key} must have at most {most:,} letters, got {len(self.value):,}.")
        if not self.value and not empty:
            raise self.wrong("a text that is not empty")
        if not _writable(self.value):
            raise self.wrong("text")
        return self.value

    def path(self) -> str:
        """A text that names a file or folder."""
        text = self.text(4096, empty=False)
        if not text.isprintable():
            raise self.wrong("a path")
        return text

    def fingerprint(self) -> str:
        """The name of a training."""
        if not isinstance(self.value, str) or not FINGERPRINT.fullmatch(self.value):
            raise self.wrong("a fingerprint of 16 hexadecimal digits")
        return self.value

    def choice(self, choices: Iterable[str]) -> str:
        """One of some words."""
        known = list(choices)
        if not isinstance(self.value, str) or self.value not in known:
            raise self.wrong(f"one of {', '.join(known)}")
        return self.value

    def boolean(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def equals(self, wanted: Any, what: str) -> None:
        """Refuse another value than the one that follows from the rest of the file; `what` says from what."""
        if self.value != wanted or isinstance(self.value, bool):
            must = f"{shown(wanted)}, {what}" if not isinstance(wanted, list | dict) else what
            raise self.wrong(must)


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, as \ud800 alone
        return False
    return True
