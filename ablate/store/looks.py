"""`looks.jsonl` of a store: which comparisons were looked at, with which seeds and at what level. It only grows.

The first line says when it was begun. Each other one is an entry, written before training: the judged rows of a sweep that are
looked at with a list of seeds. Or it withdraws looks of an entry, of which no run had ended when another one was entered.
"""

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ablate.store import lines
from ablate.store.checksums import CHECK, DAMAGE, seal, unseal
from ablate.store.evaluations import is_step
from ablate.store.files import content_of, lock, parse_json, writing

LOOKS = "looks.jsonl"
LOCK = ".looks.lock"
VERSION = 1
MOST_BYTES = 64 << 20
MOST_LINE_BYTES = 8 << 20  # 300,000 runs
MOST_EARLIER = 1000  # looks

_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Compared:
    """One judged row of an entry.

    key: of the comparison: its metric, and its weights over arms. look: of the comparison with these seeds; see `stats.looks`.
    arms: the numbers of those that count in it.
    earlier: how many looks of two or more seeds came before.
    judged: among how many rows 5 % were shared.
    level: the chance of an error that the row may spend.
    family: of all winners of one default, where it is a confirmed winner or a tuned arm.
    """

    key: str
    look: str
    arms: tuple[int, ...]
    earlier: int
    judged: int
    level: float
    family: str | None = None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Compared":
        """From `to_json`. Raises: ValueError, KeyError, TypeError: it is none."""
        found = cls(
            content["key"],
            content["look"],
            tuple(content["arms"]),
            content["earlier"],
            content["judged"],
            float(content["level"]),
            content.get("family"),
        )
        keys = [found.key, found.look, *([] if found.family is None else [found.family])]
        counts = is_step(found.earlier) and found.earlier <= MOST_EARLIER and is_step(found.judged) and found.judged > 0
        if not (all(map(_KEY.fullmatch, keys)) and all(map(is_step, found.arms)) and counts and 0 < found.level < 1):
            raise ValueError("not a comparison")
        return found

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "key": self.key,
            "look": self.look,
            "arms": list(self.arms),
            "earlier": self.earlier,
            "judged": self.judged,
            "level": self.level,
            **({} if self.family is None else {"family": self.family}),
        }


@dataclass(frozen=True)
class Entry:
    """Rows of a sweep that are looked at with a list of seeds.

    sweep: the name of its folder.
    metric: that is judged. margin: in its unit; None where it has none.
    seeds: the list. last: the mean of how many evaluations a run's value is.
    judged: how many rows the sweep has, those among them that were looked at before.
    readouts: (weights, step) of each arm.
    fingerprints: of each arm the trainings that it is read off, one a seed.
    comparisons: its rows that were not looked at with these seeds before.
    entered_at: in seconds since 1970.
    older: whether a version before this one trained it, so that it was entered afterwards.
    check: of its line; empty before it has one.
    """

    sweep: str
    metric: str
    margin: float | None
    seeds: tuple[int, ...]
    last: int
    judged: int
    readouts: tuple[tuple[str, int], ...]
    fingerprints: tuple[tuple[str, ...], ...]
    comparisons: tuple[Compared, ...]
    entered_at: int
    older: bool = False
    check: str = ""

    @classmethod
    def from_json(cls, content: Mapping[str, Any], check: str) -> "Entry":
        """From `to_json`. Raises: ValueError, KeyError, TypeError: it is none."""
        found = cls(
            content["sweep"],
            content["metric"],
            content["margin"],
            tuple(content["seeds"]),
            content["last"],
            content["judged"],
            tuple((weights, step) for weights, step in content["readouts"]),
            tuple(map(tuple, content["fingerprints"])),
            tuple(map(Compared.from_json, content["comparisons"])),
            content["entered_at"],
            content.get("older", False) is True,
            check,
        )
        texts = [found.sweep, found.metric, *(weights for weights, _ in found.readouts)]
        counts = [found.last, found.judged, found.entered_at, *found.seeds, *(step for _, step in found.readouts)]
        arms = range(len(found.readouts))
        fits = len(found.fingerprints) == len(arms) and all(len(each) == len(found.seeds) for each in found.fingerprints)
        known = all(arm in arms for each in found.comparisons for arm in each.arms)
        named = all(re.fullmatch("[0-9A-Za-z_-]{1,64}", one) for each in found.fingerprints for one in each)
        margin = found.margin is None or type(found.margin) in (int, float)
        if not (
            all(isinstance(one, str) for one in texts) and all(map(is_step, counts)) and fits and known and named and margin
        ):
            raise ValueError("not an entry")
        return found

    def to_json(self) -> dict[str, Any]:
        """As its line has it, without the check."""
        return {
            "sweep": self.sweep,
            "metric": self.metric,
            "margin": self.margin,
            "seeds": list(self.seeds),
            "last": self.last,
            "judged": self.judged,
            "readouts": [list(each) for each in self.readouts],
            "fingerprints": [list(each) for each in self.fingerprints],
            "comparisons": [each.to_json() for each in self.comparisons],
            "entered_at": self.entered_at,
            **({"older": True} if self.older else {}),
        }

    def runs(self, compared: Compared) -> Iterator[tuple[str, str, int]]:
        """(fingerprint, weights, step) of each run of one of its rows."""
        for arm in compared.arms:
            for fingerprint in self.fingerprints[arm]:
                yield fingerprint, *self.readouts[arm]


@dataclass(frozen=True)
class Look:
    """A look that counts: a row of an entry."""

    entry: Entry
    row: Compared


@dataclass(frozen=True)
class Ledger:
    """What looks.jsonl holds.

    entries: in the order of the file. withdrawn: (check of an entry, look) of what no longer counts.
    begun_at: when the file was begun, in seconds since 1970; None where there is none.
    damaged: the numbers of the lines that are not what was written, from 1.
    texts: the sound lines, without their ends.
    """

    entries: tuple[Entry, ...] = ()
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    begun_at: int | None = None
    damaged: tuple[int, ...] = ()
    texts: tuple[bytes, ...] = ()

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """Those that count, each once, in the order in which they were entered."""
        found: dict[str, Look] = {}
        for entry in self.entries:
            for row in entry.comparisons:
                if (entry.check, row.look) not in self.withdrawn:
                    found.setdefault(row.look, Look(entry, row))
        return tuple(found.values())

    def find(self, look: str) -> Look | None:
        """A look that counts, by its key."""
        return self._by_look.get(look)

    @cached_property
    def _by_look(self) -> Mapping[str, Look]:
        return {each.row.look: each for each in self.looks}

    def of(self, key: str) -> list[Look]:
        """The looks that count at a comparison, or at a family, of each entry one."""
        return list({each.entry.check: each for each in reversed(self._by_key.get(key, []))}.values())[::-1]

    @cached_property
    def _by_key(self) -> Mapping[str, list[Look]]:
        found: dict[str, list[Look]] = {}
        for each in self.looks:
            for key in {each.row.key, each.row.family} - {None}:
                found.setdefault(str(key), []).append(each)
        return found


def read(store: Path) -> Ledger:
    """The looks of a store; damaged lines are left out, and named.

    Raises:
        AblateError: the file is there and cannot be read.
    """
    return parsed(content_of(store / LOOKS, MOST_BYTES, store) or b"")


def parsed(content: bytes) -> Ledger:
    """What the bytes of a looks.jsonl hold; see `read`."""
    entries: dict[str, Entry] = {}
    withdrawn: set[tuple[str, str]] = set()
    begun: list[int] = []
    damaged, sound = [], []
    for number, text in enumerate(content.split(b"\n"), 1):
        if not text:
            continue
        try:
            whole = parse_json(text) if len(text) <= MOST_LINE_BYTES else {}
            line, _ = unseal(whole, wanted=True)
            if "begun_at" in line:
                begun.append(_time(line["begun_at"]))
            elif "withdrawn" in line:
                withdrawn |= {(str(line["withdrawn"]), str(look)) for look in line["looks"]}
            else:
                entry = Entry.from_json(line, whole[CHECK])
                entries.setdefault(entry.check, entry)
        except (*DAMAGE, TypeError, AttributeError):
            damaged.append(number)
            continue
        sound.append(text)
    first = min((entry.entered_at for entry in entries.values()), default=None)
    return Ledger(tuple(entries.values()), frozenset(withdrawn), begun[0] if begun else first, tuple(damaged), tuple(sound))


def _time(value: Any) -> int:
    if not is_step(value):
        raise ValueError("not a time")
    return int(value)


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


def unite(store: Path, content: bytes) -> int:
    """Add the lines of another store's looks.jsonl that a store lacks; how many entries came.

    Raises:
        AblateError: the store cannot be written or read.
    """
    theirs = parsed(content)
    with entering(store) as ours:
        there = set(ours.texts)
        known = {entry.check for entry in ours.entries}
        head = [] if ours.begun_at is not None else [_line(each) for each in _head(ours, theirs.begun_at or int(time.time()))]
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
    return "begun_at" in line or line.get("withdrawn", line[CHECK]) in kept
