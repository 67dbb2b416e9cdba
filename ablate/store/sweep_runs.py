"""The arms and runs of a sweep, as `sweep.json` and `trials.json` hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ablate.designs import Arm
from ablate.store.evaluations import LARGEST_STEP
from ablate.store.sweep_identity import Standing

STEPS_A_TAIL = 20  # steps of a training for each of the evaluations that are averaged, so that all are in its last 5%
# The step at which a run is read whose trainer ends by itself: its newest evaluation once it ended, whatever the step of that.
END = LARGEST_STEP


@dataclass(frozen=True)
class SweepArm:
    """An arm: its place, what readers call it, and its level of each factor."""

    number: int
    label: str
    levels: Mapping[str, str]
    rest: Mapping[str, Any] = field(default_factory=dict)  # keys of later versions, here and below: kept as they are

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        given = dict(content)
        return cls(given.pop("number"), given.pop("label"), given.pop("levels"), given)

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {"number": self.number, "label": self.label, "levels": dict(self.levels), **self.rest}

    @property
    def switched(self) -> Arm:
        """The arm as designs have it."""
        return Arm(tuple(self.levels.items()))


@dataclass(frozen=True)
class SweepReadout:
    """What a run is read with and at.

    last: how many evaluations up to the step its value is the mean of. newest: whether they are the trainer's newest ones.
    """

    weights: str
    step: int
    last: int = 1
    newest: bool = False
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        given = dict(content)
        return cls(given.pop("weights"), given.pop("step"), given.pop("last", 1), given.pop("newest", False), given)

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        last = {"last": self.last} if self.last > 1 else {}
        return {"weights": self.weights, "step": self.step, **last, **({"newest": True} if self.newest else {}), **self.rest}


@dataclass(frozen=True)
class SweepRun:
    """An arm with a seed. overrides: what gives it on the command line. trial: of the search that it belongs to."""

    number: int
    arm: int
    seed: int
    overrides: tuple[str, ...]
    fingerprint: str
    readout: SweepReadout
    eval_every: int
    trial: int | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        given = dict(content)
        return cls(
            number=given.pop("number"),
            arm=given.pop("arm"),
            seed=given.pop("seed"),
            overrides=tuple(given.pop("overrides")),
            fingerprint=given.pop("fingerprint"),
            readout=SweepReadout.from_json(given.pop("readout")),
            eval_every=given.pop("eval_every"),
            trial=given.pop("trial", None),
            rest=given,
        )

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "number": self.number,
            "arm": self.arm,
            "seed": self.seed,
            "overrides": list(self.overrides),
            "fingerprint": self.fingerprint,
            "readout": self.readout.to_json(),
            "eval_every": self.eval_every,
            **({} if self.trial is None else {"trial": self.trial}),
            **self.rest,
        }

    @property
    def words(self) -> dict[str, str]:
        """What its command says, by key."""
        return {key: value for key, _, value in (word.lstrip("+").partition("=") for word in self.overrides)}

    @property
    def standing(self) -> Standing:
        """What it stands on: arm, seed, fingerprint, weights and step."""
        return self.arm, self.seed, self.fingerprint, self.readout.weights, self.readout.step
