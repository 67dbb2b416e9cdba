"""What makes a sweep this one: what was fixed before training. The same identity is the same folder."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.store.files import canonical_json

_DIGITS = 8  # of the digest in the name of a folder

COMMAND, FUNCTION = NAMING = (
    "command",
    "function",
)  # trainers that are told what they are judged by, for which it is fixed otherwise
Standing = tuple[int, int, str, str, int]  # what a run stands on: arm, seed, fingerprint, weights and step


@dataclass(frozen=True)
class Identity:
    """Design, arms, the rule for seeds, and what each arm is read off with them.

    Runs are no part of it: those with seeds beyond the rule may be appended, and it stays the same. Nor is the margin, of which
    a command that gives another one is told that it was fixed.

    study: its name, where it is a named one.
    resolution: that a fraction was asked to have.
    arms: the levels of each, the baseline first.
    seeds: the rule: the replicate numbers that every arm has.
    standing: what each arm stands on with each of these seeds, those of a seed together.
    last: how many evaluations the command asked a run's value to be the mean of; None where it asked for no number.
    metric: what the command asked runs to be judged by; None where it did not, or for accuracy.
    """

    study: str | None
    design: str
    resolution: int
    factors: Mapping[str, tuple[str, ...]]
    arms: tuple[Mapping[str, str], ...]
    seeds: tuple[int, ...]
    standing: tuple[Standing, ...]
    last: int | None = None
    metric: str | None = None

    @property
    def name(self) -> str:
        """Of the sweep's folder: study or design, and a digest, so that the same command is the same folder."""
        content = {
            **({"design": [self.design, self.resolution]} if self.study else {}),  # the name says it otherwise
            "factors": [[name, list(levels)] for name, levels in self.factors.items()],
            "runs": [list(one) for one in self.standing],
            **({} if self.last is None else {"last": self.last}),
            **({} if self.metric is None else {"metric": self.metric}),
        }
        return _named(self.study or self.design, content)

    def is_that_of(self, other: "Identity") -> bool:
        """Whether two sweeps are one, whatever study they are called after and whatever was asked of a fraction."""
        return self._compared == other._compared

    @property
    def _compared(self) -> tuple[Any, ...]:
        return self.design, dict(self.factors), self.arms, self.seeds, self.standing, self.last, self.metric


def retuned_name(of: str, shared: str, tuning: str) -> str:
    """The name of the folder of a sweep that is retuned. of: its study or design. shared, tuning: the names of its parts."""
    return _named(of, [shared, tuning])


def _named(what: str, content: Mapping[str, Any] | Sequence[Any]) -> str:
    return f"{what}-{hashlib.sha256(canonical_json(content).encode()).hexdigest()[:_DIGITS]}"
