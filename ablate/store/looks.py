"""`looks.jsonl` of a store: which comparisons were looked at, with which seeds and at what level. It only grows.

The first line says when it was begun. The others are entries, written before training: the judged rows of a sweep that are
looked at with a list of seeds. Others withdraw looks of an entry, of which no run had ended when another one was entered, or
say that a run of an entry has ended.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ablate.store import lines
from ablate.store.checksums import CHECK, seal
from ablate.store.files import content_of, lock, parse_json, writing
from ablate.store.look_lines import Entry, Ledger, parsed

LOOKS = "looks.jsonl"
LOCK = ".looks.lock"
VERSION = 1
MOST_BYTES = 64 << 20


def read(store: Path) -> Ledger:
    """The looks of a store; damaged lines are left out, and named.

    Raises:
        AblateError: the file is there and cannot be read.
    """
    return parsed(content_of(store / LOOKS, MOST_BYTES, store) or b"")


@contextmanager
def entering(store: Path) -> Iterator[Ledger]:
    """What a store holds of looks, which nobody else adds to within it.

    Raises:
        AblateError: the store cannot be written or read.
    """
    with writing(store / LOOKS):
        held = lock(store / LOCK, store)
        held.acquire()
    try:
        yield read(store)
    finally:
        held.release()


def add(store: Path, ledger: Ledger, entries: Sequence[Entry], withdrawn: Mapping[str, Collection[str]]) -> None:
    """Write entries, and before them what no longer counts; within `entering`.

    Args:
        ledger: what the store holds so far.
        withdrawn: looks by the check of their entry.

    Raises:
        AblateError: it cannot be written.
    """
    if not entries and not withdrawn:
        return
    now = int(time.time())
    gone = [{"withdrawn": check, "looks": sorted(looks), "withdrawn_at": now} for check, looks in sorted(withdrawn.items())]
    content = [*_head(ledger, now), *gone, *(entry.to_json() for entry in entries)]
    lines.append(store / LOOKS, b"".join(map(_line, content)), MOST_BYTES, store)


def note_ended(store: Path, looks: Collection[str]) -> None:
    """Note that some run of looks has ended, so that they count whatever becomes of their trainings.

    Args:
        looks: their keys.

    Raises:
        AblateError: the store cannot be written or read.
    """
    with entering(store) as ledger:
        found = {look.entry.check for look in ledger.looks if look.row.look in looks} - ledger.ended
        if found:
            content = b"".join(_line({"ended": check}) for check in sorted(found))
            lines.append(store / LOOKS, content, MOST_BYTES, store)


def unite(store: Path, content: bytes) -> int:
    """Add the lines of another store's looks.jsonl that a store lacks; how many entries came.

    Raises:
        AblateError: the store cannot be written or read.
    """
    theirs = parsed(content)
    with entering(store) as ours:
        there = set(ours.texts)
        known = {entry.check for entry in ours.entries}
        head = [] if ours.begun_at is not None else [_line(each) for each in _head(ours, int(time.time()))]
        more = [text + b"\n" for text in theirs.texts if text not in there and b'"begun_at"' not in text]
        if more:
            lines.append(store / LOOKS, b"".join([*head, *more]), MOST_BYTES, store)
        return len([entry for entry in theirs.entries if entry.check not in known])


def _head(ledger: Ledger, now: int) -> list[dict[str, Any]]:
    return [] if ledger.begun_at is not None else [{"version": VERSION, "begun_at": now}]


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(seal(content), separators=(",", ":")).encode() + b"\n"


def packed(store: Path, fingerprints: Collection[str]) -> bytes:
    """The lines that go with a sweep into its pack: all looks at what was looked at with its trainings alone; else nothing.

    Args:
        fingerprints: the trainings that are packed.

    Raises:
        AblateError: the file is there and cannot be read.
    """
    ledger = read(store)
    own = [entry for entry in ledger.entries if {one for arm in entry.fingerprints for one in arm} <= set(fingerprints)]
    keys = {key for entry in own for row in entry.comparisons for key in (row.key, row.family) if key is not None}
    kept = {
        entry.check for entry in ledger.entries for row in entry.comparisons if row.key in keys or row.family in keys - {None}
    }
    found = [text for text in ledger.texts if _belongs(parse_json(text), kept)]
    return b"".join(text + b"\n" for text in found) if kept else b""


def _belongs(line: Mapping[str, Any], kept: Collection[str]) -> bool:
    return "begun_at" in line or line.get("withdrawn", line.get("ended", line[CHECK])) in kept
