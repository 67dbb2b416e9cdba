"""What was added to a sweep after it was fixed: seeds of some arms, or arms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Added:
    """One addition, by what the sweep was before it; all that came since stands behind that in `sweep.json`.

    words: that asked for it, as `ablate more` takes them.
    runs, arms: how many there were.
    seeds, factors: those that there were; arms have had a level of each later factor since, that of the baseline.
    added_at: in seconds since 1970.
    """

    words: tuple[str, ...]
    runs: int
    arms: int
    seeds: tuple[int, ...]
    factors: Mapping[str, tuple[str, ...]]
    added_at: int
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        given = dict(content)
        return cls(
            words=tuple(given.pop("words")),
            runs=given.pop("runs"),
            arms=given.pop("arms"),
            seeds=tuple(given.pop("seeds")),
            factors={name: tuple(levels) for name, levels in given.pop("factors").items()},
            added_at=given.pop("added_at"),
            rest=given,
        )

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "words": list(self.words),
            "runs": self.runs,
            "arms": self.arms,
            "seeds": list(self.seeds),
            "factors": {name: list(levels) for name, levels in self.factors.items()},
            "added_at": self.added_at,
            **self.rest,
        }
