"""What a sweep with `retune=true` chose, and which of its comparisons are of arms at the shared rate or at their own best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ablate import numbers, stats
from ablate.designs import phrases
from ablate.text import counted

SHARED, OWN, BOTH = "shared", "own best", "shared and own best"  # of a comparison, as in effects.csv
Pair = tuple[int, int]

_TYPES = {"arm": "int64", "label": "str", "rate": "float64", "lr": "float64", "n": "int64", "mean": "float64"}
_TYPES |= {"sd": "float64", "low": "float64", "high": "float64", "statuses": "str", "chosen": "bool", "shared": "bool"}


@dataclass(frozen=True)
class Effect:
    """One arm of the design, compared with the baseline twice.

    arm: its number at the shared rate. shared, own: the comparisons, (arm, compared with), at the shared rate and with each at
    its own best; None where the two arms are one. lr, baseline: the learning rates of `own`.
    """

    arm: int
    label: str
    shared: Pair | None
    own: Pair | None
    lr: float
    baseline: float


@dataclass(frozen=True)
class Retuned:
    """How the learning rate of each arm was chosen. content: `retune` of sweep.json."""

    content: Mapping[str, Any]

    @property
    def seeds(self) -> list[int]:
        """Of the tuning; none of them is measured."""
        return [int(seed) for seed in self.content["seeds"]]

    @cached_property
    def effects(self) -> list[Effect]:
        """One an arm that is compared, in the design's order."""
        arms = self.content["arms"]
        return [
            Effect(
                int(each["arm"]),
                phrases.of_label(str(arms[each["arm"]]["label"])),
                _pair(each["shared"]),
                _pair(each["own"]),
                float(arms[each["arm"]]["chosen"]["lr"]),
                float(arms[0]["chosen"]["lr"]),
            )
            for each in self.content["effects"]
        ]

    @property
    def shared_pairs(self) -> list[Pair]:
        """The comparisons at the shared rate."""
        return [each.shared for each in self.effects if each.shared is not None]

    def rates(self, pair: Pair) -> str:
        """At which rates the arms of a comparison are: SHARED, OWN or BOTH."""
        shared, own = (any(pair == found for found in each) for each in zip(*self._pairs, strict=True))
        return BOTH if shared and own else SHARED if shared else OWN

    @property
    def _pairs(self) -> list[tuple[Pair | None, Pair | None]]:
        return [(each.shared, each.own) for each in self.effects]

    def of(self, pair: Pair) -> Effect:
        """What a comparison is of."""
        return next(each for each in self.effects if pair in (each.shared, each.own))

    def name(self, pair: Pair) -> str:
        """A comparison as readers see it, as in `no augmentation, each at its best lr (0.2; baseline 0.05)`."""
        effect = self.of(pair)
        if self.rates(pair) != OWN:
            return effect.label
        return f"{effect.label}, each at its best lr ({effect.lr:g}; baseline {effect.baseline:g})"

    def at(self, pair: Pair) -> str:
        """At which rates, to stand before a sentence on a comparison."""
        effect, rates = self.of(pair), self.rates(pair)
        if rates == OWN:
            return f"each at its best learning rate ({effect.lr:g}; baseline {effect.baseline:g})"
        return f"at the shared learning rate{', the best for both' if rates == BOTH else ''}"

    @cached_property
    def tuning(self) -> pd.DataFrame:
        """What the tuning found, one row an arm and rate: `tuning.csv`.

        Columns: arm; label; rate: times the arm's own lr; lr; n: seeds that were trained to the end; mean, sd, low, high: of
        validation accuracy in % over all seeds, missing where one was not, with Student's 95% interval of the mean; statuses:
        counts of the runs; chosen, shared: whether it is the arm's best rate, and the shared one.
        """
        rows = []
        for number, arm in enumerate(self.content["arms"]):
            for one in arm["tried"]:
                wide = pd.DataFrame([[100 * value if value is not None else None for value in one["accuracies"]]], dtype=float)
                found = stats.arms(wide.rename_axis(index="arm"), 1).iloc[0]
                known = one["mean"] is not None
                values = {key: found[key] if known else None for key in ("mean", "sd", "low", "high")}
                rows.append(
                    {
                        **{
                            "arm": number,
                            "label": phrases.of_label(arm["label"]),
                            "rate": one["rate"],
                            "lr": one["lr"],
                            "n": found["n"],
                        },
                        **values,
                        "statuses": numbers.listed(pd.Series(one["statuses"]).value_counts().to_dict()),
                        "chosen": one["rate"] == arm["chosen"]["rate"],
                        "shared": one["rate"] == 1,
                    }
                )
        return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)

    @property
    def shared_lr(self) -> float | None:
        """The shared learning rate; None where arms differ in it by their factor, as with optimizers."""
        found = {float(arm["shared_lr"]) for arm in self.content["arms"]}
        return found.pop() if len(found) == 1 else None

    @property
    def images(self) -> str:
        """The validation images, as in `5,000 validation images`."""
        return f"{' or '.join(f'{count:,}' for count in dict.fromkeys(self.content['validation']))} validation images"

    @property
    def edges(self) -> list[str]:
        """A line on the arms whose best rate is at an end of those tried; none where there is none."""
        arms = self.content["arms"]
        found = [f"{phrases.of_label(arm['label'])} ({arm['chosen']['edge']})" for arm in arms if arm["chosen"]["edge"]]
        return [f"Best rate at the edge of the grid, so a better one may lie beyond it: {'; '.join(found)}."] if found else []

    @property
    def gone(self) -> list[str]:
        """A line on the rates that could not be chosen; none where there is none."""
        frame = self.tuning[self.tuning["mean"].isna()]
        found = [f"{row.label} at {row.lr:g} ({row.statuses})" for row in frame.itertuples(index=False)]
        return [f"Rates excluded because a seed did not finish: {'; '.join(found)}."] if found else []

    @property
    def chosen(self) -> str:
        """The chosen rate of each arm, as in `baseline 0.05; no augmentation 0.2`."""
        return "; ".join(f"{phrases.of_label(arm['label'])} {arm['chosen']['lr']:g}" for arm in self.content["arms"])

    @property
    def conditional(self) -> str:
        """What the effects at the best rates must not be taken for."""
        return (
            "The effects at each arm's best rate are conditional on the chosen rates: another grid or other seeds might choose "
            "differently, and the intervals do not account for that."
        )

    @property
    def took(self) -> list[str]:
        """A sentence on what the tuning took, which is not in the totals of what is measured; none where that is not known."""
        if not self.content["trainings"]:
            return []
        count, seconds = counted(int(self.content["trainings"]), "training").removeprefix("1 "), float(self.content["seconds"])
        time = f" ({numbers.duration(seconds)} up to their last evaluations)" if seconds else ""
        return [f"Choosing the learning rates took another {count}{time}."]

    @property
    def how(self) -> str:
        """How the rates were chosen, in a sentence."""
        rates = ", ".join(f"{rate:g}" for rate in self.content["rates"])
        named = ", ".join(map(str, self.seeds))
        own = "the arm's lr" if self.shared_lr is None else f"the shared lr {self.shared_lr:g}"
        return (
            f"Best lr: from {rates} times {own}, tried for every arm, the one with the highest mean accuracy on {self.images} "
            f"held out of training, over {counted(len(self.seeds), 'seed')} ({named}) that the results here do not use."
        )


def _pair(found: Sequence[int] | None) -> Pair | None:
    return None if found is None else (int(found[0]), int(found[1]))
