"""What is said of looks, before training and in reports."""

from collections.abc import Mapping, Sequence
from typing import Any

TIMES = ("once", "twice", "three times", "four times", "five times", "six times", "seven times", "eight times", "nine times")


def looked(seeds: Sequence[int]) -> str:
    """How often comparisons were looked at.

    Args:
        seeds: how many each look had, the first first.

    Examples:
        >>> from ablate.planning.look_sentences import looked
        >>> looked([3, 5])
        'You looked twice (3 seeds, then 5).'
    """
    count = len(seeds)
    times = TIMES[count - 1] if count <= len(TIMES) else f"{count} times"
    return f"You looked {times} ({seeds[0]} seeds{''.join(f', then {each}' for each in seeds[1:])})."


def promise(bound: float, looks: int = 1) -> str:
    """What holds of all verdicts together, without a full stop.

    Args:
        bound: the chance that any of them is wrong.
        looks: how many there were.

    Examples:
        >>> from ablate.planning.look_sentences import promise
        >>> promise(0.05)
        'The chance that any verdict here is wrong is at most 5%'
        >>> promise(0.075, looks=2)
        'The chance that any verdict of either look is wrong is at most 7.5%'
    """
    of = "here" if looks == 1 else "of either look" if looks == 2 else f"of the {looks} looks"
    return f"The chance that any verdict {of} is wrong is at most {100 * bound:.4g}%"


def foreseen(looks: Mapping[str, Any]) -> list[str]:
    """What to know before training: that this is a further look, or that the seeds make the sweep exploratory.

    Args:
        looks: those of a plan's description.
    """
    if looks["missing"]:
        lacking, nearest = (",".join(map(str, looks[key])) for key in ("missing", "nearest"))
        return [
            f"These seeds make the sweep exploratory: earlier looks at its comparisons had some of them, and also {lacking}. "
            f"The nearest list that is not exploratory: seed={nearest}"
        ]
    if not looks["earlier"]:
        return []
    seeds = looks["seeds"]
    return [
        f"This is look {len(seeds)} at these comparisons ({seeds[0]} seeds{''.join(f', then {n}' for n in seeds[1:])}). "
        f"{promise(looks['bound'], len(seeds))}"
    ]
