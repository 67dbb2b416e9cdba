"""What a sweep is, as `sweep.json` holds it: what was fixed before training, and the runs that follow from it so far.

Whatever plans, joins, searches or reports a sweep has it in this form.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from ablate.designs import SEARCH, STORE, Factor
from ablate.store.retune_check import Retune
from ablate.store.sweep_added import Added
from ablate.store.sweep_identity import NAMING, Identity
from ablate.store.sweep_runs import SweepArm, SweepRun

SWEEP_VERSION = 1  # of the format
GROWN_VERSION = 2  # of the file of a sweep that was added to, which earlier versions of this program would misread


@dataclass(frozen=True)
class SweepFraction:
    """How the arms of a fractional design were chosen; see `designs.Fraction`."""

    resolution: int | None
    generators: tuple[str, ...]
    aliases: tuple[tuple[tuple[str, ...], ...], ...]
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        given = dict(content)
        aliases = tuple(tuple(tuple(effect) for effect in group) for group in given.pop("aliases"))
        return cls(given.pop("resolution"), tuple(given.pop("generators")), aliases, given)

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "resolution": self.resolution,
            "generators": list(self.generators),
            "aliases": [[list(effect) for effect in group] for group in self.aliases],
            **self.rest,
        }


@dataclass(frozen=True)
class Fixed:
    """What is judged, and how.

    metric, evaluation_set: what runs are compared by, and on which images.
    steps, weights: of each arm, what it is read at and with; none of a search before its trials are added.
    margin: in points, None where the metric has none.
    differences: (arm, the arm it is compared with).
    effects: the factors of each effect that is judged in place of differences.
    looks: how often each is judged on the way.
    """

    metric: str
    evaluation_set: str
    steps: tuple[int, ...]
    weights: tuple[str, ...]
    margin: float | None
    differences: tuple[tuple[int, int], ...] = ()
    effects: tuple[tuple[str, ...], ...] = ()
    looks: int = 1
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        given = dict(content)
        return cls(
            metric=given.pop("metric"),
            evaluation_set=given.pop("evaluation_set"),
            steps=tuple(given.pop("step", ())),
            weights=tuple(given.pop("readout", ())),
            margin=given.pop("margin"),
            differences=_pairs(given.pop("differences", ())),
            effects=tuple(tuple(effect) for effect in given.pop("effects", ())),
            looks=given.pop("looks"),
            rest=given,
        )

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "metric": self.metric,
            "evaluation_set": self.evaluation_set,
            **({"step": list(self.steps), "readout": list(self.weights)} if self.steps else {}),
            "margin": self.margin,
            "differences": [list(pair) for pair in self.differences],
            "effects": [list(effect) for effect in self.effects],
            "looks": self.looks,
            **self.rest,
        }

    def of_first(self, arms: int) -> Self:
        """The same of so many arms, the first ones."""
        kept = tuple(pair for pair in self.differences if max(pair) < arms)
        return replace(self, steps=self.steps[:arms], weights=self.weights[:arms], differences=kept)


@dataclass(frozen=True)
class Sweep:
    """The content of sweep.json. A search's has no arms, runs, steps and weights before those of its trials are added.

    study, question: the name of a named one, and what it is to answer.
    about: what its user says of it, which changes nothing: `name`, `tags` and `note`, those that are given.
    design, fraction: how the arms were made of the factors.
    factors, baseline: the levels of each factor, and those of the first arm.
    arms, same_arms: the baseline first; (later, earlier) for arms that are one.
    seeds: every arm is trained with each of them; those that were added may be of some arms alone.
    runs: those so far.
    store: its folder, as the command named it.
    fixed: what is judged.
    config_dir: with configs of the user's own.
    retune: how the learning rates of arms were chosen; see `retune_check.Retune`.
    search: see `search_check`.
    trainer: who trains its runs; None for the built-in one.
    metric: what runs are compared by, where that is none of the built-in trainer's: name, unit, better, low and high.
    metrics: what they can be compared by besides, each likewise with its margin.
    diverged_loss: the training loss above which a run has diverged, as the newest command of the sweep has it.
    last: how many evaluations its command asked a run's value to be the mean of; None where it asked for no number.
    fixed_at: when it was written first, in seconds since 1970.
    added: what came to it later, the first first.
    joined: the names of the sweeps that were put together; none of a whole store or of a
        table; None of a sweep that a file holds.
    """

    study: str | None
    design: str
    factors: Mapping[str, tuple[str, ...]]
    baseline: Mapping[str, str]
    arms: tuple[SweepArm, ...]
    same_arms: tuple[tuple[int, int], ...]
    seeds: tuple[int, ...]
    runs: tuple[SweepRun, ...]
    store: str
    fixed: Fixed
    question: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    config_dir: str | None = None
    fraction: SweepFraction | None = None
    retune: Retune | None = None
    search: Mapping[str, Any] | None = None
    trainer: str | None = None
    metric: Mapping[str, Any] | None = None
    metrics: tuple[Mapping[str, Any], ...] = ()
    diverged_loss: float | None = None
    last: int | None = None
    fixed_at: int | None = None
    added: tuple[Added, ...] = ()
    joined: tuple[str, ...] | None = None
    version: int = SWEEP_VERSION
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`, of any version that this program reads; see `sweep_check.check`, which goes before."""
        given = dict(content)
        fraction = given.pop("fraction", None)
        return cls(
            version=given.pop("version"),
            study=given.pop("study", None),
            question=given.pop("question", None),
            about=given.pop("about", {}),
            config_dir=given.pop("config_dir", None),
            design=given.pop("design"),
            fraction=None if fraction is None else SweepFraction.from_json(fraction),
            factors={name: tuple(levels) for name, levels in given.pop("factors").items()},
            baseline=given.pop("baseline"),
            arms=tuple(map(SweepArm.from_json, given.pop("arms", ()))),
            same_arms=_pairs(given.pop("same_arms", ())),
            seeds=tuple(given.pop("seeds")),
            runs=tuple(map(SweepRun.from_json, given.pop("runs", ()))),
            store=given.pop("store"),
            retune=given.pop("retune", None),
            fixed=Fixed.from_json(given.pop("fixed")),
            search=given.pop("search", None),
            trainer=given.pop("trainer", None),
            metric=given.pop("metric", None),
            metrics=tuple(given.pop("metrics", ())),
            diverged_loss=given.pop("diverged_loss", None),
            last=given.pop("last", None),
            fixed_at=given.pop("fixed_at", None),
            added=tuple(map(Added.from_json, given.pop("added", ()))),
            rest=given,
        )

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        compared = {
            "arms": [arm.to_json() for arm in self.arms],
            "same_arms": [list(pair) for pair in self.same_arms],
            "seeds": list(self.seeds),
            "runs": [run.to_json() for run in self.runs],
        }
        return {
            "version": self.version,
            "study": self.study,
            **_given(question=self.question, about=dict(self.about) or None, config_dir=self.config_dir),
            "design": self.design,
            **({} if self.fraction is None else {"fraction": self.fraction.to_json()}),
            "factors": {name: list(levels) for name, levels in self.factors.items()},
            "baseline": dict(self.baseline),
            **(compared if self.arms else {"seeds": list(self.seeds)}),
            "store": self.store,
            **_given(retune=self.retune),
            "fixed": self.fixed.to_json(),
            **_given(
                search=self.search,
                trainer=self.trainer,
                metric=self.metric,
                metrics=list(self.metrics) or None,
                diverged_loss=self.diverged_loss,
                last=self.last,
                fixed_at=self.fixed_at,
                added=[each.to_json() for each in self.added] or None,
            ),
            **self.rest,
        }

    @property
    def is_search(self) -> bool:
        """Whether its arms are trials, chosen as it goes on."""
        return self.design == SEARCH

    @property
    def is_table(self) -> bool:
        """Whether its runs are those of a table, of which nothing was planned here."""
        return self.joined == () and self.design != STORE

    @property
    def title(self) -> str:
        """The study, or where it has no name the design."""
        return self.study or self.design

    @property
    def called(self) -> str:
        """What its user calls it: its name, or where it has none its title."""
        return str(self.about.get("name") or self.title)

    @property
    def tags(self) -> tuple[str, ...]:
        """What its user has it found by."""
        return tuple(self.about.get("tags", ()))

    @property
    def note(self) -> str | None:
        """What its user noted."""
        return self.about.get("note")

    @property
    def searched(self) -> Mapping[str, Any]:
        """What a search fixed besides; see `search_check`."""
        assert self.search is not None
        return self.search

    @property
    def switched(self) -> list[Factor]:
        """The factors as designs have them."""
        return [Factor(name, levels) for name, levels in self.factors.items()]

    @property
    def fingerprints(self) -> set[str]:
        """The trainings that its runs stand on."""
        return {run.fingerprint for run in self.runs}

    @property
    def averaged(self) -> int:
        """How many evaluations the value of each of its runs is the mean of; of joined ones the fewest."""
        return min((run.readout.last for run in self.runs), default=1)

    @property
    def needs(self) -> dict[str, list[int]]:
        """The steps at which runs read each training, by fingerprint."""
        found: dict[str, list[int]] = {}
        for run in self.runs:
            found.setdefault(run.fingerprint, []).append(run.readout.step)
        return found

    def seeds_of(self, arms: Collection[int]) -> tuple[int, ...]:
        """The seeds that all of some arms have, in the order of the runs."""
        if not arms:
            return ()
        first, *others = (self._seeds.get(arm, {}) for arm in arms)
        return tuple(seed for seed in first if all(seed in other for other in others))

    @cached_property
    def _seeds(self) -> dict[int, dict[int, None]]:
        """The seeds of each arm."""
        seeds: dict[int, dict[int, None]] = {}
        for run in self.runs:
            seeds.setdefault(run.arm, {})[run.seed] = None
        return seeds

    @property
    def original(self) -> Self:
        """The sweep as it was fixed first, without what was added."""
        return self.before(self.added[0]) if self.added else self

    def before(self, addition: Added) -> Self:
        """The sweep as it was before one of its additions."""
        arms = tuple(
            replace(arm, levels={name: arm.levels[name] for name in addition.factors}) for arm in self.arms[: addition.arms]
        )
        earlier = self.added[: self.added.index(addition)]
        return replace(
            self,
            factors=addition.factors,
            baseline=dict(arms[0].levels),
            arms=arms,
            same_arms=tuple(pair for pair in self.same_arms if pair[0] < addition.arms),
            seeds=addition.seeds,
            runs=self.runs[: addition.runs],
            fixed=self.fixed.of_first(addition.arms),
            added=earlier,
            version=GROWN_VERSION if earlier else SWEEP_VERSION,
        )

    def identity(self, resolution: int) -> Identity:
        """What makes it this sweep and no other, whatever was added. resolution: that a fraction was asked to have."""
        one = self.original
        standing = tuple(run.standing for run in one.runs if run.seed in one.seeds)
        levels = tuple(arm.levels for arm in one.arms)
        metric = one.metric["name"] if one.metric is not None and one.trainer in NAMING else None
        return Identity(one.study, one.design, resolution, one.factors, levels, one.seeds, standing, one.last, metric)

    def relabeled(self, labels: Sequence[str]) -> Self:
        """The same with other labels of its arms."""
        return replace(self, arms=tuple(replace(arm, label=label) for arm, label in zip(self.arms, labels, strict=True)))


def _given(**optional: Any) -> dict[str, Any]:
    """What is there, for keys that are left out otherwise."""
    return {key: value for key, value in optional.items() if value is not None}


def _pairs(pairs: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((one, other) for one, other in pairs)
