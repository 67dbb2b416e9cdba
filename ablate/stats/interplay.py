"""Whether a change does the same in two sweeps, as in the full recipe and in the bare one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ablate.designs.phrases import phrase
from ablate.errors import AblateError
from ablate.stats.intervals import INCONCLUSIVE, decide, within
from ablate.stats.outcomes import OF_CODE, SHOWN, Outcome
from ablate.stats.paired import bounds, paired


@dataclass(frozen=True)
class Side:
    """One of two sweeps to be compared.

    name: what readers call it.
    levels: the level of each factor (column) in each arm (row).
    wide: a value for each arm (row) and seed (column).
    pairs: (arm, the arm it is compared with).
    diverged: the arms of which a seed diverged.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import Side, interplay
        >>> full = Side("full", pd.DataFrame({"ema": ["on", "off"]}), pd.DataFrame([[80.0], [75.0]]), pairs=[(1, 0)])
        >>> changes, differences = interplay(full, full)  # of a sweep and itself
        >>> differences
             0
        0  0.0
    """

    name: str
    levels: pd.DataFrame
    wide: pd.DataFrame
    pairs: Sequence[tuple[int, int]]
    diverged: Collection[int] = ()


@dataclass(frozen=True)
class _Switch:
    """A comparison of two arms that differ in one factor alone."""

    factor: str
    before: str
    after: str
    pair: tuple[int, int]

    @property
    def change(self) -> str:
        return phrase((self.factor, self.before, self.after))

    @property
    def either_way(self) -> tuple[str, frozenset[str]]:
        return self.factor, frozenset((self.before, self.after))


def interplay(first: Side, second: Side) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The changes of one factor that both sweeps judge, and how far their effects differ, paired by seed.

    The study one_factor switches each factor away from the full recipe, add_one_in switches it into the bare one. Where the
    effects of a factor are equal, it does the same in both companies; the difference of the two is what it owes to the other
    factors. Comparisons that switch several factors at once are left out. Both effects are given for the change in the
    direction of the second sweep.

    Returns:
        (a row a change, the effect in the second sweep minus that in the first, in each seed that both sweeps have). The second
        has a column a seed, missing where one of the four runs has no value. Columns of the first:

        factor: what is switched.
        change: as in `with augmentation`.
        first, second: its effect in each sweep, mean over the seeds of which all four runs have a value.
        first_name, second_name: of the sweeps.
        diverged: whether a seed of one of the four arms diverged.

    Raises:
        AblateError: the sweeps have no change or no seed in common.

    Examples:
        Averaging is worth 5 points in the full recipe and 10 in the bare one.

        >>> import pandas as pd
        >>> from ablate.stats import Side, interplay
        >>> full = Side("full", pd.DataFrame({"ema": ["on", "off"]}), pd.DataFrame([[80.0], [75.0]]), pairs=[(1, 0)])
        >>> bare = Side("bare", pd.DataFrame({"ema": ["off", "on"]}), pd.DataFrame([[60.0], [70.0]]), pairs=[(1, 0)])
        >>> changes, differences = interplay(full, bare)
        >>> changes[["change", "first", "second"]].join(differences)
             change  first  second    0
        0  with EMA    5.0    10.0  5.0
    """
    ours, theirs = _switches(first), _switches(second)
    matched = [(own, other) for other in theirs for own in ours if own.either_way == other.either_way]
    if not matched:
        raise AblateError(
            f"The two sweeps must share a change of one factor, got {_told(first, ours)}; {_told(second, theirs)}."
        )
    seeds = first.wide.columns.intersection(second.wide.columns)
    if seeds.empty:
        raise AblateError(
            f"The two sweeps must share seeds, got {first.name} with {_seeds(first)}; "
            f"{second.name} with {_seeds(second)}. Train one of them with the other's seeds."
        )
    turned = pd.Series([1.0 if own.before == other.before else -1.0 for own, other in matched])
    before = paired(first.wide[seeds], [own.pair for own, _ in matched]).mul(turned, axis="index")
    after = paired(second.wide[seeds], [other.pair for _, other in matched])
    samples = after - before
    frame = pd.DataFrame(
        {
            "factor": pd.Series([other.factor for _, other in matched], dtype="str"),
            "change": pd.Series([other.change for _, other in matched], dtype="str"),
            "first": before.where(samples.notna()).mean(axis="columns"),
            "second": after.where(samples.notna()).mean(axis="columns"),
            "first_name": pd.Series([first.name] * len(matched), dtype="str"),
            "second_name": pd.Series([second.name] * len(matched), dtype="str"),
            "diverged": [
                not {*own.pair}.isdisjoint(first.diverged) or not {*other.pair}.isdisjoint(second.diverged)
                for own, other in matched
            ],
        }
    )
    return frame, samples


def interplay_verdicts(estimates: pd.DataFrame, margin: float | None, diverged: ArrayLike = False) -> pd.DataFrame:
    """What may be said of each difference of two effects.

    Args:
        estimates: of the samples of `interplay`: n and the bounds of both intervals are read.
        margin: in points; None: nothing adds up.
        diverged: for each row, whether a seed of one of the four arms diverged. What is left of such an arm is its better
            seeds, and neither sign of a difference of effects is the better one: nothing is said of it.

    Returns:
        `estimates` with more columns.

        verdict: "differs" where the family interval excludes 0, "same effect" where the equivalence interval lies
            within ± margin, else, or where a seed diverged, "inconclusive"; "no verdict" for fewer than two seeds; see
            `decide`.
        under_margin: whether it depends on the others with an equivalence interval that also lies within ± margin.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import interplay_verdicts
        >>> from ablate.stats import estimates
        >>> differences = pd.DataFrame([[4.8, 5.0, 5.2], [-0.1, 0.1, 0.3], [-1.0, 1.0, 3.0]])  # three changes, three seeds
        >>> interplay_verdicts(estimates(differences, level=0.95), margin=0.5)[["points", "low", "high", "verdict"]].round(2)
           points   low  high       verdict
        0     5.0  4.50  5.50       differs
        1     0.1 -0.40  0.60   same effect
        2     1.0 -3.97  5.97  inconclusive
    """
    family, equivalence = bounds(estimates)
    codes = np.where(diverged, INCONCLUSIVE, decide(family, equivalence, margin))
    told = pd.Series([SHOWN[OF_CODE[int(code)]].twice for code in codes], index=estimates.index, dtype="str")
    verdict = told.where(estimates["n"] > 1, SHOWN[Outcome.NO_VERDICT].twice)
    under = within(*equivalence, margin) & (verdict == SHOWN[Outcome.HELPS].twice)
    return estimates.assign(verdict=verdict, under_margin=under)


def _switches(side: Side) -> list[_Switch]:
    """Those of its comparisons that switch one factor alone."""
    found = []
    for arm, against in side.pairs:
        before, after = side.levels.loc[against].to_dict(), side.levels.loc[arm].to_dict()
        changed = [name for name in side.levels if after[name] != before[name]]
        if len(changed) == 1:
            found.append(_Switch(str(changed[0]), before[changed[0]], after[changed[0]], (arm, against)))
    return found


def _told(side: Side, switches: Sequence[_Switch]) -> str:
    return f"{side.name} with {', '.join(switch.change for switch in switches) or 'none'}"


def _seeds(side: Side) -> str:
    return ", ".join(str(seed) for seed in side.wide.columns)
