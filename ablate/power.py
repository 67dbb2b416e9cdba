"""What a number of seeds can show: the smallest difference that a judged comparison is likely to find."""

import math
from statistics import stdev
from typing import NamedTuple

from ablate.forecast import USUAL_SEEDS, siblings
from ablate.plan import Plan, Run

POWER = 0.8  # the chance to detect
LEVEL = 0.05  # the chance that any of the judged differences is found where there is none
AVERAGED_OVER = 4000  # deviations; enough for four digits
HALVINGS = 50


class Deviation(NamedTuple):
    """points: standard deviation over seeds of a paired difference in accuracy. pairs: how many seeds it is from."""

    points: float
    pairs: int


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
    """The deviation of each judged difference, where the store has both of its arms at two seeds or more.

    Whatever seeds are there count, up to 31 and those of the sweep. From few pairs it is rough. Arms that are one have none.

    Returns:
        By (arm, compared with).
    """
    arms: dict[int, list[Run]] = {}
    for run in plan.runs:
        arms.setdefault(run.arm, []).append(run)
    accuracies: dict[int, dict[int, float]] = {}
    same = set(plan.same_arms())
    found = {}
    for arm, against in plan.differences:
        for each in (arm, against):
            if each not in accuracies:
                accuracies[each] = _accuracies(arms[each])
        pairs = accuracies[arm].keys() & accuracies[against].keys()
        if len(pairs) >= 2 and (arm, against) not in same:
            points = stdev(100 * (accuracies[arm][seed] - accuracies[against][seed]) for seed in pairs)
            found[arm, against] = Deviation(points, len(pairs))
    return found


def _accuracies(runs: list[Run]) -> dict[int, float]:
    """The accuracy of an arm, by seed, for the seeds that the store has at the step where the arm is read."""
    first = runs[0]
    own = {run.seed: run.trajectory for run in runs}
    trajectories = siblings(first.content, first.trajectory.path.parent, USUAL_SEEDS) | own
    found = {}
    for seed, trajectory in trajectories.items():
        row = trajectory.row(first.recipe.steps)
        if row is not None:
            found[seed] = float(row[f"accuracy_{first.recipe.readout.weights}"])
    return found
