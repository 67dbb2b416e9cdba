"""What sweeps, arms and comparisons are called in tables, figures and texts."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ablate.results.computed.compared import DIFFERENT
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.text import counted

TROUBLES = {"diverged": "diverged", "failed": "failed", "missing": "not finished"}  # columns of arms, and what they say


def title(results: Results) -> str:
    """The name of the study or, without one, the design and its factors."""
    sweep = results.sweep
    named = sweep.about.get("name") or sweep.study
    return str(named) if named else f"{sweep.design}: {', '.join(sweep.factors) or 'one arm'}"


def seeds_an_arm(results: Results) -> str:
    """How many seeds were planned for each arm, as in `5 seeds`, or `2 to 5 seeds` where sweeps were joined."""
    counts = results.runs.groupby("arm")["seed"].nunique()
    fewest, most = int(counts.min()), int(counts.max())
    return counted(most, "seed") if fewest == most else f"{fewest:,} to {counted(most, 'seed')}"


def has_others(question: Question, partner: str | None) -> bool:
    """Whether arms are compared with different ones and not as the design has it, as in sweeps that were joined."""
    return len({other for _, other in question.pairs}) > 1 and partner is None


def other_side(question: Question, names: Mapping[int, str], partner: str | None) -> str:
    """What differences are taken to."""
    if has_others(question, partner):
        return "the arm named beside it"
    return partner or names[question.pairs[0][1]]


def pairing(unpaired: Sequence[bool]) -> str:
    """How comparisons are made. unpaired: of each, whether its arms share no seed."""
    if not any(unpaired):
        return "paired by seed"
    return "unpaired" if all(unpaired) else "paired by seed where arms share seeds"


def compared(comparisons: pd.DataFrame) -> list[str]:
    """What is compared in each row, with what it cannot be told from."""
    return [f"{name} {aliases}".strip() for name, aliases in zip(comparisons["name"], comparisons["aliases"], strict=True)]


def left_inconclusive(comparisons: pd.DataFrame, limit: str = "diverged") -> list[str]:
    """What is inconclusive for no other reason than that a seed diverged, or that a run is unstable."""
    return compared(comparisons[comparisons["limit"] == limit])


def differences(versus: str) -> str:
    """What differences are called in a title. versus: what they are from, or that it is another arm in each."""
    return "Differences" if versus == DIFFERENT else f"Differences from {versus}"


def left_out(arms: pd.DataFrame, labels: Mapping[int, str], drawn: Iterable[int]) -> list[str]:
    """The arms that a figure does not draw, each with what became of its runs."""
    there = set(drawn)
    return [troubled(arms, arm, label) for arm, label in labels.items() if arm not in there]


def pairs_left_out(arms: pd.DataFrame, pair_labels: Mapping[tuple[int, int], str], drawn: pd.DataFrame) -> list[str]:
    """The comparisons of which a frame has no row, each with what became of the arm's runs."""
    there = set(drawn[["arm", "against"]].itertuples(index=False, name=None))
    return [troubled(arms, pair[0], name) for pair, name in pair_labels.items() if pair not in there]


def troubled(arms: pd.DataFrame, arm: int, name: str) -> str:
    """A name, with the runs of the arm that have no value."""
    row = arms.set_index("arm").loc[arm]
    troubles = [f"{row[what]} {said}" for what, said in TROUBLES.items() if row[what]]
    return name + (f" ({', '.join(troubles)})" if troubles else "")
