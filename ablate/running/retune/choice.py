"""Which learning rate is the best of each arm, by its validation accuracy; kept in retune.json and never changed afterwards."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Self

from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.running.retune.settings import SHARED
from ablate.store.checksums import unseal, write_sealed
from ablate.store.retune_check import DIGITS, RETUNE, RETUNE_VERSION, check_choice
from ablate.store.schema import BadFile, Node, plain_file, read_object
from ablate.system.safe_files import Unreadable

FILE = RETUNE  # in the folder of a sweep
RULE = (
    "of the rates at which every seed was trained to the end, the one with the highest mean validation accuracy; of several, "
    "the one nearest to the shared rate (as a ratio; of two as near, the smaller)"
)
BY_CHANCE = "The highest of several noisy means is optimistic"
NO_RESULT = "So no tuning score is a result: the chosen rates are evaluated again, with fresh seeds."
NOTE = f"{BY_CHANCE}. {NO_RESULT}"


@dataclass(frozen=True)
class Tried:
    """A learning rate that an arm was trained with.

    rate: times the arm's own lr. accuracies: fractions of the validation images, one a seed; None where the run has none.
    statuses: what became of each run.
    """

    rate: float
    lr: float
    accuracies: tuple[float | None, ...]
    statuses: tuple[str, ...]

    @property
    def mean(self) -> float | None:
        """Over the seeds; None where one of them diverged or failed, since what is left are the better seeds."""
        known = [value for value in self.accuracies if value is not None]
        return round(fmean(known), DIGITS) if len(known) == len(self.accuracies) else None

    @property
    def sd(self) -> float | None:
        """Standard deviation over the seeds; None without a mean, and of one seed."""
        known = [value for value in self.accuracies if value is not None]
        return stdev(known) if self.mean is not None and len(known) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """With the mean and deviation that follow."""
        return {
            "rate": self.rate,
            "lr": self.lr,
            "accuracies": list(self.accuracies),
            "statuses": list(self.statuses),
            "mean": self.mean,
            "sd": self.sd,
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        return cls(content["rate"], content["lr"], tuple(content["accuracies"]), tuple(content["statuses"]))


@dataclass(frozen=True)
class Tuned:
    """An arm with all that it was tried with. tried: in ascending order of rates."""

    label: str
    levels: Mapping[str, str]
    tried: tuple[Tried, ...]

    @property
    def best(self) -> Tried | None:
        """The chosen one, by RULE; None where no rate was trained to the end in every seed."""
        sound = [(one.mean, -abs(math.log(one.rate)), -one.rate, one) for one in self.tried if one.mean is not None]
        return max(sound, key=lambda each: each[:3])[3] if sound else None

    @property
    def edge(self) -> str | None:
        """`lowest` or `highest` where the chosen rate is at that end of the grid, beyond which a better one may lie."""
        ends = {self.tried[0].rate: "lowest", self.tried[-1].rate: "highest"}
        return None if self.best is None else ends.get(self.best.rate)

    @property
    def shared(self) -> Tried:
        """At the arm's own learning rate."""
        return next(one for one in self.tried if one.rate == SHARED)

    def to_json(self) -> dict[str, Any]:
        """With the choice that follows."""
        best = self.best
        assert best is not None
        return {
            "label": self.label,
            "levels": dict(self.levels),
            "shared_lr": self.shared.lr,
            "tried": [one.to_json() for one in self.tried],
            "chosen": {"rate": best.rate, "lr": best.lr, "edge": self.edge},
        }


@dataclass(frozen=True)
class Choice:
    """The best rate of each arm.

    tuning: the name of the sweep that tells, with a digest over its runs. seeds: of it. validation: how many images it was
    read on, for each arm. trainings, seconds: what it took, those that diverged among them, each up to its last evaluation.

    Raises:
        AblateError: an arm has no rate that was trained to the end in every seed.
    """

    tuning: str
    seeds: tuple[int, ...]
    validation: tuple[int, ...]
    arms: tuple[Tuned, ...]
    trainings: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        lost = [arm for arm in self.arms if arm.best is None]
        if lost:
            tried = ", ".join(f"{one.lr:g}" for one in lost[0].tried)
            raise AblateError(
                "No tried learning rate trains every seed to the end for "
                f"{'; '.join(phrases.of_label(arm.label) for arm in lost)} (tried lr {tried} for "
                f"{phrases.of_label(lost[0].label)}). Try smaller rates, as in "
                f"retune_rates=[{lost[0].tried[0].rate / 4:g},{lost[0].tried[0].rate / 2:g},1] or a smaller lr."
            )

    def to_json(self) -> dict[str, Any]:
        """`retune.json`; sweep.json holds the same and what became of it, under `retune`."""
        return {
            "version": RETUNE_VERSION,
            "tuning": self.tuning,
            "rule": RULE,
            "note": self.note,
            "evaluation_set": "validation",
            "validation": list(self.validation),
            "rates": [one.rate for one in self.arms[0].tried],
            "seeds": list(self.seeds),
            "trainings": self.trainings,
            "seconds": self.seconds,
            "arms": [arm.to_json() for arm in self.arms],
        }

    @property
    def note(self) -> str:
        """That no score of the tuning is a result, with by how much chance alone flatters, where the seeds tell."""
        deviation, choices = self._deviation, max(sum(one.mean is not None for one in arm.tried) for arm in self.arms)
        if deviation == 0 or choices < 2:
            return NOTE
        from ablate.stats.searches import flattery  # slow to import, and no plan needs it

        points = 100 * deviation * flattery(choices).deviations / math.sqrt(len(self.seeds))
        return (
            f"{BY_CHANCE}: for {choices} equally good rates by up to about {points:.2g} pp, given an SD of "
            f"{100 * deviation:.2g} pp between the {len(self.seeds)} seeds of one rate (pooled over arms and rates). "
            f"{NO_RESULT}"
        )

    @property
    def _deviation(self) -> float:
        """Of the accuracies of one rate over its seeds, pooled over arms and rates; 0 where there is one seed."""
        found = [one.sd for arm in self.arms for one in arm.tried if one.sd is not None]
        return math.sqrt(fmean(sd**2 for sd in found)) if found else 0.0

    def keep(self, folder: Path) -> None:
        """Write retune.json into the folder of a sweep, where there is none yet."""
        if not plain_file(folder / FILE):
            write_sealed(folder / FILE, self.to_json())

    @property
    def lines(self) -> list[str]:
        """What was chosen, a line each: on the screen and in the report."""
        return [line for arm in self.arms for line in _lines(arm)]


def kept(folder: Path, tuning: str) -> Choice | None:
    """What was chosen before; None where nothing was.

    Args:
        folder: of the sweep.
        tuning: the name of the sweep that it has to be chosen by.

    Raises:
        AblateError: retune.json is damaged, or that of another sweep.
    """
    path = folder / FILE
    try:
        content = read_object(path)
        if content is None:
            return None
        content, _ = unseal(content)
        check_choice(Node(content, path))
    except (BadFile, Unreadable, ValueError) as error:
        if isinstance(error.__cause__, OSError):
            raise
        reason = str(error) if isinstance(error, AblateError) else f"{path}: its checksum does not match."
        raise BadFile(f"{reason} Restore it, or delete it, to choose the same rates again from the tuning beside it.") from None
    found = Choice(
        content["tuning"],
        tuple(content["seeds"]),
        tuple(content["validation"]),
        tuple(Tuned(arm["label"], arm["levels"], tuple(Tried.of(one) for one in arm["tried"])) for arm in content["arms"]),
        content["trainings"],
        content["seconds"],
    )
    if found.tuning != tuning:
        raise AblateError(f"{folder} holds the tuning of another sweep. Choose a new folder, or that of the same sweep.")
    return found


def _lines(arm: Tuned) -> Sequence[str]:
    best, shared = arm.best, arm.shared
    assert best is not None
    assert best.mean is not None
    than = "" if shared.mean is None or best.rate == SHARED else f", at the shared {shared.lr:g} {100 * shared.mean:.2f}%"
    name = phrases.of_label(arm.label)
    line = f"{name}: lr {best.lr:g} ({100 * best.mean:.2f}% validation accuracy{than})"
    if arm.edge is not None:
        line += f"; the {arm.edge} rate tried, so a better one may lie beyond it"
    gone = [f"{one.lr:g} ({', '.join(sorted(set(one.statuses) - {'done'}))})" for one in arm.tried if one.mean is None]
    return [
        line,
        *([f"{name}: excluded because a seed did not finish: lr {'; '.join(gone)}"] if gone else []),
    ]
