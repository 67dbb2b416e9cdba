"""Factors switched one after another, each rung compared with the one below."""

from collections.abc import Sequence

from ablate.designs.design import Arm, Design, Factor, Pair, baseline, switched


def arms(factors: Sequence[Factor], resolution: int) -> list[Arm]:
    """The baseline, then factors switched cumulatively in the order written; one with several levels climbs through them."""
    arms = [baseline(factors)]
    for factor in factors:
        for level in factor.levels[1:]:
            arms.append(switched(arms[-1], factor.name, level))
    return arms


def pairs(arms: Sequence[Arm]) -> list[Pair]:
    """Every rung with the one below."""
    return [(number, number - 1) for number in range(1, len(arms))]


def label(arms: Sequence[Arm], number: int) -> str:
    """`+` and the change from the rung below; what the lowest one is called elsewhere, too."""
    return f"+ {arms[number].label(arms[number - 1])}" if number else arms[0].label(arms[0])


DESIGN = Design(
    "ladder",
    "a ladder on which factors were switched one after another, each rung compared with the one below",
    arms,
    pairs,
    label=label,
    partner="the rung below",
    rank=3,
)
