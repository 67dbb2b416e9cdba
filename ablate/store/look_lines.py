"""The lines of looks.jsonl: entries of looks, and what became of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ablate.store.checksums import CHECK, DAMAGE, unseal
from ablate.store.evaluations import is_step
from ablate.store.files import parse_json

MOST_LINE_BYTES = 8 << 20  # 300,000 runs
MOST_EARLIER = 1000  # looks

_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Compared:
    """One judged row of an entry.

    key: of the comparison: its metric, and its weights over arms. look: of the comparison with these seeds.
    arms: the numbers of those that count in it.
    earlier: how many looks of two or more seeds came before.
    judged: among how many rows 5% were shared.
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
    evaluation_set, data: which images are read, and the digest of the data; empty where that is not known.
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
    evaluation_set: str = ""
    data: str = ""
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
            content.get("evaluation_set", ""),
            content.get("data", ""),
            content.get("older", False) is True,
            check,
        )
        texts = [found.sweep, found.metric, found.evaluation_set, found.data, *(weights for weights, _ in found.readouts)]
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
            "evaluation_set": self.evaluation_set,
            "data": self.data,
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
    ended: the checks of the entries of which some run has ended.
    begun_at: when the file was begun, in seconds since 1970; None where there is none.
    damaged: the numbers of the lines that are not what was written, from 1.
    texts: the sound lines, without their ends.
    """

    entries: tuple[Entry, ...] = ()
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    ended: frozenset[str] = frozenset()
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


def parsed(content: bytes) -> Ledger:
    """What the bytes of a looks.jsonl hold; damaged lines are left out, and named."""
    entries: dict[str, Entry] = {}
    withdrawn: set[tuple[str, str]] = set()
    ended: set[str] = set()
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
            elif "ended" in line:
                ended.add(str(line["ended"]))
            else:
                entry = Entry.from_json(line, whole[CHECK])
                entries.setdefault(entry.check, entry)
        except (*DAMAGE, TypeError, AttributeError):
            damaged.append(number)
            continue
        sound.append(text)
    first = min((entry.entered_at for entry in entries.values()), default=None)
    return Ledger(
        tuple(entries.values()),
        frozenset(withdrawn),
        frozenset(ended),
        begun[0] if begun else first,
        tuple(damaged),
        tuple(sound),
    )


def _time(value: Any) -> int:
    if not is_step(value):
        raise ValueError("not a time")
    return int(value)
