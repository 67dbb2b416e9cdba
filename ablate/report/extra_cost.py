"""What an arm costs more or less than what it is compared with, as shares of that: the sizes that a change brings along."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ablate import numbers
from ablate.results.question import Question
from ablate.stats.costs import COSTS, LEAST_COST

LEAST_TIME = 0.03  # of a time, which no machine repeats exactly
TOLD = 0.05  # of a size, from which it is said beside the answer
MOST_TOLD = 3  # arms of which it is


def shares(row: Mapping[Any, Any], arms: pd.DataFrame, in_turns: bool) -> dict[str, float] | None:
    """The relative change of each cost that a comparison changes; None where none is known.

    Args:
        row: of the comparisons. arms: by number.
        in_turns: whether times can be compared.
    """
    if pd.isna(row["arm"]):
        return None
    arm = arms.loc[int(row["arm"])]
    if pd.isna(arm["against"]) or int(arm["against"]) != int(row["against"]):
        return None
    found: dict[str, float] = {}
    for cost, about in COSTS.items():
        before, difference = arm[f"{cost}_against"], arm[f"{cost}_difference"]
        if not pd.isna(before) and not pd.isna(difference) and before and (cost != "seconds" or in_turns):
            found[about.short] = float(difference) / float(before)
    if not found:
        return None
    return {
        name: share
        for name, share in found.items()
        if abs(share) >= (LEAST_TIME if name == COSTS["seconds"].short else LEAST_COST)
    }


def words(shares: Mapping[str, float]) -> str:
    """As in `+78% FLOPs, +78% parameters`."""
    return ", ".join(f"{numbers.signed(100 * share, 0)}% {name}" for name, share in shares.items())


def besides(
    question: Question, comparisons: pd.DataFrame, arms: pd.DataFrame, pair_labels: dict[tuple[int, int], str]
) -> list[str]:
    """One line about the changes that make a network larger or smaller, the largest first; none where none does."""
    if question.effects or comparisons.empty:
        return []
    by_arm = arms.set_index("arm")
    found: dict[str, tuple[float, str]] = {}  # by the change of size: an arm that only adds another change says no more
    for pair, row in zip(question.pairs, comparisons.to_dict("records"), strict=True):
        changed = shares(row, by_arm, in_turns=False) or {}
        largest = max(map(abs, changed.values()), default=0.0)
        if largest >= TOLD:
            found.setdefault(words(changed), (largest, f"{pair_labels[pair]} ({words(changed)})"))
    told = [text for _, text in sorted(found.values(), key=lambda one: -one[0])]
    if not told:
        return []
    more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return [f"Different in size: {'; '.join(told[:MOST_TOLD])}{more}."]
