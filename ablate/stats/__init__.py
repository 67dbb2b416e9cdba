"""The statistics of a report: functions from frame to frame, which draw nothing and write nothing."""

from ablate.stats.arms import arms, noise
from ablate.stats.contrasts import contrast_weights, contrasts, pair_means, shapley
from ablate.stats.costs import costs, equal_compute, fronts, in_turns
from ablate.stats.curves import crossings, over_training, reach
from ablate.stats.images import classes, networks, new_images
from ablate.stats.interplay import Side, interplay, interplay_verdicts
from ablate.stats.intervals import (
    HELPS,
    HURTS,
    INCONCLUSIVE,
    NONE,
    at_levels,
    crossed,
    decide,
    equivalence_level,
    family_level,
    student,
)
from ablate.stats.outcomes import Outcome
from ablate.stats.paired import estimates, paired
from ablate.stats.power import MOST_SEEDS
from ablate.stats.settling import ADDED, MOST_ADDED, Inconclusive, chances_of_a_verdict, first_above
from ablate.stats.stability import highest_rate, stability
from ablate.stats.unpaired import unpaired
from ablate.stats.verdict import GUARANTEE, LEVEL_SHARED, barred, equivalence_percents, percent, percents, rule, verdicts

__all__ = [
    "ADDED",
    "GUARANTEE",
    "HELPS",
    "HURTS",
    "INCONCLUSIVE",
    "LEVEL_SHARED",
    "MOST_ADDED",
    "MOST_SEEDS",
    "NONE",
    "Inconclusive",
    "Outcome",
    "Side",
    "arms",
    "at_levels",
    "barred",
    "chances_of_a_verdict",
    "classes",
    "contrast_weights",
    "contrasts",
    "costs",
    "crossed",
    "crossings",
    "decide",
    "equal_compute",
    "equivalence_level",
    "equivalence_percents",
    "estimates",
    "family_level",
    "first_above",
    "fronts",
    "highest_rate",
    "in_turns",
    "interplay",
    "interplay_verdicts",
    "networks",
    "new_images",
    "noise",
    "over_training",
    "pair_means",
    "paired",
    "percent",
    "percents",
    "reach",
    "rule",
    "shapley",
    "stability",
    "student",
    "unpaired",
    "verdicts",
]
