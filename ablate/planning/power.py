"""What a number of seeds can show: the smallest difference that a judged comparison is likely to find."""

import math
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import NamedTuple

from ablate.confidence import CONFIDENCE, LEVEL, POWER
from ablate.designs import Effect
from ablate.metrics import ACCURACY
from ablate.numbers import SAME
from ablate.planning.forecast import USUAL_SEEDS
from ablate.planning.plan import Plan
from ablate.planning.run_result import outcome
from ablate.planning.runs import Run
from ablate.planning.speeds import siblings

AVERAGED_OVER = 4000  # deviations; enough for four digits
HALVINGS = 50
LEAST_SEEDS = 3  # to tell a deviation from; two give one number, and an interval of a factor of 70


class Deviation(NamedTuple):
    """A standard deviation over seeds of a difference or an effect, in points of accuracy.

    low, high: the interval that holds the true one with a chance of 95%, for values that are normally distributed. seeds: how
    many it is from.
    """

    points: float
    low: float
    high: float
    seeds: int


def detectable(seeds: int, judged: int, looks: int = 1, power: float = POWER, level: float = LEVEL) -> float | None:
    """The true difference that a paired test over seeds detects with a chance of `power`.

    It is a two-sided Student test on one difference a seed, at `level` shared equally (Bonferroni) among all that is judged.

    Args:
        judged: how many differences, at least 1.
        looks: how often each is judged on the way.

    Returns:
        In standard deviations of a paired difference over seeds; None for one seed, which has no deviation.
    """
    if seeds < 2:
        return None
    import numpy as np
    from scipy import special

    freedom = seeds - 1
    critical = float(special.stdtrit(freedom, 1 - level / (judged * looks) / 2))
    # The noncentral Student distribution, as the normal one averaged over the deviations that the seeds may happen to have:
    # SciPy's own neither converges nor ends for few seeds and a small level.
    likely = (np.arange(AVERAGED_OVER) + 0.5) / AVERAGED_OVER
    needed = critical * np.sqrt(special.chdtri(freedom, likely) / freedom)
    low, high = 0.0, 10 * (critical + 1)  # of the difference in standard errors
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        found = float((special.ndtr(middle - needed) + special.ndtr(-middle - needed)).mean())
        low, high = (low, middle) if found > power else (middle, high)
    return low / math.sqrt(seeds)


def deviations(plan: Plan) -> dict[tuple[int, int], Deviation]:
    """The deviation of each judged difference, where the store has both of its arms at three seeds or more.

    Whatever seeds are there count, up to 31 and those of the sweep. Where all differ alike, as from a few images, it is not
    told.

    Returns:
        By (arm, compared with).
    """
    arms = _by_arm(plan)
    accuracies: dict[int, dict[int, float]] = {}
    found = {}
    for arm, against in plan.differences:
        for each in (arm, against):
            if each not in accuracies:
                accuracies[each] = _accuracies(arms[each])
        pairs = accuracies[arm].keys() & accuracies[against].keys()
        deviation = _deviation([accuracies[arm][seed] - accuracies[against][seed] for seed in pairs])
        if deviation is not None:
            found[arm, against] = deviation
    return found


def effect_deviations(plan: Plan) -> dict[Effect, Deviation]:
    """The deviation of each judged effect, where the store has all arms at three seeds or more; see `deviations`.

    As in the report, an effect is the mean over the arms in which the product of its factors is +1, minus that over the others,
    with a factor's first level as -1 and its second as +1.
    """
    if not plan.effects:
        return {}
    accuracies = [_accuracies(runs) for _, runs in sorted(_by_arm(plan).items())]
    seeds = set.intersection(*(set(each) for each in accuracies))
    first = {factor.name: factor.levels[0] for factor in plan.factors}
    found = {}
    for effect in plan.effects:
        signs = [_sign(effect, dict(arm.levels), first) for arm in plan.arms]
        contrasts = [
            mean(each[seed] for each, sign in zip(accuracies, signs, strict=True) if sign > 0)
            - mean(each[seed] for each, sign in zip(accuracies, signs, strict=True) if sign < 0)
            for seed in seeds
        ]
        deviation = _deviation(contrasts)
        if deviation is not None:
            found[effect] = deviation
    return found


def _sign(effect: Effect, levels: Mapping[str, str], first: Mapping[str, str]) -> int:
    return math.prod(-1 if levels[name] == first[name] else 1 for name in effect)


def _deviation(values: Sequence[float]) -> Deviation | None:
    """That of fractions; None where it cannot be told."""
    if len(values) < LEAST_SEEDS:
        return None
    points = 100 * stdev(values)
    if points < SAME:
        return None
    from scipy import special

    freedom, outside = len(values) - 1, (1 - CONFIDENCE) / 2
    low, high = (points * math.sqrt(freedom / special.chdtri(freedom, p)) for p in (outside, 1 - outside))
    return Deviation(points, low, high, len(values))


def _by_arm(plan: Plan) -> dict[int, list[Run]]:
    arms: dict[int, list[Run]] = {}
    for run in plan.runs:
        arms.setdefault(run.arm, []).append(run)
    return arms


def _accuracies(runs: list[Run]) -> dict[int, float]:
    """The accuracy of an arm, by seed, for the seeds that the store has at the step where it is read; of no other metric."""
    first = runs[0]
    if first.asked.readout.metric != ACCURACY:
        return {}
    own = {run.seed: run.trajectory for run in runs}
    trajectories = siblings(first.content, first.trajectory.path.parent, USUAL_SEEDS) | own
    found = {}
    for seed, trajectory in trajectories.items():
        came = outcome(first.asked.readout, trajectory)
        if came is not None and came.status == "done":
            found[seed] = float(came.values(first.asked.readout.weights)[ACCURACY])
    return found
